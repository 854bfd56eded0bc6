"""Clients that go on asking a proxy, and one that pings it, until told to end."""

from __future__ import annotations

import threading
import time
from typing import Any

from tests.end_to_end.processes import Proxy, until
from tests.end_to_end.test_failures import SEARCH, form, predict


class Load:
    """
    Searches, each client's one after another, and pings, for as long as it is entered.

    :ivar answers: status and body of each search that was answered, and its seconds.
    :ivar pings: status of each ping, and its seconds.
    """

    def __init__(self, proxy: Proxy, clients: int = 4) -> None:
        self.answers: list[tuple[int, Any, float]] = []
        self.pings: list[tuple[int, float]] = []
        self._proxy = proxy
        self._is_over = threading.Event()
        asking = [self._ask] * clients
        self._threads = [threading.Thread(target=one) for one in (*asking, self._ping)]

    def __enter__(self) -> Load:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *reason: object) -> None:
        self._is_over.set()
        for thread in self._threads:
            thread.join()

    def await_answers(self, count: int) -> None:
        """Wait until so many more searches are answered."""
        wanted = len(self.answers) + count
        until(lambda: len(self.answers) >= wanted, f"{count} more answers")

    @property
    def lost(self) -> list[tuple[int, Any, float]]:
        """The searches that were not served."""
        return [answer for answer in self.answers if answer[0] != 200]

    @property
    def slowest(self) -> float:
        """The most seconds that a search took."""
        return max(seconds for *_, seconds in self.answers)

    def _ask(self) -> None:
        number = 0
        while not self._is_over.is_set():
            began = time.monotonic()
            status, body = predict(self._proxy, form(SEARCH, text=f"a dog {number}"))
            self.answers.append((status, body, time.monotonic() - began))
            number += 1

    def _ping(self) -> None:
        while not self._is_over.wait(0.1):
            began = time.monotonic()
            status, _ = self._proxy.get("/ping")
            self.pings.append((status, time.monotonic() - began))
