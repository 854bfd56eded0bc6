"""All kinds of server at once, under many clients."""

from __future__ import annotations

from benchmarks.fleet.soak import CLIENTS, soak
from tests.end_to_end.fleet import Fleet


def test_an_unlike_fleet_loses_nothing_and_answers_nothing_wrong(fleet: Fleet) -> None:
    """
    Eight kinds of server, 300 mixed requests, 12 clients: what a server can serve is
    served, and rightly; what a server cannot do puts it out of nothing.
    """
    found = soak(fleet, 300, CLIENTS)
    assert (found.tally.lost, found.tally.wrong) == ([], [])
    assert len(found.tally.right) > 250
    # One for each broken picture; the rest is for learning, and for who cannot now.
    in_vain = found.came["gate"] - found.told["gate"]["served"]
    in_vain += found.came["busy"] - found.told["busy"]["served"]
    assert found.extra_tries <= len(found.tally.refused) + in_vain + 60
    for name in ("kepler", "fallback", "odd", "busy"):
        told = found.told[name]
        assert (told["served"] > 0, told["ejections"]) == (True, 0), name
    assert found.told["kepler"]["failed"] == found.told["odd"]["failed"] == 0
    assert found.told["old"]["normalised"] > 0
