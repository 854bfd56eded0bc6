"""Which backend a request goes to, and what a new configuration leaves as it is."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from immich_ml_proxy.core.config import STRATEGIES, Route
from immich_ml_proxy.core.demand import Demand
from immich_ml_proxy.core.health import TRIP_AFTER, Health
from immich_ml_proxy.core.member import Member
from immich_ml_proxy.core.pool import Pool
from tests.core.demands import configured, image

NOW = 1.0
AUTO = {"name": "a"}, {"name": "b"}, {"name": "c"}


class Backends:
    """
    A pool, by the names of its backends.

    :param healthy: those that answered a ping; of the others nothing is known.
    :ivar flips: what was told: name, status before, status now.
    """

    def __init__(self, *backends: dict[str, Any], healthy: str = "", **more: Any):
        self.flips: list[tuple[str, str, str]] = []
        self.pool = Pool(configured(*backends, **more), self._flipped)
        for name in healthy:
            self.observe(name, None)
        self.flips.clear()

    def _flipped(self, member: Member, before: Health) -> None:
        told = (member.name, before.status, member.reported(NOW).status)
        self.flips.append(told)

    def observe(self, name: str, error: str | None) -> None:
        """Take in a ping."""
        self.pool.observe(self.pool[name], error, NOW)

    def trip(self, name: str) -> None:
        """Have a backend fail what others serve until it is put out."""
        for _ in range(TRIP_AFTER):
            self.pool.outdone(self.pool[name], NOW)

    def route(self, key: str = "default") -> Route:
        """Return a route of the configuration in force."""
        return next(route for route in self.pool.config.all_routes if route.key == key)

    def demand(self, key: str = "default") -> Demand:
        """Return the demand of a picture."""
        return image(self.route(key))

    def choose(
        self, key: str = "default", tried: str = "", now: float = NOW, hold: bool = False
    ) -> str | None:
        """Return the name of the backend that a picture should go to."""
        asked = [self.pool[name] for name in tried]
        chosen = self.pool.choose(self.demand(key), asked, now, hold)
        return chosen and chosen.name

    def order(self, key: str = "default") -> str:
        """Return whom a request is given that fails everywhere, one after another."""
        tried = ""
        while (name := self.choose(key, tried)) is not None:
            tried += name
        return tried

    def fill(self, name: str) -> Demand:
        """Have a backend work on a picture."""
        demand = self.demand()
        self.pool[name].take(demand, NOW)
        return demand


def routed(healthy: str, **route: Any) -> Backends:
    """Return backends ``a`` to ``d``; the route ``ocr`` has ``a`` and ``b``."""
    names = [{"name": name} for name in "abcd"]
    routing = {"ocr": {"backends": ["a", "b"], **route}}
    default = ["c", "d"]
    return Backends(
        *names, healthy=healthy, defaultBackend=default, taskRouting=routing
    )


def test_healthy_backends_come_first() -> None:
    """Whatever their place in the route."""
    assert Backends(*AUTO, healthy="b").order()[0] == "b"
    assert set(Backends(*AUTO, healthy="bc").order()[:2]) == set("bc")


def test_when_none_is_healthy_all_are_tried() -> None:
    """A request is never failed unasked: what was down may be back."""
    backends = Backends(*AUTO)
    backends.observe("a", "connection refused")
    assert sorted(backends.order()) == ["a", "b", "c"]


def test_every_backend_is_asked_at_the_most_once() -> None:
    """Then there is nobody left."""
    backends = Backends(*AUTO, healthy="abc")
    assert sorted(backends.order()) == ["a", "b", "c"]
    assert backends.choose(tried="abc") is None


def test_a_route_keeps_to_its_backends() -> None:
    """Without a fallback, even when all of them are down and others are well."""
    backends = routed("cd")
    assert sorted(backends.order("ocr")) == ["a", "b"]


def test_a_fallback_goes_to_the_default_route() -> None:
    """When no backend of the route is healthy; before those are tried unasked."""
    backends = routed("cd", fallback=True)
    order = backends.order("ocr")
    assert (sorted(order[:2]), sorted(order[2:])) == (["c", "d"], ["a", "b"])


def test_a_fallback_is_not_used_while_a_backend_is_healthy() -> None:
    """Even a single one, and even if it is full: the work waits for it."""
    backends = routed("bcd", fallback=True)
    assert [backends.choose("ocr") for _ in range(4)] == ["b"] * 4
    backends.fill("b")
    assert backends.choose("ocr") is None
    assert sorted(backends.order("ocr")) == []


def test_a_backend_of_both_routes_is_asked_once() -> None:
    """The fallback is for those that the route does not name itself."""
    backends = Backends(
        *AUTO,
        defaultBackend=["a", "b"],
        taskRouting={"ocr": {"backends": ["b", "c"], "fallback": True}},
    )
    assert sorted(backends.order("ocr")) == ["a", "b", "c"]


@given(
    st.sampled_from([s for s in STRATEGIES if s != "in_order"]),
    st.sets(st.sampled_from("abcdef")),
    st.lists(st.sampled_from("abcdef"), min_size=1, unique=True),
    st.lists(st.sampled_from("abcdef"), min_size=1, unique=True),
    st.booleans(),
)
def test_whoever_is_well_is_asked_before_whoever_is_not(
    strategy: str, healthy: set[str], route: list[str], default: list[str], fall: bool
) -> None:
    """
    Those of the route that are healthy, those of the default route that are, the rest
    of the route, the rest of the default route; each once, and nobody else.
    """
    backends = Backends(
        *({"name": name} for name in "abcdef"),
        healthy="".join(healthy),
        defaultBackend=default,
        taskRouting={
            "ocr": {"backends": route, "fallback": fall, "strategy": strategy}
        },
    )
    ways = [route, default] if fall else [route]
    expected: list[str] = []
    for wished in (True, False):
        for way in ways:
            stage = {n for n in way if (n in healthy) == wished} - set(expected)
            expected += sorted(stage)
    order = backends.order("ocr")
    assert sorted(order) == sorted(expected)

    def rank(name: str) -> tuple[bool, bool]:
        return name not in healthy, name not in route

    assert list(map(rank, order)) == sorted(map(rank, order))


def test_full_backends_are_waited_for() -> None:
    """Unhealthy ones with a place are no substitute."""
    backends = Backends({"name": "a", "maxConcurrent": 1}, {"name": "b"}, healthy="a")
    demand = backends.fill("a")
    assert backends.choose() is None
    backends.pool[("a")].give_back(demand)
    assert backends.choose() == "a"


def test_a_held_request_waits_for_a_healthy_backend() -> None:
    """It is not sent to one that is down, though it may be tried at last."""
    backends = Backends(*AUTO)
    assert backends.choose(hold=True) is None
    assert backends.pool.may_ask(backends.route(), ())
    backends.observe("b", None)
    assert backends.choose(hold=True) == "b"


@pytest.mark.parametrize("state", ["drain", "disabled"])
def test_who_is_not_enabled_takes_nothing(state: str) -> None:
    """Neither while it is well, nor when all others are down."""
    backends = Backends({"name": "a", "state": state}, {"name": "b"}, healthy="a")
    assert backends.order() == "b"
    alone = Backends({"name": "a", "state": state}, healthy="a")
    assert alone.order() == ""
    assert not alone.pool.may_ask(alone.route(), ())


@pytest.mark.parametrize(
    ("key", "tried", "left"),
    [
        ("default", "", True),
        ("default", "c", True),
        ("default", "cd", False),
        ("ocr", "ab", True),
        ("ocr", "abc", True),
        ("ocr", "abcd", False),
    ],
)
def test_who_may_be_asked_is_known(key: str, tried: str, left: bool) -> None:
    """Those of the route, and of its fallback, that have not been tried."""
    backends = routed("", fallback=True)
    asked = [backends.pool[name] for name in tried]
    assert backends.pool.may_ask(backends.route(key), asked) == left


def test_who_is_put_out_is_asked_last_and_then_as_before() -> None:
    """Pings do not bring it back; time does, or a request that it serves."""
    backends = Backends(*AUTO[:2], healthy="ab")
    backends.trip("a")
    backends.observe("a", None)
    assert [backends.choose() for _ in range(3)] == ["b"] * 3
    assert backends.order() == "ba"
    assert {backends.choose(now=NOW + 5) for _ in range(2)} == {"a", "b"}
    backends.pool.served(backends.pool["a"], NOW)
    assert {backends.choose() for _ in range(2)} == {"a", "b"}


# What pings and requests have shown.


def test_a_flip_is_told_once() -> None:
    """And what it was before; what says the same again is not."""
    backends = Backends({"name": "a"})
    for error in (None, None, "timed out", "answered 500", None):
        backends.observe("a", error)
    assert backends.flips == [
        ("a", "unknown", "healthy"),
        ("a", "healthy", "unhealthy"),
        ("a", "unhealthy", "healthy"),
    ]


def test_the_latest_reason_is_kept() -> None:
    """Though nobody is told of it."""
    backends = Backends({"name": "a"})
    backends.observe("a", "timed out")
    backends.observe("a", "answered 500")
    assert backends.pool["a"].health == Health("unhealthy", NOW, "answered 500")


def test_a_request_that_is_served_shows_that_a_backend_is_well() -> None:
    """That counts like a ping, and is told."""
    backends = Backends({"name": "a"})
    backends.observe("a", "timed out")
    backends.flips.clear()
    for _ in range(2):
        backends.pool.served(backends.pool["a"], NOW)
    assert backends.flips == [("a", "unhealthy", "healthy")]
    assert backends.pool["a"].served == 2


def test_who_is_put_out_is_told_of_once() -> None:
    """And again when it serves a request."""
    backends = Backends({"name": "a"}, healthy="a")
    for _ in range(TRIP_AFTER + 2):
        backends.pool.outdone(backends.pool["a"], NOW)
    assert backends.flips == [("a", "healthy", "unhealthy")]
    assert backends.pool["a"].ejections == 1
    backends.observe("a", None)
    backends.pool.served(backends.pool["a"], NOW)
    assert backends.flips[1:] == [("a", "unhealthy", "healthy")]


def test_what_others_served_is_counted() -> None:
    """Failures halve a limit that was found, too."""
    backends = Backends({"name": "a"}, healthy="a")
    member = backends.pool["a"]
    member.limiter.limit = 8
    backends.pool.outdone(member, NOW)
    assert (member.retried, member.ejections, member.limiter.limit) == (1, 0, 4)


def test_nobody_is_told_of_who_is_disabled() -> None:
    """What becomes of it is wished so."""
    backends = Backends({"name": "a", "state": "disabled"})
    backends.observe("a", None)
    backends.observe("a", "timed out")
    assert backends.flips == []


@given(
    st.lists(st.tuples(st.sampled_from("ab"), st.sampled_from([None, "down", "bad"])))
)
def test_what_is_told_is_what_has_changed(
    observations: list[tuple[str, str | None]],
) -> None:
    """Every flip begins where the one before has ended."""
    backends = Backends(*AUTO[:2])
    for name, error in observations:
        backends.observe(name, error)
    for name in "ab":
        statuses = ["unknown"]
        for one, before, now in backends.flips:
            if one == name:
                assert (before, before != now) == (statuses[-1], True)
                statuses.append(now)
        assert statuses[-1] == backends.pool[name].health.status


# What Immich's ping asks.


@pytest.mark.parametrize(
    ("healthy", "fallback", "down"),
    [
        ("abcd", False, []),
        ("ac", False, []),
        ("bd", False, []),
        ("ab", False, ["default"]),
        ("ab", True, ["default"]),
        ("cd", False, ["ocr"]),
        ("d", True, []),
        ("", False, ["default", "ocr"]),
        ("", True, ["default", "ocr"]),
    ],
)
def test_a_route_is_down_without_a_healthy_backend(
    healthy: str, fallback: bool, down: list[str]
) -> None:
    """The default and every other, but for one whose fallback has a healthy one."""
    backends = routed(healthy, fallback=fallback)
    assert [route.key for route in backends.pool.down(NOW)] == down


def test_a_backend_that_nobody_routes_to_takes_no_route_down() -> None:
    """Its health is shown, that is all."""
    backends = Backends(*AUTO, healthy="a", defaultBackend="a")
    assert backends.pool.down(NOW) == []


@pytest.mark.parametrize("state", ["drain", "disabled"])
def test_a_route_of_backends_that_are_not_enabled_is_down(state: str) -> None:
    """Though they answer pings: they take nothing."""
    backends = Backends({"name": "a", "state": state}, healthy="a")
    assert [route.key for route in backends.pool.down(NOW)] == ["default"]


def test_a_route_is_down_while_its_backend_is_put_out() -> None:
    """And up when its time is over."""
    backends = Backends({"name": "a"}, healthy="a")
    backends.trip("a")
    assert backends.pool.down(NOW) == [backends.route()]
    assert backends.pool.down(NOW + 5) == []


def test_without_a_configuration_no_route_is_down() -> None:
    """There is none: ``/ping`` has to look at that itself."""
    backends = Backends(defaultBackend="")
    assert (list(backends.pool), backends.pool.down(NOW)) == ([], [])


# How long to wait for an answer before somebody else is asked.


def usual(backends: Backends, **seconds: float) -> Backends:
    """Have it known how long pictures take at backends."""
    for name, one in seconds.items():
        backends.pool[name].times.add(backends.demand().kind, one)
    return backends


def patience(backends: Backends, tried: str = "a") -> float | None:
    """Return how long a picture waits at the last one of ``tried``."""
    asked = [backends.pool[name] for name in tried]
    return backends.pool.patience(backends.demand(), asked, NOW)


@pytest.mark.parametrize(
    ("seconds", "waits"), [(0.01, 5.0), (0.25, 5.0), (0.3, 6.0), (10.0, 200.0)]
)
def test_somebody_else_is_asked_after_a_multiple_of_the_usual_time(
    seconds: float, waits: float
) -> None:
    """Twenty times what is expected, and 5 s at the least."""
    backends = Backends(*AUTO, healthy="abc")
    assert patience(usual(backends, a=seconds)) == pytest.approx(waits)


def test_the_slowest_backend_tells_how_long_is_usual() -> None:
    """Of those that have been asked, and those that may be."""
    backends = usual(Backends(*AUTO, healthy="abc"), a=1.0, b=3.0, c=2.0)
    assert patience(backends) == 60.0
    backends.observe("b", "timed out")
    assert patience(backends) == 40.0
    assert patience(backends, "cb") == 60.0


@pytest.mark.parametrize(("healthy", "tried"), [("a", "a"), ("abc", "abc"), ("", "a")])
def test_nobody_is_given_up_for_nobody(healthy: str, tried: str) -> None:
    """Without another one that is well, the answer is waited for."""
    assert patience(usual(Backends(*AUTO, healthy=healthy), a=1.0), tried) is None


def test_what_nothing_is_known_of_is_waited_for() -> None:
    """It may load a model for minutes."""
    assert patience(Backends(*AUTO, healthy="abc")) is None
