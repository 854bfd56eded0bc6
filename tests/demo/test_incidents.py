"""What goes wrong while trouble is simulated."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from immich_ml_proxy.demo.fleet import _SERVERS as SERVERS
from immich_ml_proxy.demo.incidents import INCIDENTS, PERIOD, at


def test_something_goes_wrong_at_once() -> None:
    """Who presses the switch sees what happens."""
    incident, left = at(0.0)
    assert incident == INCIDENTS[0]
    assert left == incident.ends


@given(st.integers(0, 100_000).map(lambda quarters: quarters / 4))
def test_one_thing_goes_wrong_at_a_time_and_ends(seconds: float) -> None:
    """And again and again: what is left of it is never longer than the whole."""
    incident, left = at(seconds)
    if incident is None:
        assert left == 0.0
    else:
        assert 0 < left <= incident.ends - incident.begins
    assert at(seconds + PERIOD) == (incident, left)


def test_the_incidents_are_of_the_machines_there_are_and_do_not_meet() -> None:
    """At every moment somebody is left who can do the work."""
    last = 0.0
    for incident in INCIDENTS:
        assert incident.machine in SERVERS
        assert last <= incident.begins < incident.ends < PERIOD
        last = incident.ends
