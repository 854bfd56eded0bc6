"""The scheduler under whatever can happen, in any order."""

from __future__ import annotations

from collections import Counter
from itertools import count
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
)

from immich_ml_proxy.balancer.demand import Demand
from immich_ml_proxy.balancer.pool import Pool
from immich_ml_proxy.balancer.scheduler import Scheduler, Waiting
from immich_ml_proxy.balancer.server import Server
from immich_ml_proxy.config.model import Route
from immich_ml_proxy.errors import Unavailable
from tests.balancer.demands import configured, image, search

ROUTING = {
    "clip": {"backends": ["a", "b"], "strategy": "least_busy", "maxWaiting": 6},
    "ocr": {"backends": ["b"], "fallback": True, "maxWaiting": 3},
}
BOUNDS = {"default": 1000, "clip": 6, "ocr": 3}


def document(states: list[str], places: list[Any]) -> Any:
    """Return a configuration of three backends in these states."""
    backends: list[dict[str, Any]] = [
        {"name": name, "state": state, "maxConcurrent": most}
        for name, state, most in zip("abc", states, places, strict=True)
    ]
    backends[1]["limits"] = {"ocr": 1}
    return configured(*backends, taskRouting=ROUTING)


STATES = st.lists(
    st.sampled_from(["enabled", "enabled", "drain", "disabled"]), min_size=3, max_size=3
)
NAMES = st.sampled_from("abc")
TASKS = st.sampled_from(["clip", "ocr"])
PLACES = st.lists(st.sampled_from([1, 2, 3, "auto"]), min_size=3, max_size=3)


