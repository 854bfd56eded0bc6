"""A library is imported through the real proxy by Immich's real client."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.end_to_end import immich
from tests.end_to_end.immich import Job, answer_due
from tests.end_to_end.processes import Proxy, Server, config_for
from tests.pictures import large_picture, pictures

StartServer = Callable[..., Server]
StartProxy = Callable[..., Proxy]


def check(jobs: list[Job], finished: list[Any]) -> None:
    """Every job is answered once, and with its own answer."""
    assert Counter(job["id"] for job in finished) == Counter(job["id"] for job in jobs)
    given = {job["id"]: job for job in jobs}
    for job in finished:
        assert job.get("status") == 200, job
        assert job["body"] == answer_due(given[job["id"]]), job["id"]


def test_no_photo_is_lost_when_a_server_dies_and_comes_back(
    start_server: StartServer, start_proxy: StartProxy, tmp_path: Path
) -> None:
    """
    240 pictures of all kinds, searches and pings among them, at concurrency 16 over
    three servers, of which one is killed and restarted on the way: each gets its
    answer.
    """
    servers = [start_server(name, 0.01, 4) for name in ("gpu", "mac", "nas")]
    proxy = start_proxy(config_for(*servers))
    files = list(pictures(240, tmp_path))
    kinds = ("image", "faces", "ocr")
    jobs: list[Job] = []
    for number, file in enumerate(files):
        jobs.append({"id": f"p{number}", "kind": kinds[number % 3], "file": str(file)})
        if number % 6 == 0:
            jobs.append({"id": f"s{number}", "kind": "text", "text": f"cat {number}"})
        if number % 12 == 0:
            jobs.append({"id": f"h{number}", "kind": "ping"})
    finished = []
    for job in immich.run(proxy.url, jobs, 16, tmp_path):
        finished.append(job)
        if len(finished) == 60:
            servers[1].kill()
        if len(finished) == 160:
            servers[1].restart()
    check(jobs, finished)
    proxy.await_health("mac", "healthy")
    answered_by = {job["headers"].get("x-immich-ml-backend") for job in finished}
    assert {"gpu", "mac", "nas"} <= answered_by


def test_work_goes_where_it_is_routed(
    start_server: StartServer, start_proxy: StartProxy, tmp_path: Path
) -> None:
    """A task's route, a type's route and the default are all obeyed."""
    servers = [start_server(name) for name in ("gpu", "mac", "nas")]
    routing = {"facial_recognition": "gpu", "clip/textual": ["mac"]}
    config = config_for(*servers, defaultBackend="nas", taskRouting=routing)
    proxy = start_proxy(config)
    picture = str(next(pictures(1, tmp_path)))
    jobs: list[Job] = [
        {"id": "text", "kind": "text", "text": "a dog on a beach"},
        *({"id": k, "kind": k, "file": picture} for k in ("image", "faces", "ocr")),
    ]
    finished = list(immich.run(proxy.url, jobs, 1, tmp_path))
    check(jobs, finished)
    told = {job["id"]: job["headers"]["x-immich-ml-backend"] for job in finished}
    assert told == {"text": "mac", "image": "nas", "faces": "gpu", "ocr": "nas"}


def test_a_large_picture_passes_unchanged(
    start_server: StartServer, start_proxy: StartProxy, tmp_path: Path
) -> None:
    """A picture of several megabytes arrives byte for byte."""
    proxy = start_proxy(config_for(start_server()))
    large = str(large_picture(tmp_path))
    jobs = [{"id": n, "kind": "image", "file": large} for n in range(4)]
    check(jobs, list(immich.run(proxy.url, jobs, 4, tmp_path)))
