"""What people are told of all that is watched."""

from __future__ import annotations

from typing import Any

from immich_ml_proxy.balancer.switch import Off
from immich_ml_proxy.observe.incidents import Notice
from immich_ml_proxy.observe.notices import Notices
from tests.balancer.demands import image
from tests.observe.watching import START, Waits, Watched

A: dict[str, Any] = {"name": "gpu"}
B: dict[str, Any] = {"name": "nas"}
#: A machine that may be asleep.
SLEEPER = {**A, "pings": "on demand"}


class Noticed(Watched):
    """
    Backends that are watched, and what people are told of them.

    :ivar told: in the order in which it was.
    """

    def __init__(self, *backends: dict[str, Any], **more: Any) -> None:
        super().__init__(*backends, **more)
        self.notices = Notices(self.watch)
        self.told: list[Notice] = []
        self.advance(2)

    def advance(self, seconds: int = 1) -> None:
        """Let so many seconds pass, with a look in each."""
        for _ in range(seconds):
            super().advance()
            self.told += self.notices.look(self.now)

    def hold(self, count: int, task: str = "clip") -> None:
        """Have so much work wait."""
        demand = image(self.route(), task)
        self.under_way = [Waits(demand, hold_until=self.now + 99)] * count

    @property
    def texts(self) -> list[str]:
        """What was told, in sentences."""
        return [one.text for one in self.told]


def test_a_server_that_goes_down_and_comes_back() -> None:
    """With its reason, and how long it was away."""
    watched = Noticed(A, B)
    assert watched.told == []
    watched.down("gpu")
    watched.advance(100)
    watched.down("gpu", None)
    watched.advance(20)
    assert watched.texts == [
        "gpu is down: connection refused.",
        "gpu is up again after 100 s.",
    ]
    assert [one.event for one in watched.told] == ["down", "back"]
    assert {one.machine for one in watched.told} == {"gpu"}
    assert {one.subject for one in watched.told} == {"down"}


def test_what_is_put_aside_on_purpose_is_no_incident() -> None:
    """By hand, or by its window; and the end of it is none."""
    watched = Noticed(A, B)
    watched.down("gpu")
    watched.pool["gpu"].switch(Off(0.0, "off until 22:00 by its window"))
    watched.advance(30)
    watched.pool["gpu"].switch(None)
    watched.down("gpu", None)
    watched.advance(30)
    assert watched.told == []
    watched.down("nas")
    watched.advance(5)
    watched.save(A, {**B, "state": "disabled"})
    watched.advance(60)
    watched.save(A, B)
    watched.down("nas", None)
    watched.advance(60)
    assert [one.event for one in watched.told] == ["down", "saved", "saved"]


def test_one_that_sleeps_is_no_incident_and_one_that_fails_is() -> None:
    """Nothing is there to answer, on demand; or something is, and it answers 500."""
    watched = Noticed(SLEEPER, B)
    watched.pool["gpu"].has_work = True
    watched.down("gpu")
    watched.advance(60)
    assert watched.told == []
    watched.pool.evidence.observe(watched.pool["gpu"], "answered 500", watched.now)
    watched.advance(5)
    watched.pool["gpu"].has_work = False
    watched.pool["gpu"].rest()
    watched.advance(60)
    watched.pool["gpu"].has_work = True
    watched.down("gpu", None)
    watched.advance(20)
    assert [one.event for one in watched.told] == ["down", "back"]


def test_work_that_is_held_is_told_when_it_lasts() -> None:
    """What of, and for whom; and when it is no more."""
    watched = Noticed(A)
    watched.down("gpu")
    watched.hold(2)
    watched.under_way += [Waits(image(watched.route(), "ocr"), hold_until=START + 99)]
    watched.advance(2)
    assert [one.event for one in watched.told] == ["down"]
    watched.advance(8)
    watched.under_way = []
    watched.advance(20)
    held, released = (one for one in watched.told if one.subject == "held")
    assert held.text == (
        "Held until gpu is up again: 2 pictures and text in pictures (1)."
    )
    assert held.title == "Work is held"
    assert (held.event, held.machine) == ("held", None)
    assert released.event == "released"
    assert released.text == "Nothing is held any more after 10 s."


def test_what_waits_until_a_machine_is_awake_is_not_told_for_a_minute() -> None:
    """That is what it is woken for."""
    watched = Noticed(SLEEPER)
    watched.pool["gpu"].has_work = True
    watched.down("gpu")
    watched.hold(3, "facial-recognition")
    watched.advance(60)
    assert watched.told == []
    watched.advance(5)
    assert watched.texts == ["Held until gpu is up again: faces (3)."]


def test_what_is_saved_is_told_with_who_has_done_it() -> None:
    """A state is, too; what was saved before the proxy was started is not."""
    watched = Noticed(A, B)
    watched.save({**A, "weight": 3}, B, who="10.0.0.9")
    watched.save({**A, "weight": 3}, {**B, "state": "drain"}, who="10.0.0.7")
    watched.advance()
    assert watched.texts == [
        "The configuration was saved by 10.0.0.9.",
        "nas was drained by 10.0.0.7.",
    ]
    assert {one.subject for one in watched.told} == {"saved"}
    watched.advance(5)
    assert len(watched.told) == 2
