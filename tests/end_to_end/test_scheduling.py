"""Places, holding, draining and waking, with real processes."""

from __future__ import annotations

import signal
import socket
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from tests.end_to_end import immich
from tests.end_to_end.immich import Job
from tests.end_to_end.processes import Proxy, config_for, until
from tests.end_to_end.test_failures import FACES, SEARCH, form, predict
from tests.end_to_end.test_import import StartProxy, StartServer, check
from tests.pictures import jpeg

OCR = {
    "ocr": {
        "detection": {"modelName": "PP-OCRv5_mobile"},
        "recognition": {"modelName": "PP-OCRv5_mobile"},
    }
}


def jobs_for(count: int, album: list[str]) -> list[Job]:
    """Return work of all kinds on pictures, no two of one kind and picture."""
    kinds = ("image", "faces", "ocr")
    assert len(album) % len(kinds) and count <= len(album) * len(kinds)
    return [
        {"id": f"p{n}", "kind": kinds[n % 3], "file": album[n % len(album)]}
        for n in range(count)
    ]


def import_all(
    proxy: Proxy,
    jobs: list[Job],
    folder: Path,
    meanwhile: Callable[[int], object],
) -> list[Any]:
    """Have Immich's client do the jobs; ``meanwhile`` is told how many are done."""
    finished = []
    for job in immich.run(proxy.url, jobs, 16, folder):
        finished.append(job)
        meanwhile(len(finished))
    check(jobs, finished)
    return finished


def numbers(proxy: Proxy, name: str) -> Any:
    """Return what is told of a backend."""
    return proxy.json("/api/status")["backends"][name]


def test_an_import_outlives_the_restart_of_the_only_server(
    start_server: StartServer, start_proxy: StartProxy, tmp_path: Path, album: list[str]
) -> None:
    """Held for a minute, 120 pictures lose nothing while it is away."""
    server = start_server("only", 0.01, 4)
    default = {"backends": ["only"], "holdSeconds": 60}
    proxy = start_proxy(config_for(server, defaultBackend=default))
    held = []

    def restart() -> None:
        def is_held() -> bool:
            route = proxy.json("/api/status")["routes"]["default"]
            held.append(route["held"])
            return bool(route["down"] and route["held"] >= 8)

        until(is_held, "work is held")
        assert proxy.get("/ping") == (200, b"pong, holding work for: default")
        server.restart()

    restarting = threading.Thread(target=restart)

    def at_forty(done: int) -> None:
        if done == 40:
            server.kill()
            restarting.start()

    finished = import_all(proxy, jobs_for(120, album), tmp_path, at_forty)
    restarting.join()
    assert len(finished) == 120
    assert max(held) >= 8
    assert proxy.json("/api/status")["routes"]["default"]["held"] == 0


def test_one_of_two_servers_dies_under_load(
    start_server: StartServer, start_proxy: StartProxy, tmp_path: Path, album: list[str]
) -> None:
    """What it had is done by the other."""
    one, two = start_server("one", 0.02, 4), start_server("two", 0.02, 4)
    proxy = start_proxy(config_for(one, two))
    served = []

    def at_thirty(done: int) -> None:
        if done == 30:
            one.kill()
            until(lambda: numbers(proxy, "one")["inFlight"] == 0, "it has nothing left")
            served.append(numbers(proxy, "one")["served"])

    import_all(proxy, jobs_for(90, album), tmp_path, at_thirty)
    assert [numbers(proxy, "one")["served"]] == served
    assert numbers(proxy, "two")["served"] == 90 - served[0]


def test_a_server_that_fails_everything_costs_nobody_an_answer(
    start_server: StartServer, start_proxy: StartProxy, tmp_path: Path, album: list[str]
) -> None:
    """It answers pings, and is not asked again for what the other one then does."""
    good = start_server("good", 0.01, 4)
    bad = start_server("bad", 0.0, 4, "error")
    proxy = start_proxy(config_for(good, bad))
    finished = import_all(proxy, jobs_for(60, album), tmp_path, lambda done: None)
    assert {job["headers"]["x-immich-ml-backend"] for job in finished} == {"good"}
    told = numbers(proxy, "bad")
    assert (told["served"], told["failed"], told["ejections"]) == (0, 0, 0)
    assert told["retried"] >= 1
    assert told["cannot"]


