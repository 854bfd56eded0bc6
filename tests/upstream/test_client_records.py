"""What is recorded of a request to a backend."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from twisted.web.http_headers import Headers

from immich_ml_proxy.upstream.client import Outgoing
from tests.demo_requests import MULTIPART
from tests.fakes import Fleet
from tests.records.reading import records_of
from tests.upstream.sending import PHOTO, Sending, arrived, predict


def recorded(fleet: Fleet) -> Any:
    """Return the one record there is."""
    [record] = records_of(fleet.recorder)
    return record


def test_an_exchange_is_recorded() -> None:
    """Where it went, whose it was, how long it took, and both messages."""
    fleet = Fleet("gpu")
    fleet.recorder.enabled = True
    fleet.network.advance(100)
    fleet["gpu"].silent = True
    Sending(fleet, predict(arrived()))
    fleet.network.advance(2)
    assert len(fleet.recorder.kept) == 0
    fleet["gpu"].speak()
    fleet.network.flush()
    record = recorded(fleet)
    assert (record.type, record.trace_id, record.backend) == (
        "outgoing",
        "trace",
        "gpu",
    )
    assert record.timestamp == "1970-01-01T00:01:40.000Z"
    assert (record.duration_ms, record.error) == (2000, None)
    assert (record.request.method, record.request.url) == (
        "POST",
        "http://gpu:3003/predict",
    )
    assert record.request.headers == {"Content-Type": [MULTIPART]}
    assert record.request.body.size == len(PHOTO)
    assert record.response.status_code == 200
    assert '"clip": "gpu"' in record.response.body.text


@pytest.mark.parametrize(
    ("end", "error"),
    [
        (lambda sending, fleet: fleet.network.advance(5), "timed out after 5 s"),
        (lambda sending, fleet: sending.deferred.cancel(), "cancelled"),
    ],
)
def test_an_exchange_without_an_answer_is_recorded_with_the_reason(
    end: Callable[[Sending, Fleet], object], error: str
) -> None:
    """Also one that nobody waited for to its end."""
    fleet = Fleet("gpu")
    fleet.recorder.enabled = True
    fleet["gpu"].silent = True
    end(Sending(fleet), fleet)
    record = recorded(fleet)
    assert record.response is None
    assert record.error.startswith(error)


def test_nothing_is_recorded_while_debug_is_off() -> None:
    """The body is not even gathered: recording has its price."""
    fleet = Fleet("gpu")
    gathered: list[str] = []

    def chunks() -> list[bytes]:
        gathered.append("once")
        return []

    outgoing = Outgoing(b"GET", "/ping", Headers(), "trace", chunks=chunks)
    assert Sending(fleet, outgoing).reply.status == 200
    assert (len(fleet.recorder.kept), gathered) == (0, [])
    fleet.recorder.enabled = True
    Sending(fleet, outgoing)
    assert (len(fleet.recorder.kept), gathered) == (1, ["once"])
