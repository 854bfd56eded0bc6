"""
What open overviews cost: ``python -m benchmarks.overview`` (``--help`` for options).

The proxy runs with ``--demo``, so three machines are watched. Phases with and without
tabs take turns, without work and with a trickle of it; a tab asks every two seconds for
what is new, with gzip and the tag of what it has, as a browser does.
"""

from __future__ import annotations

import argparse
import http.client
import json
import os
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmarks.shared.process import CHECKOUT, free_port, server

PERIOD = 2.0
BOUNDARY = "overview"
SEARCH = {"clip": {"textual": {"modelName": "ViT-B-32__openai"}}}


def cpu_seconds(pid: int) -> float:
    """Return the CPU time that a process has taken."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


class Tab(threading.Thread):
    """
    A page that stays open until told to close.

    :param delay: seconds before it asks first: pages are not opened all at once.
    :ivar answers: status and bytes of each answer.
    """

    def __init__(self, port: int, delay: float, closed: threading.Event) -> None:
        super().__init__()
        self.answers: list[tuple[int, int]] = []
        self._connection = http.client.HTTPConnection("127.0.0.1", port)
        self._delay = delay
        self._closed = closed

    def run(self) -> None:
        """Ask, until it is closed."""
        cursor, tags = "", dict[str, str]()
        wait = self._delay
        while not self._closed.wait(wait):
            wait = PERIOD
            path = f"/api/overview?since={cursor}"
            headers = {"Accept-Encoding": "gzip"}
            if path in tags:
                headers["If-None-Match"] = tags[path]
            self._connection.request("GET", path, headers=headers)
            answer = self._connection.getresponse()
            body = answer.read()
            self.answers.append((answer.status, len(body)))
            if answer.status == 200:
                tag = answer.getheader("ETag") or ""
                tags = {path: tag}
                cursor = tag.strip('"').partition("/")[0]


@contextmanager
def trickle(port: int, per_second: float) -> Iterator[None]:
    """Have searches answered while the context lasts."""
    ended = threading.Event()
    parts = {"entries": json.dumps(SEARCH), "text": "a dog"}
    head = f"--{BOUNDARY}\r\nContent-Disposition: form-data; name="
    body = "".join(f'{head}"{name}"\r\n\r\n{one}\r\n' for name, one in parts.items())
    headers = {"Content-Type": f"multipart/form-data; boundary={BOUNDARY}"}

    def send() -> None:
        connection = http.client.HTTPConnection("127.0.0.1", port)
        while not ended.wait(1 / per_second):
            connection.request("POST", "/predict", f"{body}--{BOUNDARY}--\r\n", headers)
            answer = connection.getresponse()
            answer.read()
            assert answer.status == 200, answer.status

    sender = threading.Thread(target=send)
    if per_second:
        sender.start()
    try:
        yield
    finally:
        ended.set()
        if per_second:
            sender.join()


def phase(pid: int, port: int, tabs: int, seconds: float) -> tuple[float, list[Tab]]:
    """Return the share of a core that was used, and the tabs that were open."""
    closed = threading.Event()
    opened = [Tab(port, PERIOD * n / max(1, tabs), closed) for n in range(tabs)]
    for tab in opened:
        tab.start()
    time.sleep(PERIOD * 1.5)  # first answers are larger: they are not what is asked
    began, used = time.monotonic(), cpu_seconds(pid)
    time.sleep(seconds)
    share = (cpu_seconds(pid) - used) / (time.monotonic() - began)
    closed.set()
    for tab in opened:
        tab.join()
    return share, opened


def main() -> int:
    """Run, and print a table."""
    parser = argparse.ArgumentParser(description="Measure what open overviews cost.")
    parser.add_argument("--tabs", type=int, default=20)
    parser.add_argument("--seconds", type=float, default=20.0, help="of a phase")
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    port = free_port()
    with tempfile.TemporaryDirectory() as name:
        command = [
            *[str(Path(sys.executable).with_name("immich-ml-proxy")), "--demo"],
            *["--listen", f"tcp:{port}:interface=127.0.0.1"],
        ]
        environment = {"PYTHONPATH": str(CHECKOUT)}
        with server(
            "proxy",
            command,
            port=port,
            core=0,
            directory=Path(name),
            environment=environment,
        ) as child:
            print("searches/s  tabs  share of a core, each round      answer bytes")
            for per_second in (0.0, 5.0):
                shares: dict[int, list[float]] = {0: [], options.tabs: []}
                sizes: list[int] = []
                with trickle(port, per_second):
                    for _ in range(options.rounds):
                        for tabs in shares:
                            share, opened = phase(
                                child.pid, port, tabs, options.seconds
                            )
                            shares[tabs].append(share)
                            sizes += [
                                size for tab in opened for _, size in tab.answers[1:]
                            ]
                for tabs, found in shares.items():
                    told = " ".join(f"{100 * one:5.2f} %" for one in found)
                    size = f"{statistics.mean(sizes):.0f}" if tabs else "-"
                    print(f"{per_second:10.0f}  {tabs:4d}  {told:32s}  {size:>6s}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
