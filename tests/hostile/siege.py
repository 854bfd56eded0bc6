"""
Many clients and failing servers for minutes: ``python -m tests.hostile.siege``.

Two simulated servers serve; one that flaps, one that answers garbage and one that is
killed and started again stand before them. Clients: some that search without a pause,
and many that are connected and say nothing, or a byte now and then. It tells what they
got, how long that took, and what the proxy held.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import os
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from tests.end_to_end.processes import Process, Proxy, Server
from tests.hostile.bad_backends import BadBackend, flaps, says

# By hand: what helps with it has a reactor, of which each process needs its own.
_FIELD = '--x\r\nContent-Disposition: form-data; name="{}"\r\n\r\n{}\r\n'
_ENTRIES = '{"clip": {"textual": {"modelName": "ViT-B-32__openai"}}}'
_BODY = f"{_FIELD.format('entries', _ENTRIES)}{_FIELD.format('text', 'a dog')}--x--\r\n"
_KIND = "Content-Type: multipart/form-data; boundary=x"
_HEAD = f"POST /predict HTTP/1.1\r\nHost: proxy\r\n{_KIND}\r\n"
SEARCH = f"{_HEAD}Content-Length: {len(_BODY)}\r\n\r\n{_BODY}".encode()


class Siege:
    """
    :param proxy: what is besieged.
    :ivar statuses: how often each was answered; 0: the connection broke.
    :ivar seconds: of each search that was answered.
    """

    def __init__(self, proxy: Proxy) -> None:
        address = urlsplit(proxy.url)
        self._host, self._port = str(address.hostname), address.port or 0
        self._end = 0.0
        self.proxy = proxy
        self.statuses: Counter[int] = Counter()
        self.seconds: list[float] = []
        self.most_memory = self.most_files = 0

    async def run(self, searching: int, idle: int, seconds: float, victim: Any) -> None:
        """Have so many clients at it for so long."""
        self._end = time.monotonic() + seconds
        await asyncio.gather(
            self._watch(),
            self._kill(victim),
            *(self._search() for _ in range(searching)),
            *(self._idle(number) for number in range(idle)),
        )

    async def _search(self) -> None:
        while time.monotonic() < self._end:
            writer = None
            try:
                reader, writer = await asyncio.open_connection(self._host, self._port)
                while time.monotonic() < self._end:
                    await self._ask(reader, writer)
            except (OSError, asyncio.IncompleteReadError):
                self.statuses[0] += 1
            finally:
                if writer is not None:
                    writer.close()

    async def _ask(self, reader: Any, writer: asyncio.StreamWriter) -> None:
        started = time.monotonic()
        writer.write(SEARCH)
        head = (await reader.readuntil(b"\r\n\r\n")).lower()
        length = int(head.partition(b"content-length: ")[2].partition(b"\r\n")[0])
        await reader.readexactly(length)
        self.statuses[int(head.split()[1])] += 1
        self.seconds.append(time.monotonic() - started)

    async def _idle(self, number: int) -> None:
        while time.monotonic() < self._end:
            with contextlib.suppress(OSError):
                reader, writer = await asyncio.open_connection(self._host, self._port)
                # A third says nothing, a third half a head, a third half a body.
                start = (b"", SEARCH[:40], SEARCH[:-20])[number % 3]
                writer.write(start)
                wait = max(0.1, min(70.0, self._end - time.monotonic()))
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(reader.read(), wait)
                writer.close()

    async def _kill(self, victim: Any) -> None:
        while time.monotonic() < self._end - 4:
            await asyncio.sleep(3)
            await asyncio.to_thread(victim.kill)
            await asyncio.sleep(1)
            await asyncio.to_thread(victim.restart)

    async def _watch(self) -> None:
        process = Path(f"/proc/{self.proxy.pid}")
        while time.monotonic() < self._end:
            self.most_memory = max(self.most_memory, _memory(self.proxy))
            self.most_files = max(self.most_files, len(os.listdir(process / "fd")))
            await asyncio.sleep(0.5)


def main() -> None:
    """Run it, and tell what came of it as JSON."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--minutes", type=float, default=5.0)
    options.add_argument("--searching", type=int, default=200)
    options.add_argument("--idle", type=int, default=2000)
    given = options.parse_args()
    started: list[Process] = []
    with tempfile.TemporaryDirectory() as folder:
        try:
            print(json.dumps(_besieged(Path(folder), started, given), indent=2))
        finally:
            for process in started:
                process.kill()


def _besieged(folder: Path, started: list[Process], given: Any) -> dict[str, Any]:
    names = ("good", "other", "victim")
    servers = {name: Server(folder, name, 0.005, 8, "up") for name in names}
    started.extend(servers.values())
    bad = {"flaps": BadBackend(flaps()), "garbage": BadBackend(says(os.urandom(300)))}
    urls = {name: server.url for name, server in servers.items()}
    urls |= {name: server.url for name, server in bad.items()}
    config = {
        "defaultBackend": [*urls],
        "backends": [{"name": name, "url": url} for name, url in urls.items()],
        "taskRouting": {},
    }
    (folder / "config.json").write_text(json.dumps(config))
    proxy = Proxy(folder)
    started.append(proxy)
    for name in names:
        proxy.await_health(name, "healthy")
    siege = Siege(proxy)
    before = _memory(proxy)
    asyncio.run(
        siege.run(given.searching, given.idle, given.minutes * 60, servers["victim"])
    )
    time.sleep(15)
    seconds = sorted(siege.seconds)
    return {
        "statuses": dict(siege.statuses),
        "median": seconds[len(seconds) // 2],
        "p99": seconds[len(seconds) * 99 // 100],
        "slowest": seconds[-1],
        "memoryBefore": before,
        "mostMemory": siege.most_memory,
        "memoryAfter15s": _memory(proxy),
        "mostFiles": siege.most_files,
        "filesAfter15s": len(os.listdir(f"/proc/{proxy.pid}/fd")),
        "tracebacks": proxy.output.count("Traceback"),
        "served": {
            name: (one["served"], one["failed"])
            for name, one in proxy.json("/api/status")["backends"].items()
        },
    }


def _memory(proxy: Proxy) -> int:
    """Return how many bytes of it are in memory."""
    pages = int(Path(f"/proc/{proxy.pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")


if __name__ == "__main__":
    main()
