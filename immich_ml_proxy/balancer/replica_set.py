"""The replicas of one backend, read as if they were one server."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

import attrs

from immich_ml_proxy.balancer.demand import Demand
from immich_ml_proxy.balancer.health import Health
from immich_ml_proxy.balancer.latency import Percentiles, ServiceTimes
from immich_ml_proxy.balancer.replicas import address_of
from immich_ml_proxy.balancer.server import Server
from immich_ml_proxy.balancer.switch import RESTING, Off
from immich_ml_proxy.config.model import Backend

_COUNTS = ("served", "failed", "retried", "normalised", "ejections")


@attrs.frozen
class _Limit:
    """The places of all together; see ``limit.Limiter``."""

    limit: int
    found: int


@attrs.frozen
class _Abilities:
    _servers: Sequence[Server]

    def cannot(self, now: float) -> list[str]:
        """Return what none of them can do."""
        refused = [one.abilities.cannot(now) for one in self._servers]
        return [
            one for one in refused[0] if all(one in others for others in refused[1:])
        ]


@attrs.frozen
class _Times:
    _servers: Sequence[Server]

    def percentiles(self) -> Mapping[str, Percentiles]:
        """Return the percentiles of what all of them did recently, by task."""
        return ServiceTimes.together(one.times for one in self._servers)


class ReplicaSet:
    """
    A backend that stands for all addresses of its name; to be read, like a ``Server``.

    What it has counted stays when replicas go.

    :ivar backend: its configuration.
    :ivar servers: its replicas; the backend itself while it has none. Never empty.
    :ivar left_out: addresses that are not used, since they are too many.
    :ivar error: why its name could not be looked up the last time; empty: it could.
    """

    def __init__(self, backend: Backend) -> None:
        self.backend = backend
        self.servers: Sequence[Server] = ()
        self.left_out = 0
        self.error = ""
        self._leaving: list[Server] = []
        self._past = Counter[str]()

    @property
    def name(self) -> str:
        """The backend's name."""
        return self.backend.name

    @property
    def known(self) -> Sequence[Server]:
        """Its servers, and those that have gone and have something to finish."""
        return [*self.servers, *self.leaving]

    @property
    def leaving(self) -> Sequence[Server]:
        """Those that have gone and have something to finish."""
        return [one for one in self._leaving if one.in_flight]

    @property
    def replicas(self) -> Sequence[Server]:
        """Its servers that are replicas: none while no address is known."""
        return [one for one in self.servers if address_of(one.backend)]

    def update(self, backend: Backend, servers: Sequence[Server]) -> None:
        """Go on under another configuration, or with other replicas."""
        staying = set(servers)
        gone = [one for one in (*self.servers, *self._leaving) if one not in staying]
        for one in gone:
            if not one.in_flight:
                self._past.update({name: getattr(one, name) for name in _COUNTS})
        self._leaving = [one for one in gone if one.in_flight]
        self.backend, self.servers = backend, servers
        for one in servers:
            one.replica_of = self

    # --- What is read of a server -----------------------------------------------------

    @property
    def is_enabled(self) -> bool:
        """Whether it is wished to take requests."""
        return self.servers[0].is_enabled

    @property
    def off(self) -> Off | None:
        """That its windows are closed; ``None``: they are not."""
        return self.servers[0].off

    @property
    def is_off(self) -> bool:
        """Whether its windows alone keep it from being used."""
        return self.servers[0].is_off

    @property
    def until(self) -> float | None:
        """When what keeps it from being used ends by itself, in Unix seconds."""
        return self.servers[0].until

    @property
    def is_on_demand(self) -> bool:
        """Whether it is asked how it is only while there is work for it."""
        return self.servers[0].is_on_demand

    @property
    def is_resting(self) -> bool:
        """Whether all of them count as well because there is no work."""
        return all(one.is_resting for one in self.servers)

    @property
    def is_asleep(self) -> bool:
        """Whether all of them are away, as those may be that are pinged on demand."""
        return all(one.is_asleep for one in self.servers)

    @property
    def busy_since(self) -> float:
        """When one of them began to have anything to do last."""
        return max(one.busy_since for one in self.servers)

    @property
    def in_flight(self) -> int:
        """Requests under way, at those that leave, too."""
        return sum(one.in_flight for one in self.known)

    @property
    def under_way(self) -> Iterator[Demand]:
        """The same, each; one that two of them were asked for is in it twice."""
        return (demand for one in self.known for demand in one.under_way)

    @property
    def limiter(self) -> _Limit:
        """The places of all replicas."""
        limiters = [one.limiter for one in self.servers]
        return _Limit(
            sum(one.limit for one in limiters), sum(one.found for one in limiters)
        )

    @property
    def abilities(self) -> _Abilities:
        """What none of them can do."""
        return _Abilities(self.servers)

    @property
    def times(self) -> _Times:
        """How long requests take."""
        return _Times(self.servers)

    @property
    def served(self) -> int:
        """Requests answered well."""
        return self._count("served")

    @property
    def failed(self) -> int:
        """Requests that failed here."""
        return self._count("failed")

    @property
    def retried(self) -> int:
        """Those of them that another server then served, a replica perhaps."""
        return self._count("retried")

    @property
    def normalised(self) -> int:
        """Answers that had to be put into today's form."""
        return self._count("normalised")

    @property
    def ejections(self) -> int:
        """How often a replica was put out."""
        return self._count("ejections")

    def _count(self, name: str) -> int:
        present = sum(getattr(one, name) for one in (*self.servers, *self._leaving))
        return int(self._past[name] + present)

    def reported(self, now: float) -> Health:
        """Return the health of the best of them; why it is down, of all."""
        reported = [one.reported(now) for one in self.servers]
        last = max(one.last_check for one in reported)
        for status in ("healthy", "unknown"):
            best = next((one for one in reported if one.status == status), None)
            if best is not None:
                return attrs.evolve(best, last_check=last)
        reasons = {one.error for one in reported}
        [first, *others] = [f"{_who(one)} {why.error}" for one, why in self._ill(now)]
        told = reasons.pop() if len(reasons) == 1 else first
        if len(reported) > 1:
            told = f"all {len(reported)} replicas: {told}"
            told += f"; {len(others)} more" if reasons else ""
        return attrs.evolve(reported[0], last_check=last, error=told)

    def notes(self, now: float) -> list[str]:
        """Return what people should know of it while it is well, in words."""
        replicas = self.replicas
        if not replicas:
            return self.servers[0].notes(now)
        told = [RESTING] if self.is_resting else []
        ill = [(one, health) for one, health in self._ill(now) if one in replicas]
        if 0 < len(ill) < len(replicas):
            which = "; ".join(f"{_who(one)}: {health.error}" for one, health in ill[:3])
            more = f"; {len(ill) - 3} more" if len(ill) > 3 else ""
            told.append(f"{len(ill)} of {len(replicas)} replicas down: {which}{more}")
        if self.left_out:
            told.append(f"{self.left_out} more addresses are not used: too many")
        if self.error:
            told.append(f"its name cannot be looked up ({self.error})")
        cannot = self.abilities.cannot(now)
        return [f"cannot: {', '.join(cannot)}", *told] if cannot else told

    def _ill(self, now: float) -> list[tuple[Server, Health]]:
        found = [(one, one.reported(now)) for one in self.servers]
        return [pair for pair in found if pair[1].status == "unhealthy"]


#: What one backend of the configuration is at run time.
Machine = Server | ReplicaSet


def machine_of(server: Server) -> Machine:
    """Return what stands for a server's backend: itself, or the set it is in."""
    found = server.replica_of
    return found if isinstance(found, ReplicaSet) else server


def servers_of(machine: Machine) -> Sequence[Server]:
    """Return the servers that one stands for."""
    return machine.servers if isinstance(machine, ReplicaSet) else (machine,)


def _who(server: Server) -> str:
    return address_of(server.backend) or server.name
