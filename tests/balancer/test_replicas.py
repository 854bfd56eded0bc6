"""What a look-up makes of the replicas there were."""

from __future__ import annotations

from ipaddress import ip_address
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from immich_ml_proxy.balancer.replicas import (
    GONE_AFTER,
    MOST,
    MOST_FOUND,
    Looked,
    address_of,
    at_run_time,
    host_of,
    left_out,
)
from immich_ml_proxy.config.model import Backend


def ml(resolve: Any = "all", **fields: Any) -> Backend:
    """Return a backend whose name has several addresses."""
    return Backend(name="ml", url="http://tasks.ml:3003/x", resolve=resolve, **fields)


def addresses(backend: Backend, *told: str) -> list[str]:
    """Return the addresses of the replicas after one look-up."""
    names = {"tasks.ml": Looked().found(told)}
    return [address_of(one) for one in at_run_time(backend, names)]


def test_each_address_is_a_backend_of_its_own() -> None:
    """With a name that says which, and the URL's name for who is asked there."""
    backend = ml(weight=2.0, max_concurrent=3, headers={"X-Key": "k"}, state="drain")
    names = {"tasks.ml": Looked().found(["10.0.0.3", "10.0.0.4"])}
    first, second = at_run_time(backend, names)
    assert (first.name, second.name) == ("ml (10.0.0.3)", "ml (10.0.0.4)")
    assert first.url == "http://tasks.ml:3003/x#10.0.0.3"
    assert host_of(first) == "tasks.ml"
    for one in (first, second):
        assert (one.weight, one.max_concurrent, one.state) == (2.0, 3, "drain")
        assert one.headers == {"X-Key": "k"}


@pytest.mark.parametrize("backend", [ml(None), ml("all")])
def test_without_addresses_a_backend_is_itself(backend: Backend) -> None:
    """Whoever connects looks the name up, and is told what is wrong with it."""
    assert at_run_time(backend, {}) == [backend]
    assert at_run_time(backend, {"tasks.ml": Looked()}) == [backend]
    assert address_of(backend) == ""


def test_without_resolve_a_name_is_one_backend() -> None:
    """Whatever it has in the way of addresses."""
    names = {"tasks.ml": Looked().found(["10.0.0.3", "10.0.0.4"])}
    assert at_run_time(ml(None), names) == [ml(None)]


def test_order_and_repetitions_mean_nothing() -> None:
    """Name servers shuffle; a name with a TTL of 0 is shuffled at each look-up."""
    one = Looked().found(["10.0.0.10", "10.0.0.9", "10.0.0.10"])
    assert one.addresses == ("10.0.0.9", "10.0.0.10")
    assert one.found(["10.0.0.10", "10.0.0.9"]) == one


def test_those_that_stay_keep_their_place() -> None:
    """New ones come after them, and those that are gone leave no gap."""
    one = Looked().found(["10.0.0.5", "10.0.0.6"])
    then = one.found(["10.0.0.1", "10.0.0.6", "10.0.0.7"])
    assert then.addresses == ("10.0.0.6", "10.0.0.1", "10.0.0.7")


@pytest.mark.parametrize(
    ("told", "address"),
    [
        ("::ffff:10.0.0.3", ["10.0.0.3"]),
        ("FD00:0::3", ["fd00::3"]),
        ("0.0.0.0", []),
        ("::", []),
        ("fe80::1", []),
        ("fe80::1%eth0", []),
        ("224.0.0.1", []),
        ("nonsense", []),
    ],
)
def test_an_address_is_written_in_one_way(told: str, address: list[str]) -> None:
    """So it is not counted twice; one that nobody can connect to is left out."""
    assert addresses(ml(), "10.0.0.1", told) == ["10.0.0.1", *address]


def test_both_versions_of_ip_count_unless_one_is_asked_for() -> None:
    """Where each machine has both it would be there twice."""
    both = "10.0.0.1", "fd00::1"
    assert addresses(ml("all"), *both) == ["10.0.0.1", "fd00::1"]
    assert addresses(ml("ipv4"), *both) == ["10.0.0.1"]
    assert addresses(ml("ipv6"), *both) == ["fd00::1"]
    assert addresses(ml("ipv6"), "10.0.0.1") == [""]


def test_replicas_are_bounded() -> None:
    """Those that are in use stay in use, and it is told how many are left out."""
    first = Looked().found(["10.0.1.200"])
    many = first.found([f"10.0.1.{n}" for n in range(1, 255)])
    names = {"tasks.ml": many}
    used = at_run_time(ml(), names)
    assert len(used) == MOST
    assert used[0].name == "ml (10.0.1.200)"
    assert left_out(ml(), names) == 254 - MOST
    assert left_out(ml(), {}) == left_out(ml(None), names) == 0


def test_a_look_up_that_fails_changes_nothing() -> None:
    """However long: a name server that is down is no reason to stop working."""
    one = Looked().found(["10.0.0.3"])
    failed = one.failed("timed out", is_gone=False, now=10.0)
    much_later = failed.failed("timed out", is_gone=False, now=10.0 + 100 * GONE_AFTER)
    assert much_later == failed == Looked(("10.0.0.3",), "timed out")
    assert failed.found(["10.0.0.3"]) == one


def test_a_name_that_is_gone_for_long_has_no_replicas() -> None:
    """Its addresses may be others' by then; a restart is over sooner."""
    one = Looked().found(["10.0.0.3"])
    gone = one.failed("no address", is_gone=True, now=10.0)
    assert gone.addresses == one.addresses
    still = gone.failed("no address", is_gone=True, now=9.9 + GONE_AFTER)
    assert still.addresses == one.addresses
    past = still.failed("no address", is_gone=True, now=10.0 + GONE_AFTER)
    assert past.addresses == ()
    # To be told nothing in between is no proof that it is there.
    assert gone.failed("timed out", is_gone=False, now=20.0).gone_since is None


@given(st.lists(st.lists(st.ip_addresses() | st.text()), max_size=4))
def test_whatever_is_told(rounds: list[list[object]]) -> None:
    """Replicas are bounded, different, and can be connected to."""
    looked = Looked()
    for told in rounds:
        looked = looked.found(map(str, told))
    assert len(looked.addresses) <= MOST_FOUND
    used = at_run_time(ml(), {"tasks.ml": looked})
    assert 1 <= len({one.url for one in used}) == len({one.name for one in used})
    assert len(used) <= MOST
    for one in looked.addresses:
        assert str(ip_address(one)) == one
