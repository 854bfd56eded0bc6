"""One timer for all that takes too long."""

from __future__ import annotations

from collections.abc import Callable

import attrs
from twisted.internet.defer import Deferred
from twisted.internet.task import Clock

from immich_ml_proxy.protocol.body import Body
from immich_ml_proxy.upstream.time_limit import Limited, TimeLimits
from tests.fakes import outcome


@attrs.define
class Doing:
    """Something that takes its time, and what came of it."""

    limits: TimeLimits
    look: Callable[[float], float]
    body: Body | None = None
    deferred: Deferred[str] = attrs.field(factory=Deferred)
    results: list[object] = attrs.field(factory=list)
    limited: Limited = attrs.field(init=False)

    def __attrs_post_init__(self) -> None:
        self.limited = self.limits.limit(self.deferred, self.look, self.body)
        self.deferred.addBoth(self._end)
        self.results = outcome(self.deferred)

    def _end(self, result: object) -> object:
        self.limits.end(self.limited)
        return self.limited.error or result


def up_to(seconds: float) -> Callable[[float], float]:
    """Return a look that allows so many seconds."""
    return lambda taken: seconds - taken


def test_each_ends_at_its_own_time() -> None:
    """Whatever the others may take."""
    clock = Clock()
    limits = TimeLimits(clock)
    doings = [Doing(limits, up_to(seconds)) for seconds in (30, 10, 20)]
    assert len(clock.getDelayedCalls()) == 1
    for ended in (0, 1, 2, 3):
        assert sum(bool(one.results) for one in doings) == ended
        clock.advance(10)
    assert [str(one.results[0]) for one in doings] == [
        "timed out after 30 s",
        "timed out after 10 s",
        "timed out after 20 s",
    ]
    assert clock.getDelayedCalls() == []


def test_what_has_ended_is_looked_at_no_more() -> None:
    """The timer goes off once for nothing, and not again."""
    clock = Clock()
    limits = TimeLimits(clock)
    looks: list[float] = []

    def look(taken: float) -> float:
        looks.append(taken)
        return 5.0

    for _ in range(100):
        doing = Doing(limits, look)
        doing.deferred.callback("done")
        assert doing.results == ["done"]
        clock.advance(0.01)
    assert len(clock.getDelayedCalls()) == 1
    assert looks == [0.0] * 100
    clock.advance(5)
    assert (len(looks), clock.getDelayedCalls()) == (100, [])


def test_one_may_end_another() -> None:
    """By what it leads to; that one is not looked at then."""
    clock = Clock()
    limits = TimeLimits(clock)
    second_looks: list[float] = []

    def first_look(taken: float) -> float:
        if taken:
            second.deferred.callback("done")
        return 1.0

    def second_look(taken: float) -> float:
        second_looks.append(taken)
        return 1.0

    first = Doing(limits, first_look)
    second = Doing(limits, second_look)
    clock.advance(1)
    assert (second.results, second_looks) == (["done"], [0.0])
    first.deferred.callback("done")


def test_time_counts_from_when_the_body_is_complete() -> None:
    """And not at all for what ends before."""
    clock = Clock()
    limits = TimeLimits(clock)
    slow, gone = Body(10), Body(10)
    doing, other = Doing(limits, up_to(5), slow), Doing(limits, up_to(5), gone)
    clock.advance(100)
    other.deferred.callback("early")
    assert gone.watchers == []
    slow.finish()
    clock.advance(4.9)
    assert doing.results == []
    clock.advance(0.1)
    assert str(doing.results[0]) == "timed out after 5 s"


def test_stopping_leaves_no_timer() -> None:
    """Also where something is still limited."""
    clock = Clock()
    limits = TimeLimits(clock)
    Doing(limits, up_to(5))
    limits.stop()
    assert clock.getDelayedCalls() == []
    limits.stop()
