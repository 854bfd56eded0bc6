"""The servers there are: what configurations and look-ups make of those before."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import chain
from typing import Protocol, TypeVar

from immich_ml_proxy.balancer.observer import Observer
from immich_ml_proxy.balancer.replica_set import Machine, ReplicaSet
from immich_ml_proxy.balancer.replicas import Names, at_run_time, host_of, left_out
from immich_ml_proxy.balancer.server import Server
from immich_ml_proxy.config.model import Backend


class Roster:
    """
    :param observer: of the servers.
    :ivar servers: by name, in the order of the configuration.
    :ivar of: the servers of each backend of the configuration, by its name.
    :ivar machines: what stands for each of these: a server, or the set of its replicas.
    """

    def __init__(self, observer: Observer) -> None:
        self.servers: Mapping[str, Server] = {}
        self.of: Mapping[str, Sequence[Server]] = {}
        self.machines: Sequence[Machine] = ()
        self._observer = observer
        self._backends: Sequence[Backend] = ()
        self._names: Names = {}

    def configured(self, backends: Sequence[Backend]) -> None:
        """Go on with the backends of another configuration."""
        self._backends = backends
        self._arrange()

    def resolved(self, names: Names) -> None:
        """Go on with the addresses that names have now."""
        self._names = names
        self._arrange()

    def _arrange(self) -> None:
        sets = [one for one in self.machines if isinstance(one, ReplicaSet)]
        kept_sets = at_same_urls(sets, [one for one in self._backends if one.resolve])
        present = {one.name: at_run_time(one, self._names) for one in self._backends}
        # One that is back before it has finished goes on.
        known = chain.from_iterable(one.leaving for one in sets)
        kept = at_same_urls(
            [*known, *self.servers.values()], [*chain.from_iterable(present.values())]
        )
        of, machines = {}, []
        for backend in self._backends:
            of[backend.name] = servers = [
                self._server(kept.get(one.name), one) for one in present[backend.name]
            ]
            machines.append(
                servers[0]
                if backend.resolve is None
                else self._set(kept_sets.get(backend.name), backend, servers)
            )
        self.of, self.machines = of, machines
        self.servers = {one.name: one for one in chain.from_iterable(of.values())}

    def _server(self, kept: Server | None, backend: Backend) -> Server:
        server = kept or Server(backend, self._observer)
        server.replica_of = None
        server.reconfigure(backend)
        return server

    def _set(
        self, kept: ReplicaSet | None, backend: Backend, servers: Sequence[Server]
    ) -> ReplicaSet:
        together = kept or ReplicaSet(backend)
        together.update(backend, servers)
        together.left_out = left_out(backend, self._names)
        looked = self._names.get(host_of(backend))
        together.error = "" if looked is None else looked.error
        return together


class _Placed(Protocol):
    @property
    def name(self) -> str: ...
    @property
    def backend(self) -> Backend: ...


_Kept = TypeVar("_Kept", bound=_Placed)


def at_same_urls(
    servers: Iterable[_Kept], backends: Sequence[Backend]
) -> dict[str, _Kept]:
    """Return the servers that stay by their new names; two may share a URL."""
    left = {(one.backend.url, one.name): one for one in servers}
    kept = {
        backend.name: left.pop((backend.url, backend.name))
        for backend in backends
        if (backend.url, backend.name) in left
    }
    renamed = {url: one for (url, _), one in left.items()}
    for backend in backends:
        if backend.name not in kept and backend.url in renamed:
            kept[backend.name] = renamed.pop(backend.url)
    return kept
