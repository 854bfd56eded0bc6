"""The requests of one group that are under way: one, or a second one beside it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from itertools import count

import attrs
from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IReactorTime
from twisted.python.failure import Failure

from immich_ml_proxy.balancer.demand import Demand
from immich_ml_proxy.balancer.hedging import HedgeBudget
from immich_ml_proxy.balancer.latency import LEAST_PATIENCE
from immich_ml_proxy.balancer.leg import CANCELLED, Leg
from immich_ml_proxy.balancer.outcome import Kind, Outcome
from immich_ml_proxy.balancer.place import Place, Places
from immich_ml_proxy.balancer.pool import Pool
from immich_ml_proxy.balancer.server import Server
from immich_ml_proxy.balancer.work import Work, outgoing
from immich_ml_proxy.records.row import BUSY, FAILED, MISFIT, REFUSED
from immich_ml_proxy.records.why import DOUBT, FIRST, HEDGE, SLOW
from immich_ml_proxy.upstream.client import BackendClient, Outgoing
from immich_ml_proxy.upstream.reply import Reply

#: Seconds without a byte of the body after which a place is given to whoever waits.
STALLED_AFTER = 2.0
#: Seconds between two looks at how long a request takes: what others take may tell
#: only meanwhile that it is too long.
LOOK_EVERY = LEAST_PATIENCE
#: The same for one that takes too long, until a place at another server is free.
LOOK_AGAIN = 0.5


@attrs.frozen
class Means:
    """
    What attempts are made with.

    :ivar clock: source of time.
    :ivar client: sends to a backend.
    :ivar pool: what is known of the backends.
    :ivar places: gives places at them.
    :ivar hedges: how many searches may be asked of a second backend.
    :ivar under_way: those of all groups that are not over, in the order they came.
    :ivar numbers: name groups.
    """

    clock: IReactorTime
    client: BackendClient
    pool: Pool
    places: Places
    hedges: HedgeBudget
    under_way: dict[Attempts, None] = attrs.field(factory=dict, init=False)
    numbers: Iterator[int] = attrs.field(factory=count, init=False)


@attrs.define(eq=False)
class Attempt:
    """
    A request to one server.

    :ivar place: given back when the attempt ends, in whatever way.
    :ivar outgoing: what it sends.
    :ivar asked: when it was sent.
    :ivar sending: its answer.
    :ivar is_overdue: another server was asked beside it for how long it takes.
    """

    place: Place
    outgoing: Outgoing
    asked: float
    sending: Deferred[Reply] | None = None
    is_overdue: bool = False

    @property
    def server(self) -> Server:
        """Who was asked."""
        return self.place.server

    def judged(self, outcome: Outcome) -> None:
        """It was no success: that is to stand in its record, if there is one."""
        part = self.outgoing.part
        if part is not None:
            part.outcome = _WORDS.get(outcome.kind, FAILED)
            part.reason = outcome.reason


#: What the records call it.
_WORDS = {
    Kind.MISFIT: MISFIT,
    Kind.OTHER_MODEL: MISFIT,
    Kind.BUSY: BUSY,
    Kind.OPINION: REFUSED,
    Kind.TOO_LARGE: REFUSED,
    Kind.UNWILLING: REFUSED,
}


class Attempts:
    """
    :param work: what is asked for.
    :param demand: the same, for the scheduling.
    :param means: what they are made with.
    :param ended: told when one has ended by itself, before its place is given back:
        what is learned from it is known before the next request is given the place.
    :param none_left: told after that, when it was the last one.
    :ivar work: what is asked for.
    :ivar number: names it.
    :ivar tried: servers that are not asked beside another one.
    :ivar arrived: when the request came.
    :ivar hold_until: until when it waits for a server that is well.
    :ivar leg: how it fares.
    :ivar reconsider: told when another configuration is in force.
    """

    def __init__(
        self,
        work: Work,
        demand: Demand,
        means: Means,
        ended: Callable[[Attempt, Reply | Failure], None],
        none_left: Callable[[], None],
    ) -> None:
        self.work = work
        self.number = next(means.numbers)
        self._means = means
        self._ended = ended
        self._none_left = none_left
        self._running: list[Attempt] = []
        self._may_hedge = demand.is_search and demand.route.hedge_after is not None
        self._are_over = False
        self._is_stalled = False
        self._arrived = work.body.size  # bytes, when it was last looked at,
        self.arrived = means.clock.seconds()
        self._since = self.arrived  # and since when there are so many
        self.hold_until = self.arrived
        self.reconsider: Callable[[], object] = tuple
        self._beside: Deferred[Place | None] | None = None  # waits for a place
        self.demand = demand
        self.tried: set[Server] = set()
        means.under_way[self] = None
        self.leg = Leg(demand.route.key)
        work.legs.append(self.leg)
        means.pool.observer.arrived(demand)
        if self._may_hedge:
            means.hedges.seen()

    @property
    def is_waiting(self) -> bool:
        """Whether it could be asked of a server, and is not."""
        return not self._running and not self._is_stalled

    @property
    def asked_now(self) -> Sequence[tuple[Server, float]]:
        """Who is being asked, and since when."""
        return [(attempt.server, attempt.asked) for attempt in self._running]

    def overdue(self) -> list[Server]:
        """Those who take so long that another was asked as well."""
        return [attempt.server for attempt in self._running if attempt.is_overdue]

    def begin(self, place: Place, why: str = FIRST) -> None:
        """Ask the server at which a place was taken; ``why`` is for the record."""
        means, leg, now = self._means, self.leg, self._means.clock.seconds()
        if leg.tries:
            means.pool.observer.again(self.demand, bool(self._running))
        leg.tries += 1
        leg.route = self.demand.route.key
        leg.backend = place.server.backend.name
        leg.wait = now - self.arrived
        sent = outgoing(self.work, why)
        attempt = Attempt(place, sent, now)
        self._running.append(attempt)
        look = partial(self._look, attempt)
        sending = means.client.send(place.server.backend, sent, look)
        attempt.sending = sending
        sending.addBoth(self._has_ended, attempt)

    def cancel(self) -> None:
        """Nobody waits for an answer any more: it is held against nobody."""
        self._are_over = True
        self._means.under_way.pop(self, None)
        if self._is_stalled:
            self._go_on()
        self._cancel()

    def _cancel(self) -> None:
        for attempt in tuple(self._running):
            if attempt.sending is not None:
                attempt.sending.cancel()

    def _has_ended(self, result: Reply | Failure, attempt: Attempt) -> None:
        self._running.remove(attempt)
        if not self._running and self._beside is not None:
            self._beside.cancel()
        try:
            if not self._are_over and not self._is_stalled:
                self._ended(attempt, result)
            else:
                took = self._means.clock.seconds() - attempt.asked
                self._means.pool.observer.tried(
                    attempt.server, self.demand, CANCELLED, took
                )
        finally:
            attempt.place.give_back()
        if not self._are_over and not self._running and not self._is_stalled:
            self._none_left()

    def doubt(self, server: Server) -> None:
        """
        Ask another one beside a server that does not answer its pings.

        It waits for its turn there: with a line that is never empty no place is free.
        """
        if [one.server for one in self._running] == [server] and self._beside is None:
            means = self._means
            until = means.clock.seconds() + means.pool.config.request_timeout
            self._beside = means.places.take(self.demand, self._asked(), until)
            self._beside.addCallbacks(self._placed_beside, lambda _: None)

    def _placed_beside(self, place: Place | None) -> None:
        self._beside = None
        if place is None:
            return
        now = self._means.clock.seconds()
        doubted = [one.server.health.status == "unhealthy" for one in self._running]
        if doubted == [True] and place.server.is_ready(self.demand, now):
            self.begin(place, DOUBT)
        else:
            place.give_back()

    def look_at_body(self, now: float) -> None:
        """Give the place of a body that does not arrive to those who wait for one."""
        body = self.work.body
        if self._arrived != body.size:
            self._arrived, self._since = body.size, now
        elif self._running and not body.complete and now - self._since >= STALLED_AFTER:
            self._withdraw()

    def _withdraw(self) -> None:
        """Go back into the line, once the body arrives again."""
        self._is_stalled = True
        self._cancel()
        self.work.body.watchers.append(self._go_on)

    def _go_on(self) -> None:
        self.work.body.watchers.remove(self._go_on)
        self._is_stalled = False
        if not self._are_over:
            self._none_left()

    def _look(self, attempt: Attempt, taken: float) -> float:
        """
        Ask another server beside one that takes long.

        :param taken: seconds since the body was complete.
        :return: seconds until it is looked at again; none left: its time is over.
        """
        left = self._means.pool.config.request_timeout - taken
        if left <= 0:
            return left
        hedge_after = self.demand.route.hedge_after
        if self._may_hedge and hedge_after is not None and len(self._running) == 1:
            if taken < hedge_after:
                left = min(left, hedge_after - taken)
            else:
                self._may_hedge = False
                self._begin_beside(self._means.hedges.spend, HEDGE)
        if taken >= LEAST_PATIENCE and len(self._running) == 1:
            now, asked = self._means.clock.seconds(), self._asked()
            patience = self._means.pool.patience(self.demand, asked, now)
            is_doubted = attempt.server.health.status == "unhealthy"
            if patience is not None and taken < patience and not is_doubted:
                left = min(left, patience - taken)
            elif patience is not None:
                attempt.is_overdue = self._begin_beside(lambda: True, SLOW)
                left = left if attempt.is_overdue else min(left, LOOK_AGAIN)
        return min(left, LOOK_EVERY)

    def _begin_beside(self, allowed: Callable[[], bool], why: str) -> bool:
        """Ask another server as well, if one has a place; tell whether."""
        place = self._means.places.take_free(self.demand, self._asked())
        if place is None:
            return False
        if not allowed():
            place.give_back()
            return False
        self.begin(place, why)
        return True

    def _asked(self) -> set[Server]:
        return self.tried.union(attempt.server for attempt in self._running)
