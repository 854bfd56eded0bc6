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
from itertools import count

import msgspec
from attrs import field, frozen

from immich_ml_proxy.balancer.demand import Demand, demand_of
from immich_ml_proxy.balancer.pool import Pool
from immich_ml_proxy.balancer.scheduler import Scheduler, Waiting
from immich_ml_proxy.balancer.server import Server
from immich_ml_proxy.config import document as config_document
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


@frozen
class _Machine:
    """A server at run time: when each of its places is free."""

    server: Machine
    free: list[float] = field(factory=list)

    def finish(self, now: float, jitter: float) -> float:
        """Return when a request that arrives at ``now`` is answered."""
        begun = max(heapq.heappop(self.free), now)
        ended = begun + self.server.seconds * jitter
        heapq.heappush(self.free, ended)
        return ended


class Simulation:
    """
    A library that is imported.

    :param servers: the backends.
    :param route: fields of the route, such as ``strategy``.
    :param backend: fields of every backend, such as ``maxConcurrent``.
    :param jitter: service times vary by this part of them, evenly.
    :param seed: of the jitter.
    """

    def __init__(
        self,
        servers: Sequence[Machine],
        route: Mapping[str, object] | None = None,
        backend: Mapping[str, object] | None = None,
        jitter: float = 0.1,
        seed: int = 1,
    ) -> None:
        names = [f"s{number}" for number in range(len(servers))]
        document = {
            "defaultBackend": {"backends": names, **(route or {})},
            "maxBackends": 10_000,
            "backends": [
                {"name": name, "url": f"http://{name}", **(backend or {})}
                for name in names
            ],
        }
        parsed = config_document.parse(msgspec.json.encode(document))
        assert parsed.default is not None
        self._route = parsed.default
        self._pool = Pool(parsed, lambda server, before: None)
        for server in self._pool:
            self._pool.evidence.observe(server, None, 0.0)
        self._scheduler = Scheduler(self._pool)
        self._machines = {
            name: _Machine(server, [0.0] * server.places)
            for name, server in zip(names, servers, strict=True)
        }
        self._jitter = jitter
        self._random = random.Random(seed)
        self._events: list[tuple[float, int, Callable[[], None]]] = []
        self._order = count()
        self._now = 0.0
        self._peaks = dict.fromkeys(names, 0)

    def run(self, pictures: int, clients: int, search_every: float = 0.0) -> Outcome:
        """
        Import ``pictures`` with so many clients at once.

        :param search_every: seconds between two searches meanwhile; 0 for none.
        """
        left = pictures
        latencies: list[float] = []
        searches: list[float] = []

        def next_picture() -> None:
            nonlocal left
            if left > 0:
                left -= 1
                self._ask(PICTURE_BYTES, latencies, next_picture)

        def next_search() -> None:
            if left > 0:
                self._ask(SEARCH_BYTES, searches, lambda: None)
                self._at(self._now + search_every, next_search)

        for _ in range(clients):
            self._at(0.0, next_picture)
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
            list(self._peaks.values()),
            [server.limiter.limit for server in self._pool],
        )

    def _at(self, when: float, act: Callable[[], None]) -> None:
        heapq.heappush(self._events, (when, next(self._order), act))

    def _ask(self, size: int, took: list[float], then: Callable[[], None]) -> None:
        tasks = PICTURE if size == PICTURE_BYTES else SEARCH
        demand = demand_of(Group(self._route, tasks), size)
        began = self._now

        def answered() -> None:
            took.append(self._now - began)
            then()

        self._scheduler.ask(
            Waiting(demand, lambda server: self._send(server, demand, answered)),
            self._now,
        )

    def _send(
        self, server: Server | None, demand: Demand, answered: Callable[[], None]
    ) -> None:
        assert server is not None
        asked = self._now
        self._peaks[server.name] = max(self._peaks[server.name], server.in_flight)
        jitter = self._random.uniform(1 - self._jitter, 1 + self._jitter)
        ended = self._machines[server.name].finish(asked, jitter) + TURNAROUND

        def finished() -> None:
            server.answered(demand, self._now - asked)
            self._pool.evidence.served(server, demand, self._now)
            self._scheduler.release(server, demand, self._now)
            answered()

        self._at(ended, finished)


def percentile(values: Sequence[float], part: float) -> float:
    """Return the value below which this part of ``values`` lies."""
    ordered = sorted(values)
    return ordered[min(int(part * len(ordered)), len(ordered) - 1)]
