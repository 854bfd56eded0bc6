"""A proxy before a good server and a bad one, and what must hold whatever happens."""

from __future__ import annotations

import http.client
import json
import os
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from tests.demo_requests import MULTIPART, TEXTUAL
from tests.end_to_end.processes import Proxy, until
from tests.hostile.backend import RawBackend, vector_of
from tests.hostile.bad_backends import Bad, BadBackend
from tests.memory_proxy import text_form

#: Requests at once.
AT_ONCE = 4
_numbers = count()


class Chaos:
    """
    :param folder: the proxy's.
    :ivar good: a server that answers everything.
    """

    def __init__(self, folder: Path) -> None:
        self.good = RawBackend()
        self.proxy = Proxy(folder)
        self._threads = ThreadPoolExecutor(AT_ONCE)
        self._use({"good": self.good.url})
        self.proxy.await_health("good", "healthy")
        self.quiet = self.descriptors()

    def close(self) -> None:
        """End everything."""
        self.proxy.kill()
        self._threads.shutdown()
        self.good.shutdown()
        self.good.server_close()

    def _use(
        self,
        urls: dict[str, str],
        routes: dict[str, Any] | None = None,
        timeout: float = 60,
    ) -> None:
        config = {
            "defaultBackend": {"backends": [*urls], "strategy": "in_order"},
            "backends": [{"name": name, "url": url} for name, url in urls.items()],
            "taskRouting": routes or {},
            "requestTimeout": timeout,
            "healthCheckInterval": 60,
        }
        status, answer = self.proxy.post("/api/config", config)
        assert status == 200, answer

    @contextmanager
    def beside(self, bad: Bad) -> Iterator[BadBackend]:
        """Put a bad server before the good one; nobody remembers anything of it."""
        server = BadBackend(bad.behave, bad.early)
        name = f"bad{next(_numbers)}"
        try:
            self._use({name: server.url, "good": self.good.url})
            self.proxy.await_health(name, "healthy")
            self.good.predicts.clear()
            yield server
        finally:
            self._use({"good": self.good.url})
            server.close()

    @contextmanager
    def beside_all(self, bad: Sequence[Bad]) -> Iterator[dict[str, BadBackend]]:
        """Put each bad server before the good one, for a task of its own."""
        servers = {
            f"task{next(_numbers)}": BadBackend(one.behave, one.early) for one in bad
        }
        urls = {name: server.url for name, server in servers.items()}
        routes = {
            task: {"backends": [task, "good"], "strategy": "in_order"} for task in urls
        }
        try:
            self._use({"good": self.good.url, **urls}, routes, timeout=5)
            for name in urls:
                self.proxy.await_health(name, "healthy")
            yield servers
        finally:
            self._use({"good": self.good.url})
            for server in servers.values():
                server.close()

    def search(self, text: str, task: str = "clip") -> tuple[int, Any]:
        """Return status and answer of a search."""
        address = urlsplit(self.proxy.url)
        client = http.client.HTTPConnection(str(address.hostname), address.port or 0)
        try:
            body = text_form({task: TEXTUAL["clip"]}, text)
            client.request("POST", "/predict", body, {"Content-Type": MULTIPART})
            answer = client.getresponse()
            return answer.status, json.loads(answer.read())
        finally:
            client.close()

    def searches(self) -> list[str]:
        """Have several served at once; return their texts."""
        texts = [f"search {next(_numbers)}" for _ in range(AT_ONCE)]
        found = list(self._threads.map(self.search, texts))
        expected = [(200, {"clip": vector_of(text)}) for text in texts]
        assert found == expected, [answer for answer in found if answer[0] != 200]
        return texts

    def searches_for(self, tasks: Iterable[str]) -> None:
        """Have one served for each task, all at once."""
        tasks = tuple(tasks)
        texts = [f"search {next(_numbers)}" for _ in tasks]
        with ThreadPoolExecutor(len(tasks)) as threads:
            found = list(threads.map(self.search, texts, tasks))
        expected = [
            (200, {task: vector_of(text)})
            for task, text in zip(tasks, texts, strict=True)
        ]
        assert found == expected, [answer for answer in found if answer[0] != 200]

    def descriptors(self) -> int:
        """How many files and sockets the proxy has open."""
        return len(os.listdir(f"/proc/{self.proxy.pid}/fd"))

    def memory(self) -> int:
        """How many bytes the proxy has in memory."""
        pages = Path(f"/proc/{self.proxy.pid}/statm").read_text().split()[1]
        return int(pages) * os.sysconf("SC_PAGE_SIZE")

    def is_idle(self) -> bool:
        """Whether no place is taken, and nobody waits for one."""
        status = self.proxy.json("/api/status")
        servers = status["backends"].values()
        return not any(one["inFlight"] for one in servers) and not any(
            route["waiting"] for route in status["routes"].values()
        )

    def check_places(self) -> None:
        """They are given back, and there is no traceback in the log."""
        until(self.is_idle, "places are given back")
        assert "Traceback" not in self.proxy.output

    def check_descriptors(self) -> None:
        """They are given back, but for connections that are kept for a moment."""
        until(lambda: self.descriptors() <= self.quiet, "descriptors are given back")
