"""What Immich answers about its queues, in the forms of its versions."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from twisted.web.http_headers import Headers

from immich_ml_proxy.immich.answers import Untold, queues
from immich_ml_proxy.observe.time_left import Queue
from immich_ml_proxy.upstream.reply import Reply

COUNTS = {
    "active": 2,
    "completed": 70,
    "failed": 5,
    "delayed": 3,
    "waiting": 90,
    "paused": 5,
}


def answered(value: Any, status: int = 200) -> Reply:
    """Return an answer of Immich's."""
    return Reply(status, Headers(), json.dumps(value).encode())


def queue(name: str, is_paused: bool = False) -> dict[str, Any]:
    """Return a queue as Immich 2.3 tells of it."""
    return {"name": name, "isPaused": is_paused, "statistics": COUNTS}


def test_queues_of_version_2_3() -> None:
    """Those whose work comes here; what waits in a paused one counts, too."""
    told = [
        queue("smartSearch"),
        queue("faceDetection", True),
        queue("ocr"),
        queue("facialRecognition"),
        queue("thumbnailGeneration"),
    ]
    assert queues(answered(told)) == {
        "clip": Queue(100),
        "faces": Queue(100, is_paused=True),
        "ocr": Queue(100),
    }


def test_jobs_of_the_versions_before() -> None:
    """The same in another form; those had no OCR at first."""
    state = {"isActive": True, "isPaused": False}
    told = {
        "smartSearch": {"jobCounts": COUNTS, "queueStatus": state},
        "faceDetection": {
            "jobCounts": {"waiting": 1},
            "queueStatus": {"isActive": False, "isPaused": True},
        },
        "library": {},
    }
    assert queues(answered(told)) == {
        "clip": Queue(100),
        "faces": Queue(1, is_paused=True),
    }


@pytest.mark.parametrize(
    ("reply", "words"),
    [
        (answered({}, 401), "does not know the API key"),
        (answered({}, 403), "give it queue.read"),
        (answered({}, 404), "answered 404"),
        (answered({}, 502), "answered 502"),
        (answered({}), "is it Immich?"),
        (answered([]), "is it Immich?"),
        (answered([{"name": "ocr"}]), "is it Immich?"),
        (answered([3]), "is it Immich?"),
        (answered({"ocr": {}}), "is it Immich?"),
        (answered("ocr"), "is it Immich?"),
        (Reply(200, Headers(), b"<html>"), "is it Immich?"),
    ],
)
def test_why_it_did_not_tell(reply: Reply, words: str) -> None:
    """A sentence that says what to do."""
    with pytest.raises(Untold, match=words) as raised:
        queues(reply)
    assert str(raised.value).endswith((".", "?"))


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["name", "ocr", "statistics", "queueStatus", "isPaused"])
            | st.text(max_size=3),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@given(st.binary(max_size=80) | _JSON.map(lambda value: json.dumps(value).encode()))
def test_whatever_is_answered_is_read_or_refused(body: bytes) -> None:
    """Anything may listen at the address."""
    try:
        found = queues(Reply(200, Headers(), body))
    except Untold:
        return
    assert found
