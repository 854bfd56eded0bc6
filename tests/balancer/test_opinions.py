"""Which kinds of requests need no second opinion."""

from __future__ import annotations

import pytest

from immich_ml_proxy.balancer.opinions import MOST, Opinions
from tests.balancer.demands import needing

PICTURE = needing("clip", "visual")[-1]
SEARCH = needing("clip", "textual")[-1]


class Told:
    """Opinions of the servers ``a``, ``b`` and so on; small letters are names."""

    def __init__(self, servers: str = "ab") -> None:
        self.opinions = Opinions()
        self.servers = servers

    def refused(self, server: str, has_served: bool = False, status: int = 400) -> bool:
        """Have a picture refused; return whether that was known."""
        return self.opinions.refused(PICTURE, status, server, has_served, self.servers)


def test_a_first_refusal_is_doubted() -> None:
    """Whoever it comes from."""
    assert not Told().refused("a", has_served=True)
    assert not Told().refused("a", has_served=False)
    assert not Told("a").refused("a")


def test_who_has_served_such_requests_is_believed_the_second_time() -> None:
    """It is itself one that makes the kind known."""
    told = Told()
    told.refused("a", has_served=True)
    assert told.refused("a", has_served=True)
    assert not told.refused("b", has_served=True)
    assert told.refused("b", has_served=True)


def test_who_has_not_is_doubted_again() -> None:
    """Until all servers of the route have refused it."""
    told = Told()
    assert [told.refused("a") for _ in range(3)] == [False] * 3
    assert not told.refused("b")
    assert told.refused("a")
    assert told.refused("b")


def test_a_server_that_is_new_is_asked_first() -> None:
    """It may be the one that serves."""
    told = Told()
    told.refused("a")
    told.refused("b")
    told.servers = "abc"
    assert not told.refused("a")
    assert told.refused("a", has_served=True)
    told.servers = "a"
    assert told.refused("a")


def test_another_status_is_another_opinion() -> None:
    """422 says another thing than 400."""
    told = Told("a")
    told.refused("a", status=400)
    assert not told.refused("a", status=422)
    assert told.refused("a", status=422)
    assert told.refused("a", status=400)


def test_another_need_is_another_opinion() -> None:
    """Task, type and model."""
    opinions = Opinions()
    opinions.refused(PICTURE, 400, "a", True, "a")
    assert not opinions.refused(SEARCH, 400, "a", True, "a")


def test_what_is_served_once_is_doubted_again() -> None:
    """Of all statuses and servers, but of this need only."""
    told = Told("a")
    told.refused("a")
    told.opinions.served(SEARCH)
    assert told.refused("a")
    told.opinions.served(PICTURE)
    assert not told.refused("a")
    told.opinions.served(PICTURE)
    told.opinions.served(PICTURE)
    assert not told.refused("a")


def test_other_servers_are_asked_anew() -> None:
    """A new configuration."""
    told = Told("a")
    told.refused("a")
    told.opinions.clear()
    assert not told.refused("a")


@pytest.mark.parametrize(("others", "is_known"), [(MOST - 1, True), (MOST, False)])
def test_the_kind_that_was_refused_longest_ago_goes(
    others: int, is_known: bool
) -> None:
    """Clients make them up."""
    told = Told("a")
    told.refused("a")
    for number in range(others):
        need = needing("clip", "visual", model=str(number))[-1]
        told.opinions.refused(need, 400, "a", False, "a")
    assert told.refused("a") is is_known
