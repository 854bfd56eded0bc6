"""What a request asks of a backend, as far as scheduling is concerned."""

from __future__ import annotations

import attrs

from immich_ml_proxy.balancer.latency import SIZE_CLASSES, Kind, size_class
from immich_ml_proxy.balancer.need import Need, needs_of
from immich_ml_proxy.config.model import Route, normalized
from immich_ml_proxy.protocol.routing import Group


@attrs.define(eq=False)
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


@attrs.frozen(eq=False)
class Profile:
    """
    What a group demands, whatever the size of its request.

    Immich asks for the same few things over and over, so this is kept with them.

    :ivar kinds: by the size class of the body.
    """

    kinds: tuple[Kind, ...]
    tasks: tuple[str, ...]
    is_search: bool
    needs: tuple[Need, ...]

    def demand(self, route: Route, size: int) -> Demand:
        """
        Return the demand of one request.

        :param size: bytes of its body.
        """
        kind = self.kinds[size_class(size)]
        return Demand(route, kind, self.tasks, self.is_search, self.needs, size)


def profile_of(group: Group) -> Profile:
    """
    Return what ``group`` demands.

    A request without an image can only be asked for ``textual``: every other type
    needs one.
    """
    types = [kind for kinds in group.tasks.values() for kind in kinds]
    label = group.label
    return Profile(
        tuple(Kind(label, size) for size in range(SIZE_CLASSES)),
        tuple(map(normalized, group.tasks)),
        bool(types) and all(kind == "textual" for kind in types),
        needs_of(group.tasks),
    )


def demand_of(group: Group, size: int) -> Demand:
    """
    Return what a request for ``group`` demands.

    :param size: bytes of its body.
    """
    return profile_of(group).demand(group.route, size)
