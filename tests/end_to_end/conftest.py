"""Starts what a test asks for, and ends it with the test."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.end_to_end.fleet import Fleet
from tests.end_to_end.one_proxy import Configure, put_in_force
from tests.end_to_end.processes import Process, Proxy, Server
from tests.pictures import pictures


@pytest.fixture
def processes() -> Iterator[list[Process]]:
    """The processes of a test; killed at its end."""
    started: list[Process] = []
    yield started
    for process in started:
        process.kill()


@pytest.fixture
def start_server(tmp_path: Path, processes: list[Process]) -> Callable[..., Server]:
    """Starts a simulated ML server."""

    def start(
        name: str = "ml", service_time: float = 0.0, places: int = 4, mode: str = "up"
    ) -> Server:
        server = Server(tmp_path, name, service_time, places, mode)
        processes.append(server)
        return server

    return start


@pytest.fixture
def start_proxy(tmp_path: Path, processes: list[Process]) -> Callable[..., Proxy]:
    """Starts the proxy with a configuration, or without any."""

    def start(config: dict[str, Any] | None = None, *options: str) -> Proxy:
        if config is not None:
            (tmp_path / "config.json").write_text(json.dumps(config))
        proxy = Proxy(tmp_path, *options)
        processes.append(proxy)
        for backend in (config or {}).get("backends", ()):
            proxy.await_health(backend["name"], "healthy")
        return proxy

    return start


@pytest.fixture(scope="session")
def one_proxy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Proxy]:
    """A proxy, started once for all tests of a process that only save to it."""
    proxy = Proxy(tmp_path_factory.mktemp("one"))
    yield proxy
    proxy.kill()


@pytest.fixture
def configure(one_proxy: Proxy) -> Iterator[Configure]:
    """
    Puts a configuration in force, whose machines need not be there, and returns the
    proxy, which other tests use as well.
    """

    def start(config: dict[str, Any]) -> Proxy:
        put_in_force(one_proxy, config)
        return one_proxy

    yield start
    assert one_proxy.json("/api/status")["configError"] is None
    assert "Traceback" not in one_proxy.output


@pytest.fixture(scope="session")
def album(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """The files of fifty pictures, made once for all tests of a process."""
    return [*map(str, pictures(50, tmp_path_factory.mktemp("album")))]


@pytest.fixture(scope="session")
def one_fleet(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Fleet]:
    """A proxy and simulated servers, for all tests that are about what they can."""
    started: list[Process] = []
    yield Fleet(tmp_path_factory.mktemp("fleet"), started)
    for process in started:
        process.kill()


@pytest.fixture
def fleet(one_fleet: Fleet) -> Iterator[Fleet]:
    """The fleet; after a test every place is given back, whatever came of it."""
    yield one_fleet
    assert one_fleet.in_use() == 0
