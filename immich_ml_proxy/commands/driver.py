"""Keeps a server busy with so many requests at once, and measures what comes back."""

from __future__ import annotations

import itertools
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

from immich_ml_proxy.commands.asking import CannotAsk, Peer
from immich_ml_proxy.commands.knee import Level, is_worth_more
from immich_ml_proxy.trial import samples
from immich_ml_proxy.upstream.reply import Fields, Reply

#: Seconds without a byte: the first request of a kind may load a model.
_PATIENCE = 600.0
#: Requests of a level, at the least: fewer tell little.
_FEWEST = 8


class Refused(Exception):
    """A server does not do a kind of work; its text says why."""


class Driver:
    """
    :param url: of the server.
    :param token: a proxy's admin token, or ``None``.
    :param kind: of work.
    :param bodies: that are sent in turn; at least one.
    """

    def __init__(
        self, url: str, token: str | None, kind: str, bodies: Sequence[bytes]
    ) -> None:
        self._url = url
        self._token = token
        self._kind = kind
        self._first = bodies[0]
        self._bodies = itertools.cycle(bodies)
        self._lock = threading.Lock()

    def measure(
        self, levels: Sequence[int], seconds: float, tell: Callable[[str], None]
    ) -> list[Level]:
        """
        Try one level after the other, as long as more at once brings more.

        :param seconds: for each.
        :param tell: is told what is tried.
        :raises Refused: when the first request is not answered well.
        """
        tell("the first one, which may load a model")
        peer = self._peer()
        wrong = self._wrong(peer, self._first)
        peer.close()
        if wrong is not None:
            raise Refused(wrong)
        measured: list[Level] = []
        for at_once in levels:
            tell(f"{at_once} at once")
            measured.append(self._level(at_once, seconds))
            if not is_worth_more(measured):
                break
        return measured

    def _level(self, at_once: int, seconds: float) -> Level:
        started = time.perf_counter()
        times: list[float] = []
        failures: list[str] = []

        def work() -> None:
            peer = self._peer()
            try:
                while (
                    time.perf_counter() < started + seconds
                    or len(times) + len(failures) < _FEWEST
                ):
                    with self._lock:
                        body = next(self._bodies)
                    began = time.perf_counter()
                    wrong = self._wrong(peer, body)
                    if wrong is None:
                        times.append(time.perf_counter() - began)
                    else:
                        failures.append(wrong)
            finally:
                peer.close()

        with ThreadPoolExecutor(at_once) as pool:
            for one in [pool.submit(work) for _ in range(at_once)]:
                one.result()
        took = time.perf_counter() - started
        ordered = sorted(times) or [0.0]
        return Level(
            at_once,
            len(times) / took,
            ordered[len(ordered) // 2],
            ordered[int(0.95 * (len(ordered) - 1))],
            len(failures),
        )

    def _peer(self) -> Peer:
        return Peer(self._url, self._token, _PATIENCE)

    def _wrong(self, peer: Peer, body: bytes) -> str | None:
        """Return why an answer is none, in words."""
        try:
            answer = peer.ask(
                "POST", "/predict", body, samples.CONTENT_TYPE.decode("ascii")
            )
        except CannotAsk as error:
            return str(error)
        is_well, text = samples.judged(
            self._kind, Reply(answer.status, Fields(()), answer.body)
        )
        return None if is_well else text
