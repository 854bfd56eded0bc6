"""The trickle of simulated work: steady, bounded, and easily stopped."""

from __future__ import annotations

from typing import Any

import pytest
from attrs import define, field
from twisted.internet.defer import Deferred
from twisted.internet.task import Clock
from twisted.internet.testing import StringTransport
from twisted.web.iweb import IAgent
from zope.interface import implementer

from immich_ml_proxy.demo.trickle import MOST, PACE, SEARCH_EVERY, Trickle


@implementer(IAgent)
@define
class Agent:
    """Keeps what it is asked until a test answers it."""

    asked: list[tuple[bytes, Any, bytes, Deferred[Any]]] = field(factory=list)
    left: int = 0

    def request(
        self, method: bytes, uri: bytes, headers: Any = None, bodyProducer: Any = None
    ) -> Deferred[Any]:
        """See ``IAgent``."""
        assert method == b"POST"
        consumer = StringTransport()
        bodyProducer.startProducing(consumer)
        assert len(consumer.value()) == bodyProducer.length

        def leave(_: Deferred[Any]) -> None:
            self.left += 1

        answer: Deferred[Any] = Deferred(leave)
        self.asked.append((uri, headers, consumer.value(), answer))
        return answer

    def fail(self) -> None:
        """Have all that is under way fail."""
        asked, self.asked = self.asked, []
        for *_, answer in asked:
            answer.errback(OSError("refused"))


def trickle(wanted: bool = True, port: int | None = 5) -> tuple[Trickle, Agent, Clock]:
    """Return one that was started, whom it asks, and its clock."""
    clock, agent = Clock(), Agent()
    made = Trickle(clock, agent, lambda: port, lambda: wanted)
    made.startService()
    return made, agent, clock


def test_a_photo_is_asked_for_three_times_and_searches_come_in_between() -> None:
    """As in an import, while somebody searches; to where the proxy listens."""
    made, agent, clock = trickle()
    clock.advance(PACE)
    assert made.sent == {"clip": 1, "faces": 1, "ocr": 1}
    for _ in range(SEARCH_EVERY - 1):
        agent.fail()
        clock.advance(PACE)
    assert made.sent["search"] == 1
    assert {uri for uri, *_ in agent.asked} == {b"http://127.0.0.1:5/predict"}
    made.stopService()


def test_it_does_not_say_that_it_is_immich() -> None:
    """Who does is no simulation, and is warned about."""
    made, agent, clock = trickle()
    clock.advance(PACE)
    headers = agent.asked[0][1]
    assert headers.getRawHeaders("user-agent") == ["demo of immich-ml-proxy"]
    made.stopService()


def test_no_more_is_under_way_than_its_bound() -> None:
    """A proxy that holds work must not be flooded with simulated work."""
    made, agent, clock = trickle()
    clock.pump([PACE] * 100)
    assert made.sent == MOST
    agent.fail()
    clock.advance(PACE)
    assert made.sent["clip"] == MOST["clip"] + 1
    assert made.failed == sum(MOST.values())
    made.stopService()


@pytest.mark.parametrize(("wanted", "port"), [(False, 5), (True, None)])
def test_nothing_is_sent_where_it_is_not_wanted(wanted: bool, port: int | None) -> None:
    """Other people's servers get no invented work; a proxy must listen first."""
    made, agent, clock = trickle(wanted, port)
    clock.pump([PACE] * 10)
    assert not agent.asked
    made.stopService()


def test_it_waits_for_nothing_when_it_is_stopped() -> None:
    """The proxy can stop at once, whatever the simulated servers do."""
    made, agent, clock = trickle()
    clock.advance(PACE)
    made.stopService()
    made.stopService()
    assert agent.left == 3
    assert made.failed == 0
    assert clock.getDelayedCalls() == []
