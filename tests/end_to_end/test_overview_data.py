"""What the overview tells of real work, with real processes."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from tests.end_to_end.processes import Proxy, config_for, until
from tests.end_to_end.test_failures import FACES, form, predict
from tests.end_to_end.test_import import StartProxy, StartServer
from tests.end_to_end.test_scheduling import import_all, jobs_for
from tests.pictures import jpeg

KINDS = {"image": "clip", "faces": "faces", "ocr": "ocr"}


def done(proxy: Proxy) -> Counter[str]:
    """Return how many images were answered since the start, by kind."""
    kinds = proxy.json("/api/overview")["left"]["kinds"]
    return Counter({kind: one["done"] for kind, one in kinds.items()})


def test_the_numbers_are_those_of_what_was_sent(
    start_server: StartServer, start_proxy: StartProxy, tmp_path: Path, album: list[str]
) -> None:
    """
    Within 5 %, by kind and by machine, in both plots.

    Two machines with their own pace share an import; a page polls meanwhile, and what
    it was told piece by piece adds up to the same.
    """
    fast, slow = start_server("fast", 0.005, 4), start_server("slow", 0.02, 2)
    proxy = start_proxy(config_for(fast, slow))
    jobs = jobs_for(150, album)
    jobs += [{"id": f"s{n}", "kind": "text", "text": f"a cat {n}"} for n in range(30)]
    page: dict[tuple[str, int], int] = {}
    cursor = [_take(page, proxy.json("/api/overview"))]

    def poll(finished: int) -> None:
        if finished % 20 == 0:
            path = f"/api/overview?since={cursor[-1]}"
            cursor.append(_take(page, proxy.json(path)))

    finished = import_all(proxy, jobs, tmp_path, poll)
    sent = Counter(KINDS[job["kind"]] for job in jobs if job["kind"] in KINDS)
    until(lambda: done(proxy).total() == 150, "all are told")
    _take(page, proxy.json(f"/api/overview?since={cursor[-1]}"))
    for kind, count in sent.items():
        assert done(proxy)[kind] == pytest.approx(count, rel=0.05)
    by_machine = Counter(
        one["headers"]["x-immich-ml-backend"]
        for one in finished
        if not one["id"].startswith("s")
    )
    for plot in ("15m", "24h"):
        told = proxy.json(f"/api/overview?plot={plot}")["plot"]
        for name, count in by_machine.items():
            assert sum(told["images"][name]) == pytest.approx(count, rel=0.05)
        assert any(told["searchP95"])
    pieces = Counter[str]()
    for (name, _), count in page.items():
        pieces[name] += count
    assert pieces == by_machine


def _take(page: dict[tuple[str, int], int], told: Any) -> str:
    """Do what a page does with an answer, and return its cursor."""
    plot = told["plot"]
    for name, counts in plot["images"].items():
        for at, count in enumerate(counts):
            page[name, plot["from"] + at] = count
    cursor: str = told["cursor"]
    return cursor


def test_a_machine_that_is_renamed_keeps_its_numbers(
    start_server: StartServer, start_proxy: StartProxy
) -> None:
    """They belong to its address."""
    server = start_server("before")
    config = config_for(server)
    proxy = start_proxy(config)
    for number in range(7):
        assert predict(proxy, form(FACES, jpeg(number, 320, 200)))[0] == 200
    until(lambda: done(proxy)["faces"] == 7, "all are told")
    config["backends"][0]["name"] = config["defaultBackend"] = "after"
    assert proxy.post("/api/config", config)[0] == 200
    told = proxy.json("/api/overview")
    [machine] = told["machines"]
    assert (machine["name"], machine["state"]) == ("after", "up")
    assert sum(told["plot"]["images"]["after"]) == 7
    assert "before is called after now" in [one["text"] for one in told["events"]]


def test_a_machine_that_dies_and_comes_back_is_an_event_each(
    start_server: StartServer, start_proxy: StartProxy
) -> None:
    """With the reason, and for how long."""
    server = start_server("mortal")
    proxy = start_proxy(config_for(server, healthCheckInterval=1))

    def checked() -> float:
        return float(proxy.json("/api/health")["mortal"]["lastCheck"])

    # It dies between two pings: one under way would be broken off, not refused.
    before = checked()
    until(lambda: checked() != before, "it was pinged")
    server.kill()
    until(lambda: state(proxy) == "down", "it is down")
    assert proxy.json("/api/overview")["machines"][0]["why"] == "connection refused"
    server.restart()
    until(lambda: state(proxy) == "up", "it is up")
    texts = [one["text"] for one in proxy.json("/api/overview")["events"]]
    assert texts[-2] == "mortal is down: connection refused"
    assert texts[-1].startswith("mortal is up again after ")


def state(proxy: Proxy) -> str:
    """Return the state of the only machine."""
    [machine] = proxy.json("/api/overview")["machines"]
    return str(machine["state"])


def test_a_real_server_is_tried(
    start_server: StartServer, start_proxy: StartProxy
) -> None:
    """Its version, and a sample of each kind; the same with https is corrected."""
    server = start_server("real", 0.01)
    proxy = start_proxy(None)
    kinds = ["search", "clip", "faces", "ocr"]
    status, told = proxy.post("/api/try", {"url": server.url, "samples": kinds})
    assert (status, told["kind"], told["version"]) == (200, "ml", "2")
    assert told["abilities"] == kinds
    https = server.url.replace("http", "https", 1)
    _, told = proxy.post("/api/try", {"url": https})
    assert (told["kind"], told["correction"]) == ("tls-to-plain", server.url)
    _, told = proxy.post("/api/try", {"url": proxy.url})
    assert told["kind"] == "this"
    server.kill()
    _, told = proxy.post("/api/try", {"url": server.url})
    assert told["kind"] == "refused"
