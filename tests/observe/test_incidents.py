"""One message an incident, however it flaps."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from immich_ml_proxy.observe.incidents import WELL_FOR, Incidents, Trouble

DOWN = Trouble("down", "nas is down", "nas is down: refused.", "nas is up", 0.0, "nas")
HELD = Trouble("held", "Work is held", "Held: 2 faces.", "Nothing is held", 3.0)


class Seen:
    """Incidents, looked at once a second; what is told is kept with its second."""

    def __init__(self) -> None:
        self.incidents = Incidents()
        self.now = 0.0
        self.told: list[tuple[float, str]] = []

    def look(self, how: str, seconds: int = 1, trouble: Trouble = DOWN) -> None:
        """See ``d``: trouble, ``u``: none, ``?``: unclear, ``a``: put aside."""
        for _ in range(seconds):
            self.now += 1
            notices = self.incidents.look(
                {"x": trouble} if how == "d" else {},
                {"x"} if how == "u" else set(),
                {"x"} if how == "?" else set(),
                self.now,
            )
            self.told += [(self.now, one.event) for one in notices]


def test_an_incident_is_told_at_once_and_its_end_ten_seconds_after_it() -> None:
    """Only then it is known to be one."""
    seen = Seen()
    seen.look("u", 5)
    seen.look("d", 60)
    seen.look("u", 30)
    assert WELL_FOR == 10
    assert seen.told == [(6, "down"), (76, "back")]


def test_the_words_say_what_happened_and_how_long_it_lasted() -> None:
    """Without the ten seconds."""
    incidents = Incidents()
    [down] = incidents.look({"x": DOWN}, (), (), 1.0)
    assert (down.title, down.text) == ("nas is down", "nas is down: refused.")
    assert (down.subject, down.machine, down.at) == ("down", "nas", 1.0)
    assert not list(incidents.look({}, {"x"}, (), 181.0))
    [back] = incidents.look({}, {"x"}, (), 191.0)
    assert (back.title, back.text) == ("nas is up", "nas is up after 3 min.")
    assert (back.subject, back.event, back.machine) == ("down", "back", "nas")


def test_what_flaps_is_one_incident() -> None:
    """Every five seconds for two minutes: one message, and one when it is over."""
    seen = Seen()
    for _ in range(12):
        seen.look("d", 5)
        seen.look("u", 5)
    assert seen.told == [(1, "down")]
    seen.look("u", 20)
    assert seen.told == [(1, "down"), (126, "back")]


def test_the_next_one_is_another() -> None:
    """It is told again."""
    seen = Seen()
    for _ in range(2):
        seen.look("d", 3)
        seen.look("u", 20)
    assert [event for _, event in seen.told] == ["down", "back"] * 2


def test_what_is_put_aside_ends_without_a_word() -> None:
    """On purpose, or taken out of the configuration; after it, all begins anew."""
    seen = Seen()
    seen.look("d", 3)
    seen.look("a", 3)
    seen.look("u", 30)
    assert seen.told == [(1, "down")]
    seen.look("d")
    assert seen.told == [(1, "down"), (37, "down")]


def test_while_nothing_is_known_an_incident_goes_on() -> None:
    """It is neither over nor another one; and what is unclear begins none."""
    seen = Seen()
    seen.look("?", 5)
    seen.look("d", 2)
    seen.look("?", 60)
    seen.look("d", 2)
    assert seen.told == [(6, "down")]


def test_what_is_soon_over_is_not_told_where_it_must_last() -> None:
    """Work is held for a moment whenever a server restarts."""
    seen = Seen()
    for _ in range(5):
        seen.look("d", 3, HELD)
        seen.look("u", 2)
    seen.look("u", 30)
    assert seen.told == []
    seen.look("d", 10, HELD)
    seen.look("u", 30)
    assert seen.told == [(59, "held"), (76, "released")]


@given(st.lists(st.tuples(st.sampled_from("du?a"), st.integers(1, 15)), max_size=30))
def test_messages_alternate_whatever_happens(looks: list[tuple[str, int]]) -> None:
    """
    Nobody is told that something is back that he was not told of.

    And between two that it is down, it was well for ten seconds or put aside.
    """
    seen = Seen()
    history = ""
    for how, seconds in looks:
        seen.look(how, seconds)
        history += how * seconds
    last: tuple[float, str] | None = None
    for at, event in seen.told:
        between = history[int(last[0]) if last else 0 : int(at) - 1]
        if event == "back":
            assert last is not None and last[1] == "down"
            assert history[int(at) - 11 : int(at)].replace("?", "u") == "u" * 11
        elif last is not None and last[1] == "down":
            assert "a" in between
        last = at, event
