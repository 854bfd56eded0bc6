"""One backend at run time: its health, its load, its abilities and its record."""

from __future__ import annotations

from collections import Counter
from itertools import takewhile
from math import inf

from immich_ml_proxy.balancer.abilities import TRY_AGAIN_AFTER, Abilities
from immich_ml_proxy.balancer.breaker import MOST_TASKS, Breakers
from immich_ml_proxy.balancer.demand import Demand
from immich_ml_proxy.balancer.health import NEVER, Health
from immich_ml_proxy.balancer.latency import ServiceTimes, patience
from immich_ml_proxy.balancer.limit import limiter_of
from immich_ml_proxy.balancer.observer import NOBODY, Observer
from immich_ml_proxy.balancer.switch import RESTING, Switch
from immich_ml_proxy.balancer.task_limits import TaskLimits
from immich_ml_proxy.config.model import Backend

#: Searches that go beyond a limit that was found before an image has its turn.
OVERTAKES = 8
#: Seconds after which a request does not count against a limit that was found: it must
#: not keep all others waiting. Who hangs would get more and more, so there is an end.
OVERDUE = 5.0


class Server(Switch):
    """
    A backend at run time.

    A request keeps the server it was given, so one that is removed or moved to
    another URL meanwhile finishes with its own counts.

    :ivar replica_of: what it is a replica of; see ``replica_set.machine_of``.
    :ivar abilities: what it can do.
    :ivar breakers: whether it is out for failing what others serve, by task.
    :ivar detours: whether another was faster by far, by task; others go first then.
    :ivar busy_until: the time until which it wants no requests.
    :ivar last_well: when it has last answered a ping or a request well.
    :ivar last_answer: when it has last answered a request well.
    :ivar in_flight: how many requests are under way at it.
    :ivar under_way: when they were begun, the oldest first.
    :ivar limiter: how many there may be.
    :ivar task_limits: how many of them of one task, after an overload in it.
    :ivar times: how long they take.
    :ivar served: requests answered well.
    :ivar failed: requests that it failed.
    :ivar retried: those of them that another backend then served.
    :ivar ejections: how often a breaker has put it out.
    :ivar normalised: answers that had to be put into today's form.
    :ivar busy_seconds: for which it had anything to do, until it had nothing last.
    :ivar observer: is told what it answers.
    """

    def __init__(self, backend: Backend, observer: Observer = NOBODY) -> None:
        super().__init__(backend)
        self.observer = observer
        self.abilities = Abilities(backend.abilities)
        self.breakers = Breakers()
        self.detours = Breakers(trip_after=1)
        self.last_well = self.last_answer = NEVER
        self.in_flight = 0
        self.limiter = limiter_of(backend.max_concurrent)
        self.task_limits = TaskLimits()
        self.times = ServiceTimes()
        self.served = self.failed = self.retried = self.ejections = self.normalised = 0
        self.replica_of: object = None
        self.busy_until = self.busy_seconds = self.busy_since = 0.0
        self._denial, self._denial_until = "", 0.0  # why it turns us away, in words
        self._does: set[str] = set()  # tasks that it has served since it was away
        self._by_task: Counter[str] = Counter()
        self.under_way: dict[Demand, float] = {}
        self._overtakes = 0

    @property
    def name(self) -> str:
        """The backend's name."""
        return self.backend.name

    def reconfigure(self, backend: Backend) -> None:
        """Go on under another configuration of the same server."""
        if backend.max_concurrent != self.backend.max_concurrent:
            self.limiter = limiter_of(backend.max_concurrent)
        self.abilities.stated = backend.abilities
        self.put_under(backend)

    def is_healthy(self, now: float) -> bool:
        """Whether it is well, as far as any work is concerned."""
        return self._is_up(now) and not (self.breakers and self._is_out(now))

    def is_ready(self, demand: Demand, now: float) -> bool:
        """Whether a request should go there at ``now`` seconds, if there is a place."""
        if self.is_untroubled and self.abilities.are_whole:
            # Nearly always; what follows comes to the same.
            return self.is_enabled and now >= self.busy_until
        return self.is_available(demand, now) and not (
            self.detours and self.detours.is_open(demand.tasks, now)
        )

    def is_available(self, demand: Demand, now: float) -> bool:
        """Whether it can serve a request, if perhaps slower than others by far."""
        return (
            self._is_up(now)  # that it fails one task says nothing of another
            and now >= self.busy_until
            and not (self.breakers and self.breakers.is_open(demand.tasks, now))
            and self.can(demand, now)
        )

    @property
    def is_untroubled(self) -> bool:
        """Whether nothing at all is held against it."""
        return (
            self.health.status == "healthy"
            and not self.breakers
            and not self.detours
            and not self._denial
        )

    def is_worth_asking(self, demand: Demand, now: float) -> bool:
        """Whether a request should go there before it is held: pings may be wrong."""
        if self.health.status == "healthy":
            return self.is_available(demand, now)
        return not self.health.is_away

    def can(self, demand: Demand, now: float) -> bool:
        """Whether it may be asked for this at all, as far as is known."""
        return self.abilities.can(demand.needs, demand.size, now)

    def observe(
        self, error: str | None, now: float, is_away: bool = False, sent: float = NEVER
    ) -> None:
        """Take in what a ping or a request has shown; see :class:`Health`."""
        was_well = self.health.status == "healthy"
        self.health = self.health.observe(error, now, is_away, sent)
        if was_well or error is None:
            self.last_well = now  # until now, as far as anybody knew
        if not was_well and error is None:
            # It may be another by now.
            self.abilities.forget_refusals()
            self._denial = ""
            self._does.clear()

    def missed_ping(self, error: str, sent: float, now: float) -> None:
        """A ping that was sent then got no answer; see :class:`Health`."""
        is_working = any(
            not self._is_late(demand, now - began)
            for demand, began in self.under_way.items()
        )
        if self.health.status == "healthy":
            self.last_well = now
        self.health = self.health.miss(error, sent, self.last_answer, is_working, now)

    def has_served(self, demand: Demand, now: float) -> None:
        """It has served a request."""
        self.served += 1
        self.last_well = self.last_answer = now
        self.abilities.served(demand.needs, demand.size)
        if self.breakers:
            self.breakers.served(demand.tasks)
        if self.detours:
            self.detours.served(demand.tasks)
        if len(self._does) < MOST_TASKS:
            self._does.update(demand.tasks)

    def denied(self, words: str, now: float) -> None:
        """It turns us away for a reason that is not the request's."""
        self._denial = words
        self._denial_until = now + TRY_AGAIN_AFTER

    def reported(self, now: float) -> Health:
        """Return the health that people are shown: what requests told counts, too."""
        health = self.health
        if self.aside:
            return Health("unknown", health.last_check, self.aside)
        if health.status != "healthy":
            return health
        if self._is_denied(now):
            return health.observe(self._denial, health.last_check)
        if self._is_out(now):
            told = "; ".join(self.breakers.in_words(now))
            return health.observe(told, health.last_check)
        return health

    def notes(self, now: float) -> list[str]:
        """Return what people should know of it while it is well, in words."""
        cannot = self.abilities.cannot(now)
        notes = [f"cannot: {', '.join(cannot)}"] if cannot else []
        notes += [RESTING] if self.is_resting else []
        if now < self._denial_until and self._denial:
            notes.append(self._denial)
        if now < self.busy_until:
            notes.append(f"busy: wants nothing for {self.busy_until - now:.0f} s more")
        return [*notes, *self.breakers.in_words(now)]

    def has_place(self, demand: Demand, now: float) -> bool:
        """
        Whether it is given less than it may be.

        A limit that was written holds exactly. One that was found lets a search
        overtake, which is little work: ``OVERTAKES`` of them, then an image has its
        turn, for which there would else be no place. And it does not count what takes
        so long that it tells nothing about the rest: a model that is being downloaded
        must not keep everything else waiting.
        """
        if self.in_flight >= self.limiter.limit:
            if self.backend.max_concurrent != "auto":
                return False
            overtakes = demand.is_search and self._overtakes < OVERTAKES
            counted = self.in_flight - self._overdue(now) - overtakes
            if counted >= self.limiter.limit:
                return False
        limits = self.backend.limits
        for task in demand.tasks if limits else ():
            if self._by_task[task] >= limits.get(task, inf):
                return False
        return not self.task_limits or self.task_limits.allow(
            demand.tasks, self._by_task
        )

    def take(self, demand: Demand, now: float) -> None:
        """A request goes there."""
        if not demand.is_search or not self.in_flight:
            self._overtakes = 0
        elif self.in_flight >= self.limiter.limit:
            self._overtakes += 1
        if not self.in_flight:
            self.busy_since = now
        self.in_flight += 1
        self.under_way[demand] = now
        for task in demand.tasks:
            self._by_task[task] += 1

    def give_back(self, demand: Demand) -> None:
        """A request has come back, in whatever way."""
        self.in_flight -= 1
        del self.under_way[demand]
        for task in demand.tasks:
            self._by_task[task] -= 1
            if not self._by_task[task]:
                del self._by_task[task]

    def answered(self, demand: Demand, seconds: float) -> None:
        """Take in how long a served request took; before its place is given back."""
        self.times.add(demand.kind, seconds)
        self.observer.answered(self, demand, seconds)
        self.limiter.answered(demand.kind, seconds, self.in_flight)
        if self.task_limits:
            self.task_limits.answered(demand.tasks, self._by_task, self.limiter.limit)

    def overloaded(self, demand: Demand) -> None:
        """It was given more of these tasks than it can do."""
        if self.backend.max_concurrent == "auto":
            self.task_limits.overloaded(demand.tasks, self._by_task)

    def seconds_to_finish(self, demand: Demand, now: float) -> float:
        """Return when a request would be answered that went there next; 0: unknown."""
        expected = self.times.expected(demand.kind) or 0.0
        missing = self.in_flight - self.limiter.limit
        if missing < 0:
            return expected
        # It is begun when so many of those under way are done.
        left = sorted(self._seconds_left(one, now) for one in self.under_way)
        return expected + left[missing]

    def _seconds_left(self, under_way: Demand, now: float) -> float:
        """Guess how long it still takes: what is late takes as long as it took."""
        elapsed = now - self.under_way[under_way]
        left = (self.times.expected(under_way.kind) or 0.0) - elapsed
        return left if left > 0 else elapsed

    def _is_late(self, under_way: Demand, elapsed: float) -> bool:
        """Whether it takes longer than is usual; not where nothing is known of it."""
        expected = self.times.expected(under_way.kind)
        return expected is not None and elapsed > patience(expected)

    def _is_up(self, now: float) -> bool:
        """Whether it answers, and lets us in."""
        return (
            self.is_enabled
            and self.health.status == "healthy"
            and not (self._denial and self._is_denied(now))
        )

    def _is_denied(self, now: float) -> bool:
        """Whether it has turned away all that it was asked."""
        return now < self._denial_until and bool(self._denial) and not self._does

    def _is_out(self, now: float) -> bool:
        """Whether it fails all that it does."""
        out = {task for task, _ in self.breakers.tripped(now)}
        return bool(out) and out >= self._does

    def _overdue(self, now: float) -> int:
        """Return how many do not count; of one that answers nothing only a limit's."""
        began = self.under_way.values()
        late = list(takewhile(lambda one: now - one >= OVERDUE, began))
        silent = sum(1 for one in late if one > self.last_answer)
        return len(late) - max(0, silent - self.limiter.limit)
