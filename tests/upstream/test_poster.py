"""A short message is posted to somebody else's server."""

from __future__ import annotations

from typing import Any

import pytest
from twisted.python.failure import Failure

from immich_ml_proxy.upstream.poster import Poster
from immich_ml_proxy.upstream.reply import ExchangeFailed
from tests.fakes import FakeBackend, outcome, serve
from tests.network import Network


@pytest.fixture
def fake(network: Network) -> FakeBackend:
    """A server that answers."""
    return serve(network, "hook")["hook"]


def posted(network: Network, url: str, seconds: float = 5.0) -> list[Any]:
    """Post something; return a list that gets what comes of it."""
    results = outcome(
        Poster(network, network.wall).post(url, {"X-Key": "k"}, b"told", seconds)
    )
    network.flush()
    return results


@pytest.mark.parametrize(
    ("url", "path"),
    [
        ("http://hook:3003/a/b", "/a/b"),
        ("http://hook:3003", "/"),
        ("http://hook:3003?x=1", "/"),
    ],
)
def test_it_is_posted_as_it_is(
    network: Network, fake: FakeBackend, url: str, path: str
) -> None:
    """To exactly this URL, with these headers; the answer is read whole."""
    fake.answer = b"thanks"
    [reply] = posted(network, url)
    assert (reply.status, reply.body) == (200, b"thanks")
    [received] = fake.received
    assert (received.method, received.path, received.body) == ("POST", path, b"told")
    assert received.headers["x-key"] == "k"
    assert received.headers["content-length"] == "4"


def test_nothing_is_left_of_it(network: Network, fake: FakeBackend) -> None:
    """No connection is kept, and no timer."""
    assert posted(network, "http://hook:3003/a")
    network.advance(1)
    assert [one for one in network.to("hook") if one.is_open] == []
    assert network.getDelayedCalls() == []


def test_who_is_silent_is_not_waited_for(network: Network, fake: FakeBackend) -> None:
    """In bounded time, with words."""
    fake.holds_pings = True
    results = posted(network, "http://hook:3003/a", 5.0)
    network.advance(4.9)
    assert results == []
    network.advance(0.2)
    [failure] = results
    assert isinstance(failure, Failure)
    assert failure.check(ExchangeFailed)
    assert failure.getErrorMessage() == "timed out after 5 s"


def test_who_is_not_there_is_told_in_words(network: Network) -> None:
    """As of any server."""
    network.names.addresses["hook"] = "10.0.1.9"
    results = posted(network, "http://hook:3003/a")
    network.advance(1)
    [failure] = results
    assert failure.getErrorMessage() == "connection refused"
