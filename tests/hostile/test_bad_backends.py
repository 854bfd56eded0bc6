"""Beside a server that does what none should, all that a good one can serve is."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.end_to_end.processes import until
from tests.hostile import bad_backends
from tests.hostile.bad_backends import Bad
from tests.hostile.chaos import Chaos


@pytest.fixture(scope="module")
def chaos(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chaos]:
    """One proxy, which must survive all of them."""
    chaos = Chaos(tmp_path_factory.mktemp("chaos"))
    yield chaos
    chaos.close()


def named(bad: Bad) -> str:
    """Return the name of a test."""
    return bad.name


@pytest.mark.parametrize("bad", tuple(bad_backends.behaviours()), ids=named)
def test_what_a_bad_server_breaks_a_good_one_serves(chaos: Chaos, bad: Bad) -> None:
    """Each request once, with its own answer; and all is given back."""
    with chaos.beside(bad) as server:
        texts = chaos.searches()
        assert server.asked
        served = sorted(got.text for got in chaos.good.predicts)
        if bad.serves:
            assert set(served) <= set(texts)
        else:
            assert served == sorted(texts)
    chaos.check_places()


def test_who_hangs_holds_nobody_up_for_long(chaos: Chaos) -> None:
    """However far it came with its answer: after some seconds another is asked."""
    with chaos.beside_all(tuple(bad_backends.hanging())) as servers:
        chaos.searches_for(servers)
        assert all(server.asked for server in servers.values())
    chaos.check_places()


def test_connections_and_files_are_given_back(chaos: Chaos) -> None:
    """Whatever all of these have done to them."""
    chaos.check_descriptors()


def test_memory_is_given_back(chaos: Chaos) -> None:
    """What endless answers and bombs have taken, soon after."""
    before = chaos.memory()
    for bad in bad_backends.behaviours():
        if "endless" in bad.name or "bomb" in bad.name:
            with chaos.beside(bad):
                chaos.searches()
    allowed = before + 48 * 1024 * 1024
    until(lambda: chaos.memory() < allowed, "memory is given back", 15)
