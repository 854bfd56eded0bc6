"""
Has a group answered: asks servers until one serves it, or it is clear that none will.

What an outcome means is told in :mod:`~immich_ml_proxy.balancer.outcome`; here it is
acted upon. Servers are asked one after another (failover), and a second one beside the
first, when a search takes longer than ``hedgeAfterMs`` (hedging), or anything far
longer than usual (patience). The latter may be a model that is being loaded, so the
first one goes on, and whoever answers first wins.

Sending a group again is safe, since inference changes nothing. What is cancelled, since
the client left or another server answered first, is held against nobody.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IReactorTime
from twisted.logger import Logger
from twisted.python.failure import Failure

from immich_ml_proxy.balancer import outcome
from immich_ml_proxy.balancer.attempts import Attempts, Means
from immich_ml_proxy.balancer.delivery import START_OVER_AFTER, Delivery
from immich_ml_proxy.balancer.dimensions import Dimensions
from immich_ml_proxy.balancer.hedging import HedgeBudget
from immich_ml_proxy.balancer.outcome import Outcome
from immich_ml_proxy.balancer.place import Places
from immich_ml_proxy.balancer.pool import Pool
from immich_ml_proxy.balancer.server import Server
from immich_ml_proxy.balancer.work import Served, Work
from immich_ml_proxy.errors import LoopDetected
from immich_ml_proxy.protocol import contract
from immich_ml_proxy.upstream.client import BackendClient
from immich_ml_proxy.upstream.reply import ExchangeFailed, Reply


class Forwarder:
    """
    :param clock: source of time.
    :param unix_time: returns the wall clock's time.
    :param client: sends to a backend.
    :param pool: what is known of the backends.
    :param places: gives places at them.
    :param recheck: has a backend pinged at once.
    :ivar hedges: how many searches were asked of a second backend.
    :ivar dimensions: how many numbers the embeddings of each model have.
    """

    _log = Logger()

    def __init__(
        self,
        clock: IReactorTime,
        unix_time: Callable[[], float],
        client: BackendClient,
        pool: Pool,
        places: Places,
        recheck: Callable[[Server], object],
    ) -> None:
        self.hedges = HedgeBudget()
        self.dimensions = Dimensions()
        self._unix_time = unix_time
        self._recheck = recheck
        self._means = Means(clock, client, pool, places, self.hedges)
        self._urls: dict[str, str] = {}
        places.looked = self._look
        self.reconfigured()

    def forward(self, work: Work) -> Deferred[Served]:
        """
        Return the answer of the first backend that serves it, or the refusal of all.

        Cancelling it cancels every request that it has caused.

        :raises BackendFailed: when there is neither; ``TimedOut`` when that was the
            last one's reason, ``Unavailable`` when there is none to ask.
        """
        return Delivery(work, self._means, self.judge, self._recheck).begin()

    def judge(
        self, work: Work, had_served: bool, server: Server, result: Reply | Failure
    ) -> Outcome:
        """Return what it means that ``server`` gave this result."""
        if isinstance(result, Failure):
            if not isinstance(result.value, ExchangeFailed):
                self._log.failure("asking {backend}", result, backend=server.name)
                error = ExchangeFailed(result.getErrorMessage())
            else:
                error = result.value
            return outcome.of_error(error)
        if result.status == LoopDetected.status:
            return outcome.of_loop(result)
        if not 200 <= result.status < 300:
            return outcome.of_refusal(result, had_served, self._unix_time())
        due, has_image = work.order.due, work.body.has_image
        return outcome.of_answer(
            result,
            contract.check(due, has_image, result.body, work.check_answers),
            server.name,
            self.dimensions.judge,
        )

    def observed(self, server: Server) -> None:
        """A backend was pinged: who waits, and what it has under way, may go on."""
        self._means.places.changed()
        if server.health.status == "unhealthy":
            for attempts in tuple(self._means.under_way):
                attempts.doubt(server)

    def _look(self) -> None:
        """Time has passed, and there are requests that wait for a place."""
        now = self._means.clock.seconds()
        for attempts in tuple(self._means.under_way):
            attempts.look_at_body(now)
        for server in self._means.places.awaited():
            if now - server.health.last_check >= START_OVER_AFTER:
                self._recheck(server)

    def reconfigured(self) -> None:
        """Another configuration is in force: some servers may be others now."""
        urls = {server.name: server.backend.url for server in self._means.pool}
        for name, url in self._urls.items():
            if urls.get(name) != url:
                self.dimensions.forget(name)
        self._urls = urls
        for attempts in self.under_way:
            attempts.reconsider()

    @property
    def under_way(self) -> Sequence[Attempts]:
        """The requests that are not over, in the order they came."""
        return tuple(self._means.under_way)
