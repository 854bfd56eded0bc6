"""Peers: what is measured, how each one is configured and started.

All serve the same two stub ML servers, a and b. To measure another proxy, add a
`Peer` to `all_peers`.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

from attrs import frozen

from benchmarks.shared.measure import Cores
from benchmarks.shared.process import CHECKOUT, free_port, server, tree
from benchmarks.shared.template import fill

TEMPLATES = Path(__file__).with_name("conf")
PROBE_PATH = "/api/health"
"""A GET that every proxy answers by itself, without a backend."""


@frozen
class Place:
    """Where a peer runs: its port, its own directory and the ports of the stubs."""

    port: int
    directory: Path
    stub_a: int
    stub_b: int


@frozen
class Peer:
    """A proxy to measure. ``command`` writes its configuration and returns argv."""

    name: str
    command: Callable[[Place], Sequence[str]]
    reads_body: bool
    """Whether the task in the body decides between the stubs."""
    checkout: Path = CHECKOUT
    """Where its Python modules are, if it has any."""
    port: int = 0
    """The one that it listens on whatever it is told; 0: it can be told."""


@frozen
class Running:
    """A target of load: the peer's port and its process, None if it is a stub."""

    name: str
    port: int
    child: subprocess.Popen[bytes] | None
    reads_body: bool

    def pids(self) -> list[int]:
        """Return the process ids of the proxy; none for the stub."""
        return [] if self.child is None else tree(self.child)


def _nginx_modules() -> str:
    built = subprocess.run(["nginx", "-V"], capture_output=True, text=True, check=True)
    for word in built.stderr.split():
        if word.startswith("--modules-path="):
            return word.partition("=")[2]
    raise RuntimeError("nginx -V names no --modules-path; install nginx from apt")


def _nginx(template: str, directory: Path, values: Mapping[str, object]) -> list[str]:
    directory.mkdir(exist_ok=True)
    # Workers of a root master would become "nobody" and lose their directory.
    user = "user root;" if os.geteuid() == 0 else ""
    common = {"DIR": directory, "MODULES": _nginx_modules(), "USER": user}
    path = directory / "nginx.conf"
    path.write_text(fill(TEMPLATES / template, {**values, **common}), "utf-8")
    return ["nginx", "-p", str(directory), "-c", str(path), "-e", "stderr"]


def _nginx_router(place: Place, name: str, route: str) -> list[str]:
    values = {
        "PORT": place.port,
        "PROBE": PROBE_PATH,
        "STUB_A": place.stub_a,
        "STUB_B": place.stub_b,
        "ROUTE": fill(TEMPLATES / route, {}),
    }
    return _nginx("nginx.conf", place.directory / name, values)


def nginx_command(place: Place) -> list[str]:
    """Configure nginx as a router by a regular expression on the body (Lua reads it).

    The fastest we know; it takes only the order of fields and tasks that it expects.
    """
    return _nginx_router(place, "nginx", "route-regex.conf")


def nginx_lua_command(place: Place) -> list[str]:
    """Configure nginx as a router that finds ``entries`` and parses it in Lua."""
    return _nginx_router(place, "nginx-lua", "route-lua.conf")


def bare_command(place: Place) -> list[str]:
    """Run the least that Klein and treq can do: pass every body on to stub a."""
    stub = f"http://127.0.0.1:{place.stub_a}"
    return [sys.executable, "-m", "benchmarks.proxies.bare", str(place.port), stub]


def klein_command(place: Place) -> list[str]:
    """Run Klein alone: it takes every body and answers by itself."""
    return [sys.executable, "-m", "benchmarks.proxies.bare", str(place.port)]


def haproxy_command(place: Place) -> list[str]:
    """Configure HAProxy as a load balancer over both stubs."""
    values = {
        "PORT": place.port,
        "PROBE": PROBE_PATH,
        "STUB_A": place.stub_a,
        "STUB_B": place.stub_b,
    }
    path = place.directory / "haproxy.cfg"
    path.write_text(fill(TEMPLATES / "haproxy.cfg", values), "utf-8")
    return ["haproxy", "-db", "-q", "-f", str(path)]


