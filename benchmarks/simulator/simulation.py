"""
The scheduling of the proxy without the proxy.

The real rules (``Pool``, ``Scheduler``, limits, strategies) work on events in virtual
time: clients that send one request after the other, and servers that have places, work
in order of arrival and take a given time. No socket, no clock, so a million requests
over 200 backends take minutes, and the same run gives the same numbers.
"""

from __future__ import annotations

import heapq
import random
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from itertools import count, cycle, islice

import msgspec
from attrs import define, field, frozen

from immich_ml_proxy.balancer.demand import Demand, demand_of
from immich_ml_proxy.balancer.pool import Pool
from immich_ml_proxy.balancer.scheduler import Scheduler, Waiting
from immich_ml_proxy.balancer.server import Server
from immich_ml_proxy.config import document as config_document
from immich_ml_proxy.config.model import Config
from immich_ml_proxy.protocol.routing import Group, read

PICTURE = read(b'{"clip":{"visual":{"modelName":"ViT-B-32__openai"}}}')
SEARCH = read(b'{"clip":{"textual":{"modelName":"ViT-B-32__openai"}}}')
PICTURE_BYTES = 300_000
SEARCH_BYTES = 400
TURNAROUND = 0.0005
"""Seconds between an answer and the next request that takes its place."""


@frozen
class Machine:
    """A simulated server: seconds for a request, and how many it works on at once."""

    seconds: float
    places: int


@frozen
class Outcome:
    """
    What came of a run.

    :ivar makespan: virtual seconds from the first request to the last answer.
    :ivar ideal: the same if no place were ever idle.
    :ivar latencies: seconds from request to answer, of pictures.
    :ivar searches: the same, of searches.
    :ivar peaks: the most requests in flight at each server.
    :ivar limits: what each server is given at once in the end.
    """

    makespan: float
    ideal: float
    latencies: Sequence[float]
    searches: Sequence[float]
    peaks: Sequence[int]
    limits: Sequence[int]


@define
class _Machine:
    """
    A server at run time.

    :ivar free: when each of its places is free.
    :ivar in_flight: requests of all proxies there.
    :ivar most: the most there were at once.
    """

    server: Machine
    free: list[float] = field(factory=list)
    in_flight: int = 0
    most: int = 0

    def finish(self, now: float, jitter: float) -> float:
        """Return when a request that arrives at ``now`` is answered."""
        begun = max(heapq.heappop(self.free), now)
        ended = begun + self.server.seconds * jitter
        heapq.heappush(self.free, ended)
        return ended


class _Proxy:
    """What one proxy knows of the servers, which are all well."""

    def __init__(self, config: Config) -> None:
        self.pool = Pool(config, lambda server, before: None)
        for server in self.pool:
            self.pool.evidence.observe(server, None, 0.0)
        self.scheduler = Scheduler(self.pool)


class Simulation:
    """
    A library that is imported.

    :param servers: the backends.
    :param route: fields of the route, such as ``strategy``.
    :param backend: fields of every backend, such as ``maxConcurrent``.
    :param jitter: service times vary by this part of them, evenly.
    :param seed: of the jitter.
    :param proxies: how many there are, which know nothing of each other; each client
        is served by one of them.
    :param more: fields of the configuration, such as ``proxyReplicas``.
    """

    def __init__(
        self,
        servers: Sequence[Machine],
        route: Mapping[str, object] | None = None,
        backend: Mapping[str, object] | None = None,
        jitter: float = 0.1,
        seed: int = 1,
        proxies: int = 1,
        more: Mapping[str, object] | None = None,
    ) -> None:
        names = [f"s{number}" for number in range(len(servers))]
        document = {
            "defaultBackend": {"backends": names, **(route or {})},
            "maxBackends": 10_000,
            **(more or {}),
            "backends": [
                {"name": name, "url": f"http://{name}", **(backend or {})}
                for name in names
            ],
        }
        parsed = config_document.parse(msgspec.json.encode(document))
        assert parsed.default is not None
        self._route = parsed.default
        self._proxies = [_Proxy(parsed) for _ in range(proxies)]
        self._machines = {
            name: _Machine(server, [0.0] * server.places)
            for name, server in zip(names, servers, strict=True)
        }
        self._jitter = jitter
        self._random = random.Random(seed)
        self._events: list[tuple[float, int, Callable[[], None]]] = []
        self._order = count()
        self._now = 0.0

    def run(self, pictures: int, clients: int, search_every: float = 0.0) -> Outcome:
        """
        Import ``pictures`` with so many clients at once.

        :param search_every: seconds between two searches meanwhile; 0 for none.
        """
        left = pictures
        latencies: list[float] = []
        searches: list[float] = []

        def next_picture(proxy: _Proxy) -> None:
            nonlocal left
            if left > 0:
                left -= 1
                again = partial(next_picture, proxy)
                self._ask(proxy, PICTURE_BYTES, latencies, again)

        asked = cycle(self._proxies)

        def next_search() -> None:
            if left > 0:
                self._ask(next(asked), SEARCH_BYTES, searches, lambda: None)
                self._at(self._now + search_every, next_search)

        for proxy in islice(cycle(self._proxies), clients):
            self._at(0.0, partial(next_picture, proxy))
        if search_every:
            self._at(search_every, next_search)
        while self._events:
            self._now, _, act = heapq.heappop(self._events)
            act()
        machines = [machine.server for machine in self._machines.values()]
        return Outcome(
            self._now,
            pictures / sum(server.places / server.seconds for server in machines),
            latencies,
            searches,
            [machine.most for machine in self._machines.values()],
            [server.limiter.limit for server in self._proxies[0].pool],
        )

    def _at(self, when: float, act: Callable[[], None]) -> None:
        heapq.heappush(self._events, (when, next(self._order), act))

    def _ask(
        self, proxy: _Proxy, size: int, took: list[float], then: Callable[[], None]
    ) -> None:
        tasks = PICTURE if size == PICTURE_BYTES else SEARCH
        demand = demand_of(Group(self._route, tasks), size)
        began = self._now

        def answered() -> None:
            took.append(self._now - began)
            then()

        def placed(server: Server | None) -> None:
            assert server is not None
            self._send(proxy, server, demand, answered)

        proxy.scheduler.ask(Waiting(demand, placed), self._now)

    def _send(
        self,
        proxy: _Proxy,
        server: Server,
        demand: Demand,
        answered: Callable[[], None],
    ) -> None:
        asked, machine = self._now, self._machines[server.name]
        machine.in_flight += 1
        machine.most = max(machine.most, machine.in_flight)
        jitter = self._random.uniform(1 - self._jitter, 1 + self._jitter)
        ended = machine.finish(asked, jitter) + TURNAROUND

        def finished() -> None:
            machine.in_flight -= 1
            server.answered(demand, self._now - asked)
            proxy.pool.evidence.served(server, demand, self._now)
            proxy.scheduler.release(server, demand, self._now)
            answered()

        self._at(ended, finished)


def percentile(values: Sequence[float], part: float) -> float:
    """Return the value below which this part of ``values`` lies."""
    ordered = sorted(values)
    return ordered[min(int(part * len(ordered)), len(ordered) - 1)]
