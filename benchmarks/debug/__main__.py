"""
What debug records cost: ``python -m benchmarks.debug`` (``--help`` for options).

First the CPU time of the proxy for a picture of 300 KB, with recording off and on in
turns. Then, with as many requests recorded as there may be, the longest time for which
one call holds the reactor while the list is asked for, searched and paged through, and
while the whole array is sent; and the size of each answer.
"""

from __future__ import annotations

import argparse
import http.client
import json
import os
import signal
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from benchmarks.shared.payloads import (
    CONTENT_TYPE,
    FACES,
    IMAGE_SEARCH,
    TEXT_SEARCH,
    form,
)
from benchmarks.shared.process import CHECKOUT, free_port, server
from tests.pictures import jpeg

#: Queries of the list, and how often each is asked.
QUERIES = (
    "limit=200",
    "limit=500",
    "text=vit-b-32",
    "text=no+such+thing",
    "task=search&status=ok",
    "kind=pings,pages&backend=gpu",
)
TIMES = 5


def bodies() -> list[bytes]:
    """Return a search, and a search and faces for a picture of 300 KB."""
    picture = jpeg(1, 1024, 768, grain=0.1)
    picture += bytes(max(0, 300 * 1024 - len(picture)))
    return [
        form(TEXT_SEARCH, "text", b"a dog on a beach"),
        form(IMAGE_SEARCH, "image", picture, "blob"),
        form(FACES, "image", picture, "blob"),
    ]


def cpu_seconds(pid: int) -> float:
    """Return the CPU time that the main thread of a process has taken, to the ns."""
    return int(Path(f"/proc/{pid}/schedstat").read_text().split()[0]) / 1e9


class Proxied:
    """A proxy, and a connection to it."""

    def __init__(self, pid: int, port: int, report: Path) -> None:
        self.pid = pid
        self._port = port
        self._report = report
        self._connection = http.client.HTTPConnection("127.0.0.1", port)

    def ask(
        self, method: str, path: str, body: bytes | None = None, kind: str = ""
    ) -> tuple[int, bytes]:
        """Return status and body of an answer."""
        headers = {"Content-Type": kind} if kind else {}
        self._connection.request(method, path, body, headers)
        answer = self._connection.getresponse()
        return answer.status, answer.read()

    def predict(self, body: bytes) -> None:
        """Have work done."""
        status, answer = self.ask("POST", "/predict", body, CONTENT_TYPE)
        if status != 200:
            raise SystemExit(f"a predict was answered {status}: {answer[:200]!r}")

    def record(self, enabled: bool) -> None:
        """Switch recording on or off."""
        text = json.dumps({"enabled": enabled}).encode()
        self.ask("POST", "/api/debug/toggle", text, "application/json")

    def longest(self) -> dict[str, Any]:
        """Return the longest calls since this was asked last."""
        self._report.unlink(missing_ok=True)
        os.kill(self.pid, signal.SIGUSR1)
        while not self._report.exists() or not self._report.read_text():
            time.sleep(0.01)
        told: dict[str, Any] = json.loads(self._report.read_text())
        return told


def cost(proxy: Proxied, rounds: int, requests: int) -> None:
    """Measure the CPU time of a picture with recording off and on."""
    body = bodies()[1]
    for _ in range(200):
        proxy.predict(body)
    ratios, times = [], []
    for _ in range(rounds):
        found = []
        for enabled in (False, True):
            proxy.record(enabled)
            began = cpu_seconds(proxy.pid)
            for _ in range(requests):
                proxy.predict(body)
            found.append((cpu_seconds(proxy.pid) - began) / requests * 1e6)
        times.append(found)
        ratios.append(found[1] / found[0])
    off, on = (statistics.median(one[n] for one in times) for n in (0, 1))
    print(f"a picture of 300 KB: {off:.0f} us of CPU time, recorded {on:.0f} us")
    print(
        f"ratio {statistics.median(ratios):.3f} ({min(ratios):.3f} to "
        f"{max(ratios):.3f}; {rounds} rounds of {requests} requests)"
    )


def lag(proxy: Proxied, count: int) -> None:
    """Record so many requests, and measure what it takes to look at them."""
    proxy.ask("DELETE", "/api/debug/records")
    proxy.record(True)
    forms = bodies()
    for number in range(count):
        proxy.predict(forms[number % len(forms)])
    print(proxy.ask("GET", "/api/debug/status")[1].decode())
    _tell("while they were recorded", proxy, 0)
    for query in QUERIES:
        for _ in range(TIMES):
            status, answer = proxy.ask("GET", f"/api/debug/records?{query}")
            assert status == 200, answer
        matching = json.loads(answer)["matching"]
        _tell(f"?{query} ({matching} match)", proxy, len(answer))
    _tell("details, commands and archives", proxy, max(_details(proxy)))
    began = time.monotonic()
    _, answer = proxy.ask("GET", "/api/debug/records")
    took = time.monotonic() - began
    records = len(json.loads(answer))
    _tell(f"the whole array ({records} records in {took:.1f} s)", proxy, len(answer))


def _details(proxy: Proxied) -> Iterator[int]:
    rows = json.loads(proxy.ask("GET", "/api/debug/records?limit=20")[1])["rows"]
    for row in rows:
        for more in ("", "/har", "/curl"):
            path = f"/api/debug/records/{row['id']}{more}"
            yield len(proxy.ask("GET", path)[1])


def _tell(what: str, proxy: Proxied, size: int) -> None:
    told = proxy.longest()
    longest = ", ".join(f"{ms:.1f}" for ms in told["longest"])
    print(f"{what}: {size:,} bytes; longest of {told['calls']} calls: {longest} ms")


def main() -> None:
    """Measure both."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.debug")
    parser.add_argument("--rounds", type=int, default=10)
    parser.add_argument("--requests", type=int, default=300, help="in half a round")
    parser.add_argument("--records", type=int, default=10_000)
    wanted = parser.parse_args()
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        ml, port = free_port(), free_port()
        path = {"PYTHONPATH": str(CHECKOUT)}
        demo = [sys.executable, "-m", "immich_ml_proxy.demo", "--port", str(ml)]
        demo += ["--seconds", "0", "--places", "64"]
        stack.enter_context(
            server("ml", demo, port=ml, core=None, directory=folder, environment=path)
        )
        config = {
            "defaultBackend": "gpu",
            "backends": [{"name": "gpu", "url": f"http://127.0.0.1:{ml}"}],
        }
        (folder / "config.json").write_text(json.dumps(config))
        report = folder / "report.json"
        command = [sys.executable, "-m", "benchmarks.debug.probed", str(report)]
        command += ["--listen", f"tcp:{port}:interface=127.0.0.1"]
        command += ["--config", str(folder / "config.json")]
        child = stack.enter_context(
            server(
                "proxy",
                command,
                port=port,
                core=None,
                directory=folder,
                environment=path,
            )
        )
        proxy = Proxied(child.pid, port, report)
        if wanted.rounds:
            cost(proxy, wanted.rounds, wanted.requests)
        if wanted.records:
            lag(proxy, wanted.records)


if __name__ == "__main__":
    main()
