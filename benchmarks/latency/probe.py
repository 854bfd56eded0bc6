"""A probe from outside: how long a request takes while a proxy is under load."""

from __future__ import annotations

import http.client
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from attrs import frozen

from benchmarks.proxies.peers import PROBE_PATH, Running
from benchmarks.shared.payloads import CONTENT_TYPE

INTERVAL = 0.005


@frozen
class Request:
    """What is asked again and again."""

    method: str
    path: str
    body: bytes | None = None


CHEAP = Request("GET", PROBE_PATH)


def search(body: bytes) -> Request:
    """Return a predict with this body."""
    return Request("POST", "/predict", body)


@frozen
class Percentiles:
    """Milliseconds: the median, the slowest hundredth and the slowest of ``count``."""

    count: int
    p50_ms: float
    p99_ms: float
    max_ms: float


def percentile(values: Sequence[float], share: float) -> float:
    """Return the smallest of ``values`` that ``share`` (0..1) of them do not exceed."""
    ordered = sorted(values)
    rank = max(0, -int(-share * len(ordered) // 1) - 1)
    return ordered[rank]


def percentiles(seconds: Sequence[float]) -> Percentiles:
    """Return the percentiles of ``seconds``, of which there is at least one."""
    return Percentiles(
        count=len(seconds),
        p50_ms=percentile(seconds, 0.5) * 1000,
        p99_ms=percentile(seconds, 0.99) * 1000,
        max_ms=max(seconds) * 1000,
    )


def _probe(
    port: int, request: Request, done: threading.Event, times: list[float]
) -> None:
    headers = {} if request.body is None else {"Content-Type": CONTENT_TYPE}
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    try:
        while not done.is_set():
            began = time.perf_counter()
            connection.request(request.method, request.path, request.body, headers)
            connection.getresponse().read()
            times.append(time.perf_counter() - began)
            done.wait(INTERVAL)
    finally:
        connection.close()


@contextmanager
def probing(target: Running, request: Request = CHEAP) -> Iterator[list[float]]:
    """Probe every few milliseconds while the context lasts; yield the seconds taken.

    Each answer waits its turn behind everything the proxy is doing, so this is what
    a text search would wait at least.
    """
    times: list[float] = []
    done = threading.Event()
    thread = threading.Thread(target=_probe, args=(target.port, request, done, times))
    thread.start()
    try:
        yield times
    finally:
        done.set()
        thread.join()
