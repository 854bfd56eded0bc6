"""A predict over HTTP: what comes back, and what is told beside it."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

import pytest
from twisted.internet.address import IPv4Address, IPv6Address

from immich_ml_proxy.demo import SimulatedServer, expected_answer, site
from tests.demo_requests import (
    BOUNDARY,
    FACES,
    MULTIPART,
    OCR,
    PHOTO,
    TEXTUAL,
    URLENCODED,
    VISUAL,
    entries_part,
    form,
    image_part,
    part,
)
from tests.fakes import document, serve
from tests.memory_proxy import Proxy, chunked, http, photo_form, posted, text_form
from tests.network import Network

Start = Callable[..., Proxy]

#: A form of Immich's locustfile: the picture has a name and no type.
LOCUST = form(entries_part(VISUAL), part("image", PHOTO, '; filename="image"'))
QUOTED = f'multipart/form-data; charset=utf-8; boundary="{BOUNDARY}"'


@pytest.fixture
def proxy(network: Network, start_proxy: Start) -> Proxy:
    """A proxy before two simulated ML servers: clip has one, all else the other."""
    for name in ("gpu", "nas"):
        network.serve(name, site(SimulatedServer(network, name)))
    return start_proxy(document("gpu", "nas", taskRouting={"clip": "nas"}))


SIZE = {"image": PHOTO, "text": None}
WORDS = {"image": None, "text": "a dog"}


@pytest.mark.parametrize(
    ("entries", "request_", "given"),
    [
        (VISUAL, [posted(photo_form(VISUAL, PHOTO))], SIZE),
        (TEXTUAL, [posted(text_form(TEXTUAL))], WORDS),
        (FACES, [posted(photo_form(FACES, PHOTO))], SIZE),
        (OCR, [posted(photo_form(OCR, PHOTO))], SIZE),
        (
            OCR | VISUAL | FACES,
            [posted(photo_form(OCR | VISUAL | FACES, PHOTO))],
            SIZE,
        ),
        (VISUAL, [posted(form(image_part(PHOTO), entries_part(VISUAL)))], SIZE),
        (VISUAL, [posted(LOCUST)], SIZE),
        (VISUAL, [posted(photo_form(VISUAL, PHOTO), QUOTED)], SIZE),
        (
            TEXTUAL,
            [posted(b"text=a+dog&entries=" + json.dumps(TEXTUAL).encode(), URLENCODED)],
            WORDS,
        ),
        (
            VISUAL | OCR,
            chunked(*(bytes([byte]) for byte in photo_form(VISUAL | OCR, PHOTO))),
            SIZE,
        ),
        (
            VISUAL | OCR,
            [bytes([byte]) for byte in posted(photo_form(VISUAL | OCR, PHOTO))],
            SIZE,
        ),
    ],
)
def test_a_predict_is_answered_as_the_servers_would(
    proxy: Proxy, entries: dict[str, Any], request_: list[bytes], given: dict[str, Any]
) -> None:
    """Whatever the form's shape and pace, however many servers it takes."""
    answer = proxy.send(*request_).answer
    assert answer.status == 200
    due = expected_answer(entries, given["image"], given["text"])
    assert list(answer.json().items()) == list(due.items())


def test_an_answer_tells_who_gave_it_and_how_long_it_took(
    network: Network, start_proxy: Start
) -> None:
    """The names in the order of the groups, times in milliseconds."""
    fakes = serve(network, "gpu", "nas")
    proxy = start_proxy(document("gpu", "nas", taskRouting={"clip": "nas"}))
    fakes["gpu"].silent = True
    client = proxy.send(posted(photo_form(VISUAL | OCR), X_Request_ID="photo-1"))
    network.advance(0.25)
    assert client.got == b""
    fakes["gpu"].speak()
    network.flush()
    headers = client.answer.headers
    assert headers["x-immich-ml-backend"] == "nas, gpu"
    assert headers["x-request-id"] == "photo-1"
    assert headers["server-timing"] == "wait;dur=0.0, backend;dur=250.0"
    assert headers["content-type"] == "application/json"
    assert "transfer-encoding" not in headers
    assert fakes["nas"].predicts[0].headers["x-request-id"] == "photo-1"


@pytest.mark.parametrize("given", [None, "", "a b", "x" * 65, "\xe9", "a;b"])
def test_a_request_without_a_usable_name_gets_one(
    proxy: Proxy, given: str | None
) -> None:
    """It goes into headers, logs and pages, so not everything is taken."""
    named = {} if given is None else {"X_Request_ID": given}
    answer = proxy.ask(posted(text_form(TEXTUAL), **named))
    assert re.fullmatch("[0-9a-f]{16}", answer.headers["x-request-id"])


def test_a_servers_4xx_is_passed_on(proxy: Proxy) -> None:
    """Immich gets what the ML server said, byte for byte."""
    answer = proxy.ask(posted(form(entries_part(VISUAL))))
    assert answer.status == 400
    assert answer.json() == {"detail": "Either image or text must be provided"}
    assert answer.headers["x-immich-ml-backend"] == "nas"
    assert answer.headers["x-request-id"]