def configuration(place: Place) -> dict[str, object]:
    """Return a config.json that sends clip to stub a and faces to stub b."""
    backends = {"a": place.stub_a, "b": place.stub_b}
    return {
        "defaultBackend": "a",
        "backends": [
            {"name": name, "url": f"http://127.0.0.1:{port}"}
            for name, port in backends.items()
        ],
        "taskRouting": {"clip": "a", "facial-recognition": "b"},
    }


def proxy_options(
    place: Place, settings: Mapping[str, object] | None = None
) -> list[str]:
    """Write config.json for this proxy and return its command-line options.

    :param settings: members of the configuration, added to what routing needs.
    """
    path = place.directory / "config.json"
    path.write_text(json.dumps({**configuration(place), **(settings or {})}), "utf-8")
    listen = f"tcp:{place.port}:interface=127.0.0.1"
    return ["--listen", listen, "--config", str(path)]


def proxy_command(
    place: Place,
    python: str = sys.executable,
    settings: Mapping[str, object] | None = None,
) -> list[str]:
    """Run the proxy the way its users do, under twistd.

    :param python: the Python that has its libraries.
    :param settings: as those of `proxy_options`.
    """
    twistd = "from twisted.scripts.twistd import run; run()"
    options = ["-n", "--pidfile=", "immich-ml-proxy", *proxy_options(place, settings)]
    return [python, "-c", twistd, *options]


def all_peers() -> dict[str, Peer]:
    """Return every proxy by name, ours first."""
    peers = (
        Peer("immich-ml-proxy", proxy_command, reads_body=True),
        Peer("nginx", nginx_command, reads_body=True),
        Peer("nginx-lua", nginx_lua_command, reads_body=True),
        Peer("bare", bare_command, reads_body=False),
        Peer("klein", klein_command, reads_body=False),
        Peer("haproxy", haproxy_command, reads_body=False),
    )
    return {peer.name: peer for peer in peers}


def missing_programs(names: Sequence[str]) -> list[str]:
    """Return the programs that a run with the peers ``names`` lacks."""
    wanted = ["wrk", "nginx", *(name for name in names if name == "haproxy")]
    return [program for program in wanted if shutil.which(program) is None]


@contextmanager
def run_stub(
    name: str, core: int, directory: Path, delay: float = 0.0
) -> Iterator[Running]:
    """Run a stub ML server that answers ``delay`` seconds after the last byte."""
    port = free_port()
    values = {"PORT": port, "NAME": name, "DELAY": delay}
    command = _nginx("stub.conf", directory / f"stub-{name}", values)
    with server(
        f"stub-{name}", command, port=port, core=core, directory=directory
    ) as child:
        yield Running("direct", port, child, reads_body=False)


@contextmanager
def run_peers(
    peers: Sequence[Peer], cores: Cores, directory: Path, delay: float = 0.0
) -> Iterator[dict[str, Running]]:
    """Run both stubs and the ``peers``; yield them by name, with stub a as "direct".

    All peers are pinned to the same core: only one may be loaded at a time.
    """
    with ExitStack() as stack:
        stub_a = stack.enter_context(run_stub("a", cores.stub_a, directory, delay))
        stub_b = stack.enter_context(run_stub("b", cores.stub_b, directory, delay))
        targets = {"direct": Running("direct", stub_a.port, None, reads_body=False)}
        for peer in peers:
            home = directory / peer.name
            home.mkdir(exist_ok=True)
            place = Place(free_port(peer.port), home, stub_a.port, stub_b.port)
            child = stack.enter_context(
                server(
                    peer.name,
                    peer.command(place),
                    port=place.port,
                    core=cores.proxy,
                    directory=home,
                    environment={"PYTHONPATH": str(peer.checkout)},
                )
            )
            targets[peer.name] = Running(peer.name, place.port, child, peer.reads_body)
        yield targets
