"""A name that stands for all its addresses, as a real name server tells them."""

from __future__ import annotations

import json
import os
import socket
import ssl
import sys
import time
from collections import Counter
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from tests.certificates import Authority
from tests.end_to_end import programs
from tests.end_to_end.load import Load
from tests.end_to_end.processes import Process, Proxy, until
from tests.end_to_end.test_failures import SEARCH, form, predict
from tests.mounts import bound, can_mount, with_mounts
from tests.serving import serve_beside

HERE = "127.0.0.1"
#: Addresses on loopback that no other process of the tests uses.
NET = f"127.{100 + os.getpid() % 100}.{os.getpid() // 100 % 250}"
#: Where the name server listens: the system's resolver knows no port but 53.
NAMES_AT = f"{NET}.53"
DNS_PORT = 53
NAME = "tasks.immich-ml.test"
#: Seconds after which a new replica must have been used.
SOON = 15.0


def can_listen() -> bool:
    """Whether we may be the name server of the system's resolver."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as tried:
        try:
            tried.bind((NAMES_AT, DNS_PORT))
        except OSError:
            return False
    return True


def at(number: int) -> str:
    """Return the address of a server."""
    return f"{NET}.{number}"


class Replicas:
    """
    Simulated ML servers at the addresses of ``NET``, all on one port, behind one name.

    :param folder: for files.
    :param processes: gets all that is started.
    :param mounted: the proxy's process has a ``/etc/resolv.conf`` of its own; else its
        ``getaddrinfo`` asks our name server.
    """

    def __init__(self, folder: Path, processes: list[Process], mounted: bool) -> None:
        self._folder = folder
        self._processes = processes
        self._mounted = mounted
        self._running: dict[int, Process] = {}
        self._table = folder / "table"
        with socket.create_server((at(1), 0)) as free:
            self.port = free.getsockname()[1]
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as names:
            names.bind((NAMES_AT, DNS_PORT if mounted else 0))
            self._names_port = names.getsockname()[1]
        self.name()
        self._start(
            [
                *[sys.executable, "-m", "tests.end_to_end.name_server"],
                *[NAMES_AT, str(self._names_port), str(self._table)],
            ],
            "names.log",
        ).await_url()

    def _start(self, arguments: list[str], log: str) -> Process:
        process = Process(programs.execute, arguments, self._folder / log)
        process.start()
        self._processes.append(process)
        return process

    def name(self, *addresses: str, silent: bool = False) -> None:
        """Have the name server tell these addresses; none: there is no such name."""
        told: dict[str, Any] = {NAME: [*addresses]} if addresses else {}
        new = self._folder / "table.new"
        new.write_text(json.dumps({NAME: None} if silent else told))
        new.rename(self._table)

    def run(self, *numbers: int) -> None:
        """Have these servers run and be named; others are ended once nobody asks."""
        for number in numbers:
            if number not in self._running:
                arguments = ["demo", f"--port={self.port}", f"--name=ml-{number}"]
                arguments += [f"--address={at(number)}", "--places=2"]
                arguments += ["--seconds=0.2"]
                log = self._folder / f"ml-{number}.log"
                process = Process(programs.demo, arguments, log)
                process.start()
                self._processes.append(process)
                self._running[number] = process
                process.await_url()
        self.name(*map(at, numbers))

    def end(self, *numbers: int) -> None:
        """End servers as a container's end does: what they have under way is lost."""
        for number in numbers:
            self._running.pop(number).stop()

    def start_proxy(self, **backend: Any) -> Proxy:
        """Start a proxy whose only backend is the name."""
        config = {
            "defaultBackend": "ml",
            "backends": [
                {
                    "name": "ml",
                    "url": f"http://{NAME}:{self.port}",
                    "resolve": "all",
                    **backend,
                }
            ],
            "taskRouting": {},
        }
        (self._folder / "config.json").write_text(json.dumps(config))
        command = [sys.executable, "-m", "tests.end_to_end.pretending", "twistd"]
        command += ["--nodaemon", "--pidfile=", "immich-ml-proxy"]
        command += [f"--listen=tcp:0:interface={HERE}"]
        if self._mounted:
            resolv = self._folder / "resolv.conf"
            resolv.write_text(f"nameserver {NAMES_AT}\noptions timeout:1 attempts:2\n")
            command = with_mounts([bound(resolv, Path("/etc/resolv.conf"))], command)
        else:
            where = f"{NAMES_AT} {self._names_port}"
            (self._folder / "name-server").write_text(where)
        proxy = Proxy(self._folder, command=command)
        self._processes.append(proxy)
        return proxy


@pytest.fixture
def secure(tmp_path: Path) -> Iterator[tuple[int, Path, list[str | None]]]:
    """A TLS server at the first address: its port, whom to trust, what it was asked."""
    authority = Authority("a cluster")
    trusted = tmp_path / "authority.pem"
    trusted.write_bytes(authority.certificate)
    asked: list[str | None] = []

    class Pong(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.headers["Host"])
            self.send_response(200)
            self.send_header("Content-Length", "4")
            self.end_headers()
            self.wfile.write(b"pong")

        def log_message(self, format: str, *args: Any) -> None:
            """Write nothing."""

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(authority.sign(NAME).write(tmp_path, "server"))
    context.sni_callback = lambda socket, name, context: asked.append(name)
    with ThreadingHTTPServer((at(1), 0), Pong) as server:
        server.socket = context.wrap_socket(server.socket, server_side=True)
        serving = serve_beside(server)
        yield server.server_port, trusted, asked
        server.shutdown()
        serving.join()


