"""One group on its way: who is asked next, and what became of those that were."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from math import inf

from twisted.internet.defer import CancelledError, Deferred
from twisted.internet.interfaces import IDelayedCall
from twisted.logger import Logger
from twisted.python.failure import Failure

from immich_ml_proxy.balancer import outcome
from immich_ml_proxy.balancer.attempts import Attempt, Attempts, Means
from immich_ml_proxy.balancer.demand import demand_of
from immich_ml_proxy.balancer.leg import CANCELLED, REFUSED, SERVED, outcome_of
from immich_ml_proxy.balancer.outcome import Kind, Outcome, Try
from immich_ml_proxy.balancer.place import Place
from immich_ml_proxy.balancer.server import Server
from immich_ml_proxy.balancer.work import Served, Work
from immich_ml_proxy.errors import Unavailable
from immich_ml_proxy.protocol import routing
from immich_ml_proxy.records.why import AGAIN, FAILOVER, FIRST, OPINION
from immich_ml_proxy.upstream.reply import Reply

#: Seconds before backends that all failed are asked again by a request that is held.
START_OVER_AFTER = 1.0
#: Seconds for which a request is held, if that is left to us, after the last backend of
#: its route was seen well: a container restarts in that time.
AUTO_HOLD = 10.0
#: Seconds that a request waits in all for backends that say they are busy.
LONGEST_BUSY = 60.0


class Delivery:
    """
    One group on its way.

    :param work: what is to be answered.
    :param means: what it is done with.
    :param judge: see :meth:`Forwarder.judge`.
    :param recheck: has a backend pinged at once.
    """

    _log = Logger()

    def __init__(
        self,
        work: Work,
        means: Means,
        judge: Callable[[Work, bool, Server, Reply | Failure], Outcome],
        recheck: Callable[[Server], object],
    ) -> None:
        self._work = work
        self._means = means
        self._judge = judge
        self._recheck = recheck
        self._size = work.body.length or work.body.size
        self._begun = means.clock.seconds()
        self._hold_until = self._begun + work.group.route.hold_seconds
        self._is_held = self._hold_until > self._begun
        self._has_started_over = False
        self._demand = work.order.profile.demand(work.group.route, self._size)
        self._attempts = Attempts(
            work, self._demand, means, self._ended, self._none_left
        )
        self._attempts.reconsider = self._reconsider
        self._tries: list[Try] = []
        self._why: str = FIRST  # the next one is asked
        self._is_known = False  # that such requests are refused
        self._busy: Try | None = None  # the first one that was
        self._waiting: Deferred[Place | None] | None = None
        self._timer: IDelayedCall | None = None
        self._is_over = False
        self._result: Deferred[Served] = Deferred(lambda _: self._stop(CANCELLED))

    def begin(self) -> Deferred[Served]:
        """See :meth:`Forwarder.forward`."""
        self._next()
        return self._result

    # --- Who is asked ----------------------------------------------------------------

    def _next(self, again: bool = False) -> None:
        """Ask one more server, as soon as one has a place."""
        self._timer = None
        tries = self._tries
        self._attempts.tried = {one.server for one in tries}
        self._attempts.hold_until = self._hold_until
        proven = any(one.outcome.kind in outcome.OPINIONS for one in tries)
        request = self._demand, self._attempts.tried, self._hold_until, proven
        place = self._means.places.at_once(*request)
        if place is not None:
            self._attempts.begin(place, self._why)
            return
        try:
            waiting = self._means.places.take(*request, again)
        except Unavailable:
            self._finish(Failure())
            return
        self._waiting = waiting
        waiting.addCallbacks(self._placed, self._unplaced)
        if self._waiting is waiting:
            self._look_back_later()

    def _unplaced(self, failure: Failure) -> None:
        if not failure.check(CancelledError):
            self._finish(failure)

    def _placed(self, place: Place | None) -> None:
        self._waiting = None
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if place is not None:
            self._attempts.begin(place, self._why)
        elif self._is_rerouted():
            self._next()
        elif self._may_start_over():
            self._look_back_later()
        else:
            self._give_up()

    def _is_rerouted(self) -> bool:
        """Whether a configuration that came meanwhile has another way for a group."""
        with suppress(Unavailable):
            group = routing.rerouted(self._work.group, self._means.pool.config)
            if group.route != self._demand.route:
                self._demand = self._attempts.demand = demand_of(group, self._size)
                return True
        return False

    def _reconsider(self) -> None:
        """Go where work of its kind goes now, if it still waits."""
        waiting = self._waiting
        if waiting is not None and self._is_rerouted():
            self._waiting = None
            waiting.cancel()
            if self._timer is not None:
                self._timer.cancel()
            self._next(again=True)

    def _may_start_over(self) -> bool:
        """Whether those that could not be reached are waited for, to be asked again."""
        passing = any(one.outcome.kind in outcome.PASSING for one in self._tries)
        return passing and self._hold_until > self._means.clock.seconds()

    def _look_back_later(self) -> None:
        if self._may_start_over():
            self._is_held = True
            self._timer = self._means.clock.callLater(START_OVER_AFTER, self._look_back)

    def _look_back(self) -> None:
        """
        Ask those again that could not be reached.

        Not while it waits for a place at one that it has not asked and that is well.
        """
        self._timer = None
        pool, now = self._means.pool, self._means.clock.seconds()
        if self._waiting is not None:
            others = pool.able(self._demand, self._attempts.tried, now)
            if any(one.is_ready(self._demand, now) for one in others):
                self._look_back_later()
                return
            waiting, self._waiting = self._waiting, None
            waiting.cancel()
        self._has_started_over = True
        self._why = AGAIN
        self._tries = [
            one for one in self._tries if one.outcome.kind not in outcome.PASSING
        ]
        self._next()

    # --- What came of it -------------------------------------------------------------

    def _ended(self, attempt: Attempt, result: Reply | Failure) -> None:
        server, now = attempt.server, self._means.clock.seconds()
        had_served = server.abilities.has_served(self._demand.need)
        found = self._judge(self._work, had_served, server, result)
        one = Try(server, found, had_served, attempt.asked, now - attempt.asked)
        if found.kind is Kind.SERVED:
            self._learn(one, now)
            self._answer(one)
            return
        self._log.warn(
            "{backend} {reason} ({group}, request {trace_id})",
            backend=server.name,
            reason=found.reason,
            group=self._work.group.label,
            trace_id=self._work.trace_id,
        )
        pool = self._means.pool
        able = pool.able(self._demand, (), now)
        self._is_known |= pool.evidence.failed(one, self._demand, able, now)
        attempt.judged(found)
        self._why = AGAIN
        if found.kind is Kind.BUSY:
            self._busy = self._busy or one
            return
        self._why = OPINION if found.kind in outcome.OPINIONS else FAILOVER
        self._tries.append(one)
        route = self._demand.route
        if (
            found.kind in outcome.PASSING
            and route.hold is None
            and not self._has_started_over
        ):
            last_well = self._means.pool.last_well(route, now)
            self._hold_until = max(self._hold_until, last_well + AUTO_HOLD)
        if found.kind in outcome.DOUBTFUL and not server.aside:
            self._recheck(server)
        if found.kind is Kind.LOST and server.is_enabled:
            self._means.places.wanted(server)

    def _learn(self, served: Try, now: float) -> None:
        """What is known when a server has served the group; of those before it, too."""
        server, pool = served.server, self._means.pool
        # How long the client took to send the body says nothing of the backend.
        complete = self._work.body.completed_at
        server.answered(self._demand, now - max(served.asked, complete))
        server.normalised += served.outcome.normalised
        pool.evidence.served(server, self._demand, now)
        for one in self._tries:
            for learned in pool.evidence.outdone(one, served, self._demand, now):
                self._log.warn(
                    "{backend} {learned}; {other} served it",
                    backend=one.server.name,
                    learned=learned,
                    other=server.name,
                )
        for late in self._attempts.overdue():
            late.detours.failed(self._demand.tasks, now)

    def _none_left(self) -> None:
        """Nobody is being asked: ask the next one, if that makes sense."""
        busy_since = inf if self._busy is None else self._busy.asked
        waited = self._means.clock.seconds() - busy_since
        settled = self._is_known or outcome.is_settled(self._tries)
        if settled or waited > LONGEST_BUSY:
            self._give_up()
        else:
            self._next()

    # --- The end ---------------------------------------------------------------------

    def _give_up(self) -> None:
        """Pass the first refusal on, or say why there is no answer."""
        refusal = outcome.passed_on(self._tries)
        if refusal is not None:
            self._answer(refusal)
            return
        unable = self._means.pool.unable(self._demand, self._means.clock.seconds())
        error = outcome.error(
            self._work.group.label, self._tries, self._busy, unable, self._is_held
        )
        self._finish(Failure(error))

    def _answer(self, one: Try) -> None:
        reply = one.outcome.reply
        assert reply is not None
        waited, is_well = one.asked - self._begun, one.outcome.kind is Kind.SERVED
        leg = self._attempts.leg
        leg.backend, leg.wait, leg.service = one.server.name, waited, one.took
        answer = Served(
            self._work.group,
            reply,
            one.outcome.members,
            one.server.name,
            waited,
            one.took,
        )
        self._finish(answer, one.server, SERVED if is_well else REFUSED)

    def _finish(
        self, result: Served | Failure, by: Server | None = None, word: str = ""
    ) -> None:
        """Give the result, unless nobody waits for it; ``word``: what it is called."""
        if not self._is_over:
            if isinstance(result, Failure):
                word = outcome_of(result.value)
            self._stop(word, by)
            self._result.callback(result)

    def _stop(self, word: str, by: Server | None = None) -> None:
        """End all that is under way, and tell what came of it."""
        self._is_over = True
        self._attempts.leg.outcome = word
        took = self._means.clock.seconds() - self._begun
        self._means.pool.observer.over(self._demand, by, word, took)
        self._attempts.cancel()
        if self._timer is not None:
            self._timer.cancel()
        if self._waiting is not None:
            self._waiting.cancel()