def test_a_server_that_hangs_costs_nobody_an_answer(
    start_server: StartServer, start_proxy: StartProxy, tmp_path: Path, album: list[str]
) -> None:
    """What it was given is given to the other after some seconds."""
    one, two = start_server("one", 0.01, 4), start_server("two", 0.01, 4)
    proxy = start_proxy(config_for(one, two))

    def at_thirty(done: int) -> None:
        if done == 30:
            one.signal(signal.SIGSTOP)

    import_all(proxy, jobs_for(90, album), tmp_path, at_thirty)
    one.signal(signal.SIGCONT)
    proxy.await_health("one", "healthy")


def test_a_server_is_drained_in_the_middle_of_an_import(
    start_server: StartServer, start_proxy: StartProxy, tmp_path: Path, album: list[str]
) -> None:
    """It finishes what it has and gets nothing more; nobody notices."""
    one, two = start_server("one", 0.02, 4), start_server("two", 0.02, 4)
    proxy = start_proxy(config_for(one, two))
    served = []

    def at_thirty(done: int) -> None:
        if done == 30:
            status, told = proxy.post("/api/backends/one", {"state": "drain"})
            assert (status, told["backends"]["one"]["state"]) == (200, "drain")
            until(lambda: numbers(proxy, "one")["inFlight"] == 0, "it has finished")
            served.append(numbers(proxy, "one")["served"])

    import_all(proxy, jobs_for(90, album), tmp_path, at_thirty)
    told = numbers(proxy, "one")
    assert told["failed"] == 0
    assert [told["served"]] == served
    assert numbers(proxy, "two")["served"] == 90 - served[0]


def test_a_limit_by_task_holds(
    start_server: StartServer, start_proxy: StartProxy
) -> None:
    """
    One OCR at a time, of five that are sent, while two pictures go on beside it: the
    server answers nothing for ten minutes, so what is at it now is all it was given.
    """
    server = start_server("slow", 600.0, 64)
    config = config_for(server, healthCheckInterval=600)
    config["backends"][0] |= {"maxConcurrent": 8, "limits": {"ocr": 1}}
    proxy = start_proxy(config)
    picture = jpeg(1, 320, 200)
    bodies = [form(OCR, picture)] * 5 + [form(FACES, picture)] * 2
    for body in bodies:
        threading.Thread(target=send, args=(proxy, body), daemon=True).start()

    def all_there() -> bool:
        told = numbers(proxy, "slow")
        return bool(told["inFlight"] + told["waiting"] == len(bodies))

    until(all_there, "all have come")
    told = numbers(proxy, "slow")
    assert (told["inFlight"], told["waiting"]) == (3, 4)


def send(proxy: Proxy, body: bytes) -> None:
    """Send a form whose answer nobody will see: the test ends first."""
    with suppress(OSError):
        predict(proxy, body)


def test_a_sleeping_server_is_woken(
    start_server: StartServer, start_proxy: StartProxy
) -> None:
    """Work waits for it: a datagram with its address arrives, and the work is done."""
    server = start_server("sleeper")
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as ear:
        ear.bind(("127.0.0.1", 0))
        ear.settimeout(60)
        wake = {
            "mac": "00:11:22:aa:bb:cc",
            "broadcast": "127.0.0.1",
            "port": ear.getsockname()[1],
        }
        default = {"backends": ["sleeper"], "holdSeconds": 60}
        config = config_for(server, defaultBackend=default)
        config["backends"][0]["wakeOnLan"] = wake
        proxy = start_proxy(config)
        server.kill()
        answers: list[int] = []
        asking = threading.Thread(
            target=lambda: answers.append(predict(proxy, form(SEARCH, text="cat"))[0])
        )
        asking.start()
        packet = ear.recv(1024)
        assert packet == b"\xff" * 6 + bytes.fromhex("001122aabbcc") * 16
        server.restart()
        asking.join()
    assert answers == [200]


def test_searches_are_answered_during_an_import(
    start_server: StartServer, start_proxy: StartProxy, tmp_path: Path, album: list[str]
) -> None:
    """They go ahead of the pictures that wait, and each gets its own answer."""
    server = start_server("only", 0.02, 2)
    config = config_for(server)
    config["backends"][0]["maxConcurrent"] = 2
    proxy = start_proxy(config)
    jobs = jobs_for(60, album)
    for n in range(20):
        jobs.insert(3 * n, {"id": f"s{n}", "kind": "text", "text": f"a cat {n}"})
    import_all(proxy, jobs, tmp_path, lambda done: None)
    assert numbers(proxy, "only")["served"] == 80
