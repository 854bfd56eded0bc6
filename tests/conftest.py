"""What holds for every test: nothing goes wrong unseen."""

from __future__ import annotations

import gc
import resource
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from functools import cache
from importlib import metadata
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from twisted.logger import (
    ILogObserver,
    LogEvent,
    LogLevel,
    formatEvent,
    globalLogPublisher,
)
from zope.interface import implementer

from tests import mutation_run
from tests.memory_proxy import Proxy
from tests.network import Network

# pytest asks for Twisted's version before each test, for which all that it says of
# itself would be read anew: that takes as long as most of the tests.
setattr(metadata, "version", cache(metadata.version))  # noqa: B010

# How fast this machine is just now is no property of the rules.
settings.register_profile(
    "unhurried", deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
mutation_run.register_profile("mutants", settings.get_profile("unhurried"))
settings.load_profile("unhurried")


@implementer(ILogObserver)
class Logged:
    """The errors that were logged during a test."""

    def __init__(self) -> None:
        self._events: list[LogEvent] = []

    def __call__(self, event: LogEvent) -> None:
        """Take an event, if it is an error; see ``ILogObserver``."""
        level = event.get("log_level", LogLevel.info)
        if event.get("log_failure") is not None or level >= LogLevel.error:
            self._events.append(event)

    def expect(self, *kinds: type[Exception]) -> list[str]:
        """
        Take the errors out, and return them as text.

        :param kinds: take only failures of these; without any, everything.
        """
        # What nobody looked after is logged when the collector finds it.
        gc.collect()
        taken = [
            event
            for event in self._events
            if not kinds
            or ("log_failure" in event and event["log_failure"].check(*kinds))
        ]
        self._events = [event for event in self._events if event not in taken]
        return [_text(event) for event in taken]


def _text(event: LogEvent) -> str:
    failure: Any = event.get("log_failure")
    told = formatEvent(event)
    return f"{told}\n{failure.getTraceback()}" if failure is not None else told


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """
    Have those begin first that mostly wait, beside others that do not.

    At the end all processes would wait. What mutmut has put in is found soon, too.
    """
    arranged = mutation_run.arranged(items, mutation_run.fault())
    items[:] = sorted(arranged, key=lambda item: not item.get_closest_marker("waits"))


def pytest_collection_finish() -> None:
    """Have the collector pass by what the modules have made, else it is slow."""
    gc.collect()
    gc.freeze()


@pytest.fixture(autouse=True)
def logged() -> Iterator[Logged]:
    """Fail a test that leaves an error in the log, or in a Deferred."""
    logged = Logged()
    globalLogPublisher.addObserver(logged)
    # What is left of earlier tests is looked at for the last time, so that a look
    # costs the same in the thousandth test as in the first.
    gc.collect()
    gc.freeze()
    yield logged
    left = logged.expect()
    globalLogPublisher.removeObserver(logged)
    assert not left, "\n".join(left)


@pytest.fixture
def network() -> Network:
    """A network with nobody in it."""
    return Network()


@pytest.fixture
def start_proxy(network: Network, tmp_path: Path) -> Callable[..., Proxy]:
    """Starts a proxy with a configuration, or without any, in ``network``."""

    def start(config: dict[str, Any] | None = None, *options: str) -> Proxy:
        return Proxy(network, tmp_path, config, *options)

    return start


@contextmanager
def _full_disk() -> Iterator[None]:
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (16, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


@pytest.fixture
def full_disk() -> Callable[[], AbstractContextManager[None]]:
    """While it is entered, no file can grow over 16 bytes."""
    return _full_disk