class AnyOrder(RuleBasedStateMachine):
    """Requests ask, are served and leave; backends come and go."""

    @initialize()
    def begin(self) -> None:
        """Begin with backends that are all healthy."""
        config = document(["enabled"] * 3, [2, 2, "auto"])
        self.pool = Pool(config, lambda server, before: None)
        for server in self.pool:
            self.pool.evidence.observe(server, None, 0.0)
        self.scheduler = Scheduler(self.pool)
        self.now = 0.0
        self.numbers = count()
        self.waiting: dict[int, Waiting] = {}
        self.there: dict[int, tuple[Server, Demand]] = {}

    @rule(
        key=st.sampled_from(["default", "clip", "ocr"]),
        is_search=st.booleans(),
        tried=st.sets(st.sampled_from("abc")),
        hold=st.booleans(),
    )
    def ask(self, key: str, is_search: bool, tried: set[str], hold: bool) -> None:
        """Somebody asks."""
        [route] = (one for one in self.pool.config.all_routes if one.key == key)
        task = "ocr" if key == "ocr" else "clip"
        demand = search(route) if is_search else image(route, task)
        number = next(self.numbers)

        def granted(server: Server | None) -> None:
            self._granted(number, server)

        failed = frozenset(self.pool[name] for name in tried)
        self.waiting[number] = Waiting(demand, granted, failed, hold)
        length = sum(
            one.demand.route == route and (one.demand.is_search or not is_search)
            for other, one in self.waiting.items()
            if other != number
        )
        try:
            self.scheduler.ask(self.waiting[number], self.now)
        except Unavailable as refused:
            assert refused.retry_after
            assert not tried
            assert length >= BOUNDS[key]
            del self.waiting[number]

    @precondition(lambda self: self.there)
    @rule(data=st.data())
    def release(self, data: st.DataObject) -> None:
        """Somebody is answered."""
        number = data.draw(st.sampled_from(sorted(self.there)))
        server, demand = self.there.pop(number)
        self.scheduler.release(server, demand, self.now)

    @precondition(lambda self: self.waiting)
    @rule(data=st.data())
    def leave(self, data: st.DataObject) -> None:
        """Somebody leaves."""
        number = data.draw(st.sampled_from(sorted(self.waiting)))
        self.scheduler.leave(self.waiting.pop(number))

    @precondition(lambda self: self.waiting)
    @rule(data=st.data())
    def let_go(self, data: st.DataObject) -> None:
        """Somebody has been held long enough."""
        number = data.draw(st.sampled_from(sorted(self.waiting)))
        self.scheduler.let_go(self.waiting[number], self.now)

    @rule(name=NAMES, error=st.sampled_from([None, "refused", "answered 503"]))
    def ping(self, name: str, error: str | None) -> None:
        """A backend is looked at."""
        is_away = error == "refused"
        self.pool.evidence.observe(self.pool[name], error, self.now, is_away)
        self.scheduler.dispatch(self.now)

    @rule(name=NAMES, seconds=st.sampled_from([0.4, 5.0]))
    def be_busy(self, name: str, seconds: float) -> None:
        """A backend wants nothing for a while."""
        self.pool[name].busy_until = self.now + seconds
        self.scheduler.dispatch(self.now)

    @rule(name=NAMES, task=TASKS, detour=st.booleans())
    def fail(self, name: str, task: str, detour: bool) -> None:
        """A backend fails a task, or another is faster by far."""
        server = self.pool[name]
        (server.detours if detour else server.breakers).failed([task], self.now)
        self.scheduler.dispatch(self.now)

    @rule(name=NAMES, task=TASKS)
    def refuse(self, name: str, task: str) -> None:
        """A backend cannot do what another did."""
        [need] = image(task=task).needs
        self.pool[name].abilities.refused(need, self.now)
        self.scheduler.dispatch(self.now)

    @rule(name=NAMES, task=TASKS)
    def serve(self, name: str, task: str) -> None:
        """A backend serves something."""
        self.pool.evidence.served(self.pool[name], image(task=task), self.now)
        self.scheduler.dispatch(self.now)

    @rule(seconds=st.sampled_from([0.5, 6.0, 700.0]))
    def pass_time(self, seconds: float) -> None:
        """Time passes, and something is looked at."""
        self.now += seconds
        self.scheduler.dispatch(self.now)

    @rule(states=STATES, places=PLACES)
    def reconfigure(self, states: list[str], places: list[Any]) -> None:
        """Another configuration."""
        self.pool.reconfigure(document(states, places))
        self.scheduler.reconfigured(self.now)

    @invariant()
    def everybody_is_somewhere(self) -> None:
        """In line, at a backend, or told; never twice, never nowhere."""
        lines = Counter(waiting.demand.route for waiting in self.waiting.values())
        assert self.scheduler.waiting() == lines
        # One that a backend has failed was taken in before: it is let in beyond it.
        # A search is let in for other searches only.
        bounded = Counter(
            (waiting.demand.route, waiting.demand.is_search)
            for waiting in self.waiting.values()
            if not waiting.tried
        )
        for (route, _), length in bounded.items():
            assert length <= BOUNDS[route.key]
        for server in self.pool:
            there = [demand for one, demand in self.there.values() if one is server]
            assert server.in_flight == len(there)

    @invariant()
    def nobody_waits_in_vain(self) -> None:
        """For who waits there is a backend to wait for, and none that has a place."""
        for waiting in self.waiting.values():
            demand = waiting.demand
            may = self._candidates(demand.route, waiting)
            assert may, "there is nobody to wait for"
            ready = [[s for s in way if s.is_ready(demand, self.now)] for way in may]
            well = next((way for way in ready if way), None)
            others = [
                [
                    s
                    for s in way
                    if not waiting.hold or s.is_worth_asking(demand, self.now)
                ]
                for way in may
            ]
            last = next((way for way in others if way), [])
            wanted = well or ([] if self._is_busy(may) else last)
            free = [one for one in wanted if one.has_place(demand, self.now)]
            assert not free, (waiting, [one.name for one in free])

    def _granted(self, number: int, server: Server | None) -> None:
        waiting = self.waiting.pop(number)
        demand = waiting.demand
        if server is None:
            assert not self._candidates(demand.route, waiting)
            return
        self.there[number] = (server, demand)
        assert server.backend.state == "enabled"
        assert server not in waiting.tried
        assert server.can(demand, self.now)
        assert server.is_worth_asking(demand, self.now) or not waiting.hold
        if server.backend.max_concurrent != "auto":
            assert server.in_flight <= server.limiter.limit
        ocr = sum("ocr" in d.tasks for one, d in self.there.values() if one is server)
        assert ocr <= server.backend.limits.get("ocr", ocr)

    def _candidates(self, route: Route, waiting: Waiting) -> list[list[Server]]:
        """Return by route who may be asked, routes without anybody left out."""
        default = self.pool.config.default
        assert default is not None
        routes = [route, default] if route.fallback else [route]
        ways = [
            [
                self.pool[name]
                for name in way.backends
                if self.pool[name].backend.state == "enabled"
                and self.pool[name] not in waiting.tried
                and self.pool[name].can(waiting.demand, self.now)
            ]
            for way in routes
        ]
        return [way for way in ways if way]

    def _is_busy(self, may: list[list[Server]]) -> bool:
        """Return whether one of them is well, and wants nothing now."""
        return any(
            one.is_healthy(self.now) and self.now < one.busy_until
            for way in may
            for one in way
        )


AnyOrder.TestCase.settings = settings(max_examples=150, stateful_step_count=40)
TestAnyOrder = AnyOrder.TestCase
