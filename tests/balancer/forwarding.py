"""A group that is being forwarded by a fleet in memory, as if for a client."""

from __future__ import annotations

import json

from immich_ml_proxy.balancer.demand import Demand, demand_of
from immich_ml_proxy.balancer.work import Order, Served, Work
from immich_ml_proxy.errors import ProxyError
from immich_ml_proxy.protocol import routing
from immich_ml_proxy.protocol.body import Body
from immich_ml_proxy.upstream.body_producer import Splice
from tests.demo_requests import MULTIPART, VISUAL
from tests.fakes import Fleet, outcome
from tests.upstream.sending import PHOTO, arrived

#: Seconds after which a refused connection to a name is known to have failed.
REFUSED = 1


def pictured(fleet: Fleet) -> Demand:
    """Return the demand of the picture that is forwarded."""
    [group] = routing.groups(routing.read(json.dumps(VISUAL).encode()), fleet.config)
    return demand_of(group, len(PHOTO))


class Forward:
    """A group that is being forwarded, as if for a client; ``wait`` in seconds."""

    def __init__(
        self,
        fleet: Fleet,
        splice: Splice | None = None,
        wait: float = 0,
        body: Body | None = None,
        entries: object = VISUAL,
    ) -> None:
        tasks = routing.read(json.dumps(entries).encode())
        [group] = routing.groups(tasks, fleet.config)
        content_type = MULTIPART.encode()
        level = fleet.config.check_answers
        body = body or arrived()
        order, onward = Order.of(group), {b"X-Request-ID": [b"trace"]}
        work = Work(order, body, splice, content_type, "trace", level, onward)
        self.deferred = fleet.forwarder.forward(work)
        self.results = outcome(self.deferred)
        fleet.network.advance(wait)

    @property
    def served(self) -> Served:
        """The answer."""
        assert isinstance(self.results[0], Served), self.results
        return self.results[0]

    @property
    def error(self) -> ProxyError:
        """Why there is none."""
        error = self.results[0].value
        assert isinstance(error, ProxyError), self.results
        return error
