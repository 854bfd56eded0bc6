"""The use case: one form in, one answer out, however many backends it takes."""

from __future__ import annotations

import json
import tracemalloc
from typing import Any, cast

import pytest
from twisted.internet.defer import CancelledError, Deferred

from immich_ml_proxy.balancer.work import Served, Work
from immich_ml_proxy.config import document as config_document
from immich_ml_proxy.errors import (
    BackendFailed,
    BadEntries,
    ProxyError,
    Unavailable,
)
from immich_ml_proxy.predictor import (
    USUAL_COUNT,
    Form,
    GroupRefused,
    Prediction,
    Predictor,
)
from immich_ml_proxy.protocol.body import Body
from immich_ml_proxy.protocol.form import Entries, scanner
from tests.demo_requests import FACES, MULTIPART, OCR, TEXTUAL, VISUAL, entries_part
from tests.demo_requests import form as form_of
from tests.fakes import Fleet, document, outcome
from tests.memory_proxy import photo_form

ALL = OCR | VISUAL | FACES


class Predict:
    """A form that is being predicted, as if for a client."""

    def __init__(self, fleet: Fleet, entries: object, body: Body | None = None) -> None:
        whole = photo_form(entries)
        if body is None:
            body = Body(len(whole))
            body.append(whole)
            body.finish()
        scan = scanner(MULTIPART.encode())
        scan.feed(whole)
        form = Form(body, scan.finish(), MULTIPART.encode(), "trace")
        self.deferred = fleet.predictor.predict(form)
        self.results = outcome(self.deferred)
        fleet.network.flush()

    @property
    def prediction(self) -> Prediction:
        """The answer."""
        assert isinstance(self.results[0], Prediction), self.results
        return self.results[0]

    @property
    def error(self) -> Any:
        """Why there is none."""
        return self.results[0].value


def fleet_of_three() -> Fleet:
    """Return servers for clip, for faces, and for all that has no route."""
    routes = {"clip": "clip", "facial-recognition": "faces"}
    return Fleet("text", "clip", "faces", taskRouting=routes)


def silence(fleet: Fleet) -> None:
    """Have every server hold its answers."""
    for fake in fleet.fakes.values():
        fake.silent = True


def test_one_group_goes_and_comes_byte_for_byte() -> None:
    """Nothing is parsed that need not be: numbers stay what they are."""
    fleet = Fleet("gpu")
    fleet["gpu"].answer = b' {"clip" : [1.50, 9007199254740993] }\n'
    prediction = Predict(fleet, VISUAL).prediction
    assert prediction.body == fleet["gpu"].answer
    assert (prediction.status, prediction.backends) == (200, ("gpu",))
    assert prediction.content_type == b"application/json"
    assert fleet["gpu"].predicts[0].body == photo_form(VISUAL)


def test_two_tasks_with_dependent_types_are_two_requests() -> None:
    """Detection and recognition of a task stay together, or both would fail."""
    fleet = fleet_of_three()
    Predict(fleet, FACES | OCR)
    assert [one.entries for one in fleet["faces"].predicts] == [FACES]
    assert [one.entries for one in fleet["text"].predicts] == [OCR]


def test_groups_run_at_once_and_are_merged_in_the_clients_order() -> None:
    """Each server is asked for its part only, and gets the very same picture."""
    fleet = fleet_of_three()
    silence(fleet)
    predict = Predict(fleet, ALL)
    assert [fake.holds for fake in fleet.fakes.values()] == [1, 1, 1]
    for seconds, name in ((1, "faces"), (2, "clip"), (3, "text")):
        assert predict.results == []
        fleet.network.advance(seconds)
        fleet[name].speak()
        fleet.network.flush()
    prediction = predict.prediction
    assert prediction.body == (
        b'{"ocr":"text","clip":"clip","facial-recognition":"faces",'
        b'"imageHeight":3,"imageWidth":4}'
    )
    assert prediction.backends == ("text", "clip", "faces")
    assert (prediction.status, prediction.content_type) == (200, b"application/json")
    assert (prediction.waited, prediction.took) == (0, 6)
    whole = photo_form(ALL)
    for name, part in (("text", OCR), ("clip", VISUAL), ("faces", FACES)):
        [received] = fleet[name].predicts
        assert received.entries == part
        before, after = whole.split(json.dumps(ALL).encode())
        assert received.body.startswith(before)
        assert received.body.endswith(after)


def test_groups_read_a_body_that_still_arrives() -> None:
    """All of them, each from its start."""
    fleet = fleet_of_three()
    whole = photo_form(ALL)
    body = Body(len(whole))
    body.append(whole[:-50])
    predict = Predict(fleet, ALL, body)
    assert [len(fleet.connections_to(name)) for name in fleet.fakes] == [1, 1, 1]
    assert all(
        b"POST /predict" in connection.asked for connection in fleet.network.connections
    )
    assert fleet.asked == []
    body.append(whole[-50:])
    body.finish()
    fleet.network.flush()
    assert sorted(fleet.asked) == ["clip", "faces", "text"]
    assert predict.prediction.status == 200


def test_a_4xx_of_the_only_group_is_passed_on() -> None:
    """With its status, its type and its bytes."""
    fleet = Fleet("gpu")
    fleet["gpu"].status = 422
    fleet["gpu"].answer = b"no such model"
    fleet["gpu"].headers["Content-Type"] = "text/plain; charset=utf-8"
    prediction = Predict(fleet, VISUAL).prediction
    assert (prediction.status, prediction.body) == (422, b"no such model")
    assert prediction.content_type == b"text/plain; charset=utf-8"


