"""The client of the scheduling benchmark: sends pictures and checks every answer."""

from __future__ import annotations

import http.client
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from functools import cache
from typing import TypeVar

import msgspec
from attrs import frozen

from benchmarks.shared.payloads import (
    CONTENT_TYPE,
    FACES,
    IMAGE_SEARCH,
    TEXT_SEARCH,
    form,
)
from immich_ml_proxy.demo import expected_answer
from tests.pictures import jpeg

OCR = (
    '{"ocr":{"detection":{"modelName":"PP-OCRv5_mobile"},'
    '"recognition":{"modelName":"PP-OCRv5_mobile"}}}'
)
TASKS = {"clip": IMAGE_SEARCH, "faces": FACES, "ocr": OCR}
DIFFERENT = 40
"""Pictures that differ; their answers are known before the clock runs."""
IDLE = 1.0
"""Seconds after which a client opens a connection anew; Immich's keeps it for 4."""
T = TypeVar("T")

PATIENCE = 120.0
"""Seconds a client waits for an answer."""


@frozen
class Request:
    """A form, and the bytes of the only right answer to it."""

    body: bytes
    answer: bytes


@frozen
class Done:
    """
    A request that has ended.

    :ivar began: seconds from the start of the load.
    :ivar seconds: that it took.
    :ivar error: why it failed, in a word; empty for the right answer.
    """

    began: float
    seconds: float
    error: str


@frozen
class Load:
    """
    What a load has measured.

    :ivar seconds: from its start to its last answer.
    :ivar asked: how many requests were to be sent; those of ``done`` were.
    """

    seconds: float
    asked: int
    done: Sequence[Done]

    @property
    def failed(self) -> int:
        """Requests without the right answer."""
        return sum(bool(one.error) for one in self.done)

    @property
    def whole_seconds(self) -> float:
        """What all requests would have taken at the rate that was measured."""
        return self.seconds * self.asked / max(1, len(self.done))

    def ms(self, part: float) -> float:
        """Return a percentile of the latency in milliseconds."""
        ordered = sorted(one.seconds for one in self.done)
        return 1000 * ordered[min(int(part * len(ordered)), len(ordered) - 1)]

    @property
    def errors(self) -> str:
        """The kinds of failure, with their numbers."""
        kinds = [one.error for one in self.done if one.error]
        return ", ".join(f"{kinds.count(kind)} {kind}" for kind in sorted(set(kinds)))


def _request(entries: str, picture: bytes | None, text: str | None) -> Request:
    answer = expected_answer(msgspec.json.decode(entries), picture, text)
    if picture is not None:
        body = form(entries, "image", picture, "blob")
    else:
        body = form(entries, "text", (text or "").encode())
    return Request(body, msgspec.json.encode(answer))


@cache
def images(task: str = "clip") -> tuple[Request, ...]:
    """Return requests for JPEGs of about 50 KB; ``task`` is one of ``TASKS``."""
    return tuple(
        _request(TASKS[task], jpeg(seed, 480, 360, 0.2), None)
        for seed in range(DIFFERENT)
    )


@cache
def searches() -> tuple[Request, ...]:
    """Return requests for what people look for."""
    return tuple(
        _request(TEXT_SEARCH, None, f"a dog on beach {number}")
        for number in range(DIFFERENT)
    )


class Client:
    """One of Immich's connections: sends one request after the other."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._connection: http.client.HTTPConnection | None = None
        self._used = 0.0

    def ask(self, request: Request) -> str:
        """Return what is wrong with the answer; nothing, as it should be."""
        if self._connection is None or time.monotonic() - self._used > IDLE:
            self.close()
            self._connection = http.client.HTTPConnection(
                "127.0.0.1", self._port, timeout=PATIENCE
            )
        try:
            self._connection.request(
                "POST", "/predict", request.body, {"Content-Type": CONTENT_TYPE}
            )
            response = self._connection.getresponse()
            content = response.read()
        except TimeoutError:
            self.close()
            return "no answer"
        except (OSError, http.client.HTTPException):
            self.close()
            return "broken off"
        self._used = time.monotonic()
        if response.will_close:
            self.close()
        if response.status != 200:
            return f"status {response.status}"
        return "" if content == request.answer else "wrong answer"

    def close(self) -> None:
        """Close the connection, if there is one."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None


class _Turns:
    """Hands out request numbers and collects what became of them."""

    def __init__(self, total: int, limit: float | None) -> None:
        self.began = time.monotonic()
        self.done: list[Done] = []
        self._total = total
        self._limit = limit
        self._next = 0
        self._lock = threading.Lock()

    def take(self) -> int | None:
        """Return the next number, or ``None`` when it is over."""
        with self._lock:
            over = self._limit is not None and self.now() > self._limit
            if over or self._next >= self._total:
                return None
            self._next += 1
            return self._next - 1

    def now(self) -> float:
        """Return seconds since the start."""
        return time.monotonic() - self.began


def run(
    port: int,
    requests: Sequence[Request],
    total: int,
    clients: int,
    *,
    limit: float | None = None,
    pause: float = 0.0,
    watch: Callable[[int], object] = lambda done: None,
) -> Load:
    """
    Send ``total`` requests, taking turns over ``requests``, and await all answers.

    :param clients: each sends one request after the other.
    :param limit: seconds after which nothing more is sent.
    :param pause: seconds between an answer and the next request.
    :param watch: told after every answer how many there are; must not take long.
    """
    turns = _Turns(total, limit)

    def work() -> None:
        client = Client(port)
        while (number := turns.take()) is not None:
            began = turns.now()
            error = client.ask(requests[number % len(requests)])
            turns.done.append(Done(began, turns.now() - began, error))
            watch(len(turns.done))
            if pause:
                time.sleep(pause)
        client.close()

    threads = [threading.Thread(target=work) for _ in range(clients)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    ended = max((one.began + one.seconds for one in turns.done), default=0.0)
    return Load(ended, total, tuple(turns.done))


@contextmanager
def in_background(job: Callable[[], T]) -> Iterator[Future[T]]:
    """Have ``job`` done in a thread meanwhile; it has ended when the context has."""
    with ThreadPoolExecutor(1) as threads:
        yield threads.submit(job)