@pytest.mark.parametrize("status", [404, 422, 460, 499])
def test_a_4xx_of_one_of_several_groups_is_an_error(
    network: Network, start_proxy: Start, status: int
) -> None:
    """With its status, even one that nobody has a name for."""
    fakes = serve(network, "gpu", "nas")
    proxy = start_proxy(document("gpu", "nas", taskRouting={"clip": "nas"}))
    fakes["nas"].status, fakes["nas"].answer = status, b"no"
    answer = proxy.ask(posted(photo_form(VISUAL | OCR)))
    assert answer.status == status
    assert answer.error == f"clip/visual: nas answered {status}: no"
    assert answer.headers["x-immich-ml-backend"] == "nas"


def test_a_failure_names_the_servers_that_were_asked(
    network: Network, start_proxy: Start
) -> None:
    """With the same headers as a success, so that a log can be searched for it."""
    for fake in serve(network, "gpu", "nas").values():
        fake.status, fake.answer = 500, b"Internal Server Error"
    proxy = start_proxy(document("gpu", "nas"))
    answer = proxy.ask(posted(photo_form(VISUAL), X_Request_ID="photo-1"))
    assert answer.status == 502
    assert answer.error == (
        "clip/visual: gpu answered 500: Internal Server Error; "
        "nas answered 500: Internal Server Error"
    )
    assert answer.headers["x-immich-ml-backend"] == "gpu, nas"
    assert answer.headers["x-request-id"] == "photo-1"


def test_a_server_that_never_answers_is_504(
    network: Network, start_proxy: Start
) -> None:
    """Before Immich's own client gives up, which says less."""
    serve(network, "gpu")["gpu"].silent = True
    proxy = start_proxy(document("gpu"))
    client = proxy.send(posted(photo_form(VISUAL)))
    network.advance(289)
    assert client.got == b""
    network.advance(1)
    assert client.answer.status == 504
    assert client.answer.error == "clip/visual: gpu timed out after 290 s"


def test_requests_over_one_connection_are_answered_in_order(proxy: Proxy) -> None:
    """Also when they come at once, before the first is answered."""
    requests = [posted(photo_form(each, PHOTO)) for each in (FACES, VISUAL, OCR)]
    client = proxy.send(b"".join(requests)).send(http("GET", "/ping"))
    *predicts, ping = client.answers()
    assert [next(iter(one.json())) for one in predicts] == [
        "facial-recognition",
        "clip",
        "ocr",
    ]
    assert ping.body == b"pong"
    assert not client.closed


@pytest.mark.parametrize(
    "target",
    [
        "/predict/",
        "/predict/?from=somewhere",
        "http://proxy:3004/predict",
        "HTTP://proxy:3004/predict/",
        "https://somebody@else.where/predict?a=/b",
    ],
)
def test_a_predict_is_known_however_it_is_written(proxy: Proxy, target: str) -> None:
    """With a slash at the end, or with our address, as clients of proxies send it."""
    body = photo_form(VISUAL, PHOTO)
    headers = {"Content-Type": MULTIPART}
    request_ = http("POST", target, body, headers)
    # Work begins before the last of the picture is there.
    client = proxy.send(request_[:-100])
    proxy.network.flush()
    assert len(proxy.network.to("nas")) == 1
    client.send(request_[-100:])
    assert client.answer.status == 200
    assert client.answer.headers["x-immich-ml-backend"] == "nas"


def test_a_client_of_ipv4_is_known_by_its_ipv4_address(
    network: Network, start_proxy: Start
) -> None:
    """Though it has come to a port that takes both."""
    fake = serve(network, "gpu")["gpu"]
    fake.silent = True
    proxy = start_proxy(document("gpu"))
    client = proxy.connect()
    seen: Any = IPv6Address("TCP", "::ffff:192.168.1.7", 50000)
    client.connection.client._address = seen
    client.send(posted(text_form(TEXTUAL)))
    [request_] = proxy.site.active
    assert request_.getClientAddress() == IPv4Address("TCP", "192.168.1.7", 50000)
    client.leave()


def test_names_of_servers_make_no_list_of_more(
    network: Network, start_proxy: Start
) -> None:
    """A comma in one is escaped, and so is what escapes."""
    network.serve("gpu", site(SimulatedServer(network, "gpu")))
    names = {"a, b": "a%2C b", "50%": "50%25", "Größe": "Größe"}
    for name, told in names.items():
        config = document("gpu", defaultBackend=[name])
        config["backends"] = [{"name": name, "url": "http://gpu:3003"}]
        answer = start_proxy(config).ask(posted(photo_form(VISUAL, PHOTO)))
        header = answer.headers["x-immich-ml-backend"].encode("latin-1").decode()
        assert (answer.status, header) == (200, told)
