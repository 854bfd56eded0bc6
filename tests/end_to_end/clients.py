"""Clients that keep their connections, or not, and tell what became of each request."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPConnection, HTTPException
from urllib.parse import urlsplit

from tests.end_to_end.processes import PATIENCE, until
from tests.end_to_end.test_failures import BOUNDARY, SEARCH, form

_HEAD = {"Content-Type": f"multipart/form-data; boundary={BOUNDARY}"}


class Clients:
    """
    Searches sent one after another by several clients, until told to end.

    :param keep: how many use a connection as long as they may, as Immich does.
    :param new: how many open a new one for each request.
    :ivar served: the requests that were answered with 200.
    :ivar failed: what became of those that had begun and were not.
    :ivar refused: connections that were.
    """

    def __init__(self, url: str, keep: int, new: int) -> None:
        self._address = urlsplit(url)
        self._is_over = threading.Event()
        self._lock = threading.Lock()
        self.served = self.refused = 0
        self.failed: Counter[str] = Counter()
        kinds = [True] * keep + [False] * new
        self._threads = [
            threading.Thread(target=self._run, args=(kind,)) for kind in kinds
        ]

    @contextmanager
    def at_work(self) -> Iterator[Clients]:
        """Run them."""
        for thread in self._threads:
            thread.start()
        try:
            yield self
        finally:
            self._is_over.set()
            for thread in self._threads:
                thread.join()

    def await_served(self, count: int) -> None:
        """Wait until so many more requests were served."""
        wanted = self.served + count
        until(lambda: self.served >= wanted, f"{count} more: {self.failed}")

    def _run(self, keep: bool) -> None:
        host, port = self._address.hostname or "", self._address.port
        connection = HTTPConnection(host, port, timeout=PATIENCE)
        while not self._is_over.is_set():
            if connection.sock is None:
                try:
                    connection.connect()
                except OSError:
                    with self._lock:
                        self.refused += 1
                    self._is_over.wait(0.05)
                    continue
            self._ask(connection)
            if not keep:
                connection.close()
        connection.close()

    def _ask(self, connection: HTTPConnection) -> None:
        try:
            connection.request("POST", "/predict", form(SEARCH, text="a dog"), _HEAD)
            answer = connection.getresponse()
            body = answer.read()
        except (OSError, HTTPException) as error:
            connection.close()
            with self._lock:
                self.failed[repr(error)] += 1
            return
        with self._lock:
            if answer.status == 200:
                self.served += 1
            else:
                self.failed[f"{answer.status} {body!r}"] += 1