def test_a_4xx_of_one_of_several_groups_is_told() -> None:
    """The whole answer is an error that names group, server and reason."""
    fleet = fleet_of_three()
    silence(fleet)
    predict = Predict(fleet, ALL)
    fleet["clip"].status, fleet["clip"].answer = 404, b"\xff" + b"x" * 1000
    fleet["clip"].speak()
    fleet.network.flush()
    assert isinstance(predict.error, GroupRefused)
    assert predict.error.status == 404
    assert predict.error.backends == ("clip",)
    assert str(predict.error) == (
        "clip/visual: clip answered 404: \N{REPLACEMENT CHARACTER}" + "x" * 499
    )
    assert (fleet["text"].left, fleet["faces"].left) == (1, 1)


def test_the_first_failure_ends_the_others() -> None:
    """Nobody needs their answers, and their servers have better things to do."""
    fleet = fleet_of_three()
    silence(fleet)
    predict = Predict(fleet, ALL)
    fleet["faces"].status = 500
    fleet["faces"].speak()
    fleet.network.flush()
    assert isinstance(predict.error, BackendFailed)
    assert str(predict.error) == (
        "facial-recognition/detection+recognition: faces answered 500"
    )
    assert predict.error.backends == ("faces",)
    assert (fleet["text"].left, fleet["clip"].left) == (1, 1)
    assert fleet.flips == []


def test_only_the_group_that_failed_is_sent_again() -> None:
    """What the others have done meanwhile is not lost."""
    fleet = fleet_of_three()
    fleet["text"].status = 500
    prediction = Predict(fleet, OCR | VISUAL).prediction
    assert prediction.backends[1] == "clip"
    assert len(fleet["clip"].predicts) + len(fleet["faces"].predicts) == 2
    assert json.loads(prediction.body)["ocr"] == prediction.backends[0] != "text"


@pytest.mark.parametrize("entries", [VISUAL, ALL])
def test_cancelling_reaches_every_backend(entries: dict[str, Any]) -> None:
    """The client is gone: all connections are closed, and nobody is blamed."""
    fleet = fleet_of_three()
    silence(fleet)
    predict = Predict(fleet, entries)
    predict.deferred.cancel()
    fleet.network.flush()
    assert [one.type for one in predict.results] == [CancelledError]
    assert sum(fake.left for fake in fleet.fakes.values()) == len(entries)
    assert not any(connection.is_open for connection in fleet.network.connections)
    assert fleet.flips == []
    assert [server.in_flight for server in fleet.pool] == [0, 0, 0]
    assert fleet.timers == []


def test_one_backend_may_serve_several_groups() -> None:
    """Different types are different requests, even to the same server."""
    fleet = Fleet("gpu")
    prediction = Predict(fleet, VISUAL | OCR).prediction
    assert prediction.backends == ("gpu", "gpu")
    assert json.loads(prediction.body) == {
        "clip": "gpu",
        "ocr": "gpu",
        "imageHeight": 3,
        "imageWidth": 4,
    }


def test_types_of_a_task_that_went_separate_ways_both_answer() -> None:
    """Nothing is dropped: the task's value holds both."""
    fleet = Fleet("a", "b", taskRouting={"textual": "a", "visual": "b"})
    entries = {"clip": TEXTUAL["clip"] | VISUAL["clip"]}
    prediction = Predict(fleet, entries).prediction
    assert json.loads(prediction.body)["clip"] == {"textual": "a", "visual": "b"}
    assert [fleet[name].predicts[0].entries for name in "ab"] == [TEXTUAL, VISUAL]


@pytest.mark.parametrize(
    ("names", "entries", "kind"),
    [
        (("gpu",), [], BadEntries),
        (("gpu",), {"clip": 3}, BadEntries),
        ((), VISUAL, Unavailable),
    ],
)
def test_what_cannot_be_routed_fails(
    names: tuple[str, ...], entries: object, kind: type[ProxyError]
) -> None:
    """As a failure of the Deferred, not as an exception on the way."""
    fleet = Fleet(*names)
    predict = Predict(fleet, entries)
    assert type(predict.error) is kind
    assert fleet.network.dialled == []


def test_a_form_may_hold_entries_alone() -> None:
    """Whether a picture or a text is missing is for the server to say."""
    body = form_of(entries_part(VISUAL))
    fleet = Fleet("gpu")
    whole = Body(len(body))
    whole.append(body)
    whole.finish()
    assert Predict(fleet, VISUAL, whole).prediction.body == b'{"clip": "gpu"}'


def test_what_is_asked_again_goes_where_the_configuration_says_now() -> None:
    """What entries amount to is remembered, but no longer than it holds."""
    fleet = Fleet("text", "clip")
    assert Predict(fleet, VISUAL).prediction.backends == ("text",)
    assert Predict(fleet, VISUAL).prediction.backends == ("text",)
    changed = document("text", "clip", taskRouting={"clip": "clip"})
    fleet.pool.reconfigure(config_document.parse(json.dumps(changed).encode()))
    assert Predict(fleet, VISUAL).prediction.backends == ("clip",)


def test_invented_names_take_no_room() -> None:
    """Long ones are read anew each time, and of short ones the last are remembered."""

    class Forgetful:
        """Forwards nothing."""

        def forward(self, work: Work) -> Deferred[Served]:
            return Deferred()

    predictor = Predictor(Fleet("gpu").pool, cast(Any, Forgetful()))
    tracemalloc.start()
    for digits in (900, 10_000):
        for number in range(300 + USUAL_COUNT):
            asked = {"clip": {"textual": {"modelName": f"{number:0{digits}d}"}}}
            value = json.dumps(asked).encode()
            form = Form(Body(None), Entries(value, 0, 0), b"", "trace")
            predictor.predict(form)
    kept, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert kept < 3_000_000