@pytest.fixture
def replicas(tmp_path: Path, processes: list[Process]) -> Replicas:
    """
    Nobody there yet.

    Where the test may not give a process a ``/etc/resolv.conf`` of its own, the real
    DNS server is still asked, by a ``getaddrinfo`` of ours.
    """
    return Replicas(tmp_path, processes, mounted=can_mount() and can_listen())


def seen(proxy: Proxy) -> dict[str, Any]:
    """Return what is told of the replicas, by address."""
    told: dict[str, Any] = proxy.json("/api/status")["backends"]["ml"]["replicas"]
    return told


def served(proxy: Proxy) -> Counter[str]:
    """Return how many each replica has served."""
    return Counter({address: one["served"] for address, one in seen(proxy).items()})


def await_used(proxy: Proxy, *numbers: int) -> float:
    """Wait until each of these has served something; return the seconds it took."""
    began = time.monotonic()
    wanted = {*map(at, numbers)}
    until(
        lambda: wanted <= {one for one, count in served(proxy).items() if count},
        f"{wanted} are used",
    )
    return time.monotonic() - began


@pytest.mark.waits
def test_from_one_to_five_to_two_replicas_under_load(replicas: Replicas) -> None:
    """No request fails; a new replica is used within 15 s, one that is gone no more."""
    replicas.run(1)
    proxy = replicas.start_proxy()
    proxy.await_health("ml", "healthy")
    with Load(proxy, clients=6) as load:
        assert await_used(proxy, 1) < SOON
        replicas.run(1, 2, 3, 4, 5)
        assert await_used(proxy, 1, 2, 3, 4, 5) < SOON
        replicas.run(2, 4)
        gone = {at(1), at(3), at(5)}
        until(lambda: not gone & {*seen(proxy)}, "they are gone, and have finished")
        replicas.end(1, 3, 5)
        load.await_answers(50)
    assert load.lost == []
    assert {status for status, _ in load.pings} == {200}
    told = proxy.json("/api/status")["backends"]["ml"]
    # Of those that are gone, too. Searches are counted when they are answered.
    assert told["served"] == len(load.answers)
    assert told["failed"] == 0
    assert {*told["replicas"]} == {at(2), at(4)}


@pytest.mark.waits
def test_replicas_that_are_ended_before_the_name_forgets_them(
    replicas: Replicas,
) -> None:
    """As when a node dies: the others take over what it had, and nothing is lost."""
    replicas.run(1, 2, 3)
    proxy = replicas.start_proxy()
    proxy.await_health("ml", "healthy")
    with Load(proxy, clients=6) as load:
        await_used(proxy, 1, 2, 3)
        replicas.end(2, 3)
        load.await_answers(50)
        until(lambda: "2 of 3 replicas down" in _note(proxy), "it is told")
        replicas.run(1)
        until(lambda: {*seen(proxy)} == {at(1)}, "they are gone")
    assert load.lost == []


def _note(proxy: Proxy) -> str:
    return str(proxy.json("/api/health")["ml"].get("note", ""))


@pytest.mark.parametrize("answer", ["none", "no such name"])
@pytest.mark.waits
def test_a_name_server_that_is_ill_takes_no_replica_away(
    replicas: Replicas, answer: str
) -> None:
    """What is known stays in use, and it is told that the name cannot be looked up."""
    replicas.run(1, 2)
    proxy = replicas.start_proxy()
    proxy.await_health("ml", "healthy")
    replicas.name(silent=answer == "none")
    until(lambda: "its name cannot be looked up" in _note(proxy), "it is told")
    for number in range(4):
        assert predict(proxy, form(SEARCH, text=f"a dog {number}"))[0] == 200
    assert {*seen(proxy)} == {at(1), at(2)}


@pytest.mark.waits
def test_a_name_that_comes_later_is_found(replicas: Replicas) -> None:
    """A stack starts in any order."""
    proxy = replicas.start_proxy()
    proxy.await_health("ml", "unhealthy")
    assert "host name not found" in proxy.json("/api/health")["ml"]["error"]
    replicas.run(1, 2)
    proxy.await_health("ml", "healthy")
    until(lambda: len(seen(proxy)) == 2, "both are there")


def test_a_certificate_is_for_the_name_and_not_for_the_address(
    replicas: Replicas, secure: tuple[int, Path, list[str | None]]
) -> None:
    """By which the replica is asked, too."""
    port, trusted, asked = secure
    replicas.name(at(1))
    url = f"https://{NAME}:{port}"
    proxy = replicas.start_proxy(url=url, caFile=str(trusted))
    until(lambda: {*seen(proxy)} == {at(1)}, "it is found")
    proxy.await_health("ml", "healthy")
    assert {*asked} == {NAME, f"{NAME}:{port}"}


def test_an_answer_says_which_replica_it_is_from(replicas: Replicas) -> None:
    """And the replica is asked by the backend's name."""
    replicas.run(1)
    proxy = replicas.start_proxy()
    proxy.await_health("ml", "healthy")
    until(lambda: len(seen(proxy)) == 1, "it is found")
    proxy.post("/api/debug/toggle", {"enabled": True})
    assert predict(proxy, form(SEARCH, text="a dog"))[0] == 200
    records = proxy.json("/api/debug/records")
    [sent] = [one for one in records if "/predict#" in one["request"]["url"]]
    assert sent["backend"] == f"ml ({at(1)})"
