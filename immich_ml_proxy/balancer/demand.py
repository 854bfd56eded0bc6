"""What a request asks of a backend, as far as scheduling is concerned."""

from __future__ import annotations

import attrs

from immich_ml_proxy.balancer.latency import Kind, kind_of
from immich_ml_proxy.balancer.need import Need, needs_of
from immich_ml_proxy.config.model import Route, normalized
from immich_ml_proxy.protocol.routing import Group


@attrs.frozen(eq=False)
class Demand:
    """
    :ivar route: where the request may go.
    :ivar kind: what its service times are compared with.
    :ivar tasks: the tasks it takes a place of, by normalized name.
    :ivar is_search: somebody waits for it; image work is not waited for.
    :ivar needs: what a server must be able to do; the last one is all of it.
    :ivar size: bytes of the request's body.
    """

    route: Route
    kind: Kind
    tasks: tuple[str, ...]
    is_search: bool
    needs: tuple[Need, ...]
    size: int

    @property
    def need(self) -> Need:
        """All that a server must be able to do."""
        return self.needs[-1]


def demand_of(group: Group, size: int) -> Demand:
    """
    Return what ``group`` demands.

    :param size: bytes of the request's body.

    A request without an image can only be asked for ``textual``: every other type
    needs one.
    """
    types = [kind for kinds in group.tasks.values() for kind in kinds]
    return Demand(
        group.route,
        kind_of(group.label, size),
        tuple(map(normalized, group.tasks)),
        bool(types) and all(kind == "textual" for kind in types),
        needs_of(group.tasks),
        size,
    )
