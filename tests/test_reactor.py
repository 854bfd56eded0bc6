"""Whatever waits for events, time is counted by the monotonic clock."""

from __future__ import annotations

import subprocess
import sys

import pytest

TELL = """
import immich_ml_proxy.tap, klein, time
from twisted.internet import reactor
print(type(reactor).__name__, reactor.seconds is time.monotonic)
"""


def told(*before: str) -> str:
    """Return what a process says of its reactor, after it has done ``before``."""
    code = "\n".join([*before, TELL])
    ended = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    return ended.stdout.strip()


def test_the_wiring_brings_its_own() -> None:
    """Before Klein, whose import would install Twisted's, which counts wall time."""
    assert told() == "MonotonicReactor True"


@pytest.mark.parametrize(
    ("module", "name"),
    [
        ("pollreactor", "PollReactor"),
        ("selectreactor", "SelectReactor"),
        ("asyncioreactor", "AsyncioSelectorReactor"),
        ("epollreactor", "EPollReactor"),
    ],
)
def test_one_that_was_chosen_is_given_our_time(module: str, name: str) -> None:
    """As ``twistd --reactor=poll`` and pytest-twisted choose it."""
    chosen = f"from twisted.internet import {module}; {module}.install()"
    assert told(chosen) == f"{name} True"


def test_without_epoll_twisted_chooses() -> None:
    """And the time is ours nevertheless."""
    assert told("import select; del select.epoll") == "PollReactor True"


def test_one_that_counts_already_is_left_alone() -> None:
    """What has been set by one clock must not be awaited by another."""
    counting = "from twisted.internet import reactor; reactor.callLater(9, print)"
    assert told(counting) == "EPollReactor False"
