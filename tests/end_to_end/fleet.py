"""Servers of all kinds in one process, and the real proxy before them."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPConnection
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from immich_ml_proxy.demo.behaviour import PLAIN, Behaviour
from immich_ml_proxy.demo.kinds import change
from tests.end_to_end import programs
from tests.end_to_end.asks import Ask, Client, Got, Tally
from tests.end_to_end.processes import PATIENCE, Process, Proxy, until

#: Servers that there are, to play any kind.
SLOTS = 8


class Fleet:
    """
    Simulated servers and a proxy, whose parts change from test to test.

    :param processes: told what is started.
    :ivar proxy: the proxy.
    :ivar behaviours: of the servers that play now, by name.
    """

    def __init__(self, folder: Path, processes: list[Process]) -> None:
        slots = [f"--server=slot{number}=v2" for number in range(SLOTS)]
        self.demo = Process(programs.demo, ["demo", *slots], folder / "servers.log")
        self.demo.start()
        processes.append(self.demo)
        self.proxy = Proxy(folder)
        processes.append(self.proxy)
        self.behaviours: dict[str, Behaviour] = {}
        self._slots = until(self._listening, f"{SLOTS} servers listen")
        self._urls: dict[str, str] = {}
        self._before: dict[str, Any] = {}

    def _listening(self) -> list[str]:
        found = re.findall(r"slot\d+ listening on (\S+)", self.demo.output)
        return found if len(found) == SLOTS else []

    def play(
        self,
        servers: Mapping[str, str | dict[str, Any]],
        backends: Mapping[str, dict[str, Any]] | None = None,
        **more: Any,
    ) -> None:
        """
        Have the servers behave so, and the proxy know nothing of them yet.

        :param servers: a kind, or fields of a behaviour, by name.
        :param backends: fields of the proxy's backends by name.
        :param more: fields of the configuration.
        """
        self._urls = dict(zip(servers, self._slots, strict=False))
        self.behaviours = {}
        for name, fields in servers.items():
            fields = {"kind": fields} if isinstance(fields, str) else fields
            fields = {"kind": "v2", **fields}
            self.behaviours[name] = change(PLAIN, fields)
            self.behave(name, fields)
        # Servers keep what is known of them for as long as they are in force.
        nobody = {"name": "nobody", "url": "http://127.0.0.1:1"}
        self.configure({"defaultBackend": "nobody", "backends": [nobody]})
        self.configure(
            {
                "defaultBackend": [*servers],
                "backends": [
                    {"name": name, "url": url} | (backends or {}).get(name, {})
                    for name, url in self._urls.items()
                ],
                "healthCheckInterval": 600,
                **more,
            }
        )
        until(self._are_known, "all were pinged")
        self._before = {name: self.counts(name) for name in servers}

    def configure(self, config: dict[str, Any]) -> None:
        """Put a configuration in force."""
        status, told = self.proxy.post("/api/config", {"taskRouting": {}, **config})
        assert status == 200, told

    def behave(self, name: str, fields: dict[str, Any]) -> None:
        """Change a server's behaviour, once it is there: it may have just exited."""

        def is_changed() -> bool:
            try:
                self._control(self._urls[name], "behaviour", fields)
            except ConnectionError:
                return False
            return True

        until(is_changed, f"{name} behaves otherwise")

    def counts(self, name: str) -> Any:
        """Return all that a server has counted, also for tests before this one."""
        return self._control(self._urls[name], "counts")

    def _control(self, url: str, what: str, fields: Any = None) -> Any:
        address = urlsplit(url)
        client = HTTPConnection(address.hostname or "", address.port, timeout=PATIENCE)
        body = None if fields is None else json.dumps(fields)
        client.request("POST" if body else "GET", f"/demo/{what}", body)
        answer = client.getresponse()
        told = json.loads(answer.read())
        client.close()
        assert answer.status == 200, told
        return told

    def _are_known(self) -> bool:
        health = self.proxy.json("/api/health").values()
        return all(one["status"] != "unknown" for one in health)

    def has_exited(self, name: str) -> bool:
        """Whether a server refuses connections, or has done so meanwhile."""
        try:
            now = self.counts(name)
        except ConnectionError:
            return True
        return bool(now["exits"] > self._before[name]["exits"])

    def predicts(self, name: str) -> int:
        """Return how many predicts have come to a server in this play."""
        return int(self.counts(name)["predicts"] - self._before[name]["predicts"])

    def came(self, name: str, task: str) -> dict[str, int]:
        """Return what became of them, by outcome, for one task."""
        before = self._before[name]["outcomes"].get(task, {})
        now = self.counts(name)["outcomes"].get(task, {})
        counts = {one: now[one] - before.get(one, 0) for one in now}
        return {one: count for one, count in counts.items() if count}

    def extra_tries(self, groups: int) -> int:
        """Return how many more predicts there were than groups of requests."""
        return sum(map(self.predicts, self._urls)) - groups

    def told(self, name: str) -> Any:
        """Return what ``/api/status`` tells of a server."""
        return self.proxy.json("/api/status")["backends"][name]

    def health(self, name: str) -> tuple[str, str]:
        """Return the status of a server, and what is wrong with it."""
        told = self.proxy.json("/api/health")[name]
        return told["status"], told["error"]

    def ask(self, ask: Ask) -> Got:
        """Send a request over a connection of its own."""
        client = Client(self.proxy.url)
        got = client.ask(ask)
        client.close()
        return got

    def send_all(self, asks: Sequence[Ask], clients: int = 1) -> list[Got]:
        """Have clients send requests, each one after the other."""
        mine = threading.local()
        opened: list[Client] = []

        def send(ask: Ask) -> Got:
            if not hasattr(mine, "client"):
                mine.client = Client(self.proxy.url)
                opened.append(mine.client)
            got: Got = mine.client.ask(ask)
            return got

        with ThreadPoolExecutor(clients) as threads:
            gots = list(threads.map(send, asks))
        for client in opened:
            client.close()
        return gots

    def ask_all(self, asks: Sequence[Ask], clients: int = 1) -> Tally:
        """Have clients send requests; judge the answers."""
        tally = Tally()
        for ask, got in zip(asks, self.send_all(asks, clients), strict=True):
            tally.count(ask, got, self.behaviours.values())
        return tally

    def serve(self, asks: Sequence[Ask]) -> None:
        """Send requests one after the other; each must get its right answer."""
        tally = self.ask_all(asks)
        assert (tally.lost, tally.wrong) == ([], [])
        assert len(tally.right) == len(asks)

    def in_use(self) -> int:
        """Return how many places are taken, and requests wait."""
        told = self.proxy.json("/api/status")["backends"].values()
        return sum(one["inFlight"] + one["waiting"] for one in told)
