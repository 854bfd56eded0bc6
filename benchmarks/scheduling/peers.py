"""The proxies of the scheduling benchmark, each over the same simulated servers."""

from __future__ import annotations

import json
import os
import sys
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

from attrs import frozen

from benchmarks.scheduling.server import Simulated
from benchmarks.shared.process import CHECKOUT, free_port, server
from benchmarks.shared.template import fill

TEMPLATES = Path(__file__).with_name("conf")

Servers = Mapping[str, Simulated]
T = TypeVar("T")


@frozen
class Place:
    """Where a proxy runs and what it runs over."""

    port: int
    directory: Path
    servers: Servers


@frozen
class Peer:
    """A way to schedule. ``command`` writes the configuration and returns argv."""

    name: str
    command: Callable[[Place], Sequence[str]]
    is_ours: bool = False


@frozen
class Running:
    """A proxy that listens on ``port``."""

    port: int

    def status(self) -> Any:
        """Return what our ``/api/status`` tells."""
        url = f"http://127.0.0.1:{self.port}/api/status"
        with urllib.request.urlopen(url, timeout=10) as answer:
            return json.load(answer)


def nginx(balance: str = "") -> Peer:
    """Return nginx; ``balance`` is its directive, round robin if empty."""

    def command(place: Place) -> Sequence[str]:
        directory = place.directory / "nginx"
        directory.mkdir(exist_ok=True)
        path = directory / "nginx.conf"
        values = {
            "DIR": directory,
            "PORT": place.port,
            "BALANCE": f"{balance};" if balance else "",
            "SERVERS": " ".join(
                f"server 127.0.0.1:{each.port};" for each in place.servers.values()
            ),
        }
        text = fill(TEMPLATES / "nginx.conf", values)
        # A single process as root has nobody else's directories to care for.
        path.write_text(("user root;\n" if os.geteuid() == 0 else "") + text, "utf-8")
        return ["nginx", "-p", str(directory), "-c", str(path), "-e", "stderr"]

    return Peer(f"nginx {balance or 'round robin'}", command)


def haproxy(with_limits: bool = False) -> Peer:
    """Return HAProxy, leastconn; ``with_limits`` gives each server its maxconn."""

    def command(place: Place) -> Sequence[str]:
        path = place.directory / "haproxy.cfg"
        lines = [
            f"server {each.name} 127.0.0.1:{each.port}"
            + (f" maxconn {each.spec.places}" if with_limits else "")
            for each in place.servers.values()
        ]
        values = {"PORT": place.port, "SERVERS": "\n    ".join(lines)}
        path.write_text(fill(TEMPLATES / "haproxy.cfg", values), "utf-8")
        return ["haproxy", "-db", "-q", "-f", str(path)]

    return Peer("HAProxy " + ("maxconn" if with_limits else "leastconn"), command)


def ours(
    name: str,
    route: Mapping[str, object] | None = None,
    backend: Mapping[str, object] | None = None,
    with_limits: bool = False,
    **more: object,
) -> Peer:
    """
    Return this proxy.

    :param route: fields of the default route.
    :param backend: fields of every backend.
    :param with_limits: ``maxConcurrent`` is written down: each server's places.
    :param more: fields of the configuration.
    """

    def command(place: Place) -> Sequence[str]:
        backends = []
        for each in place.servers.values():
            one = {"name": each.name, "url": f"http://127.0.0.1:{each.port}"}
            limit = {"maxConcurrent": each.spec.places} if with_limits else {}
            backends.append({**one, **limit, **(backend or {})})
        document = {
            "defaultBackend": {"backends": [*place.servers], **(route or {})},
            "backends": backends,
            "taskRouting": {},
            **more,
        }
        path = place.directory / "config.json"
        path.write_text(json.dumps(document), "utf-8")
        twistd = "from twisted.scripts.twistd import run; run()"
        return [
            *(sys.executable, "-c", twistd, "-n", "--pidfile=", "immich-ml-proxy"),
            *("--listen", f"tcp:{place.port}:interface=127.0.0.1"),
            *("--config", str(path)),
        ]

    return Peer(f"ours {name}".strip(), command, is_ours=True)


@contextmanager
def proxy(
    peer: Peer, servers: Servers, core: int, directory: Path
) -> Iterator[Running]:
    """Run a proxy, pinned to ``core``, while the context lasts."""
    place = Place(free_port(), directory, servers)
    with server(
        peer.name.replace(" ", "-"),
        peer.command(place),
        port=place.port,
        core=core,
        directory=directory,
        environment={"PYTHONPATH": str(CHECKOUT)},
    ):
        running = Running(place.port)
        if peer.is_ours:
            await_checked(running)
        yield running


def await_checked(running: Running) -> None:
    """Wait until our proxy has pinged every server once, for 10 s at the most."""
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        told = running.status()["backends"].values()
        if all(one["status"] != "unknown" for one in told):
            return
        time.sleep(0.05)
    raise RuntimeError("the proxy has not pinged its servers")


@contextmanager
def watched(
    running: Running, look: Callable[[Any], T], every: float = 0.1
) -> Iterator[list[tuple[float, T]]]:
    """
    Look at the status of our proxy meanwhile.

    :param look: what is kept of the status.
    :param every: seconds between two looks.
    :return: seconds since the start, and what was seen then.
    """
    seen: list[tuple[float, T]] = []
    over = threading.Event()
    began = time.monotonic()

    def work() -> None:
        while not over.wait(every):
            told = running.status()
            seen.append((time.monotonic() - began, look(told)))

    thread = threading.Thread(target=work)
    thread.start()
    try:
        yield seen
    finally:
        over.set()
        thread.join()
