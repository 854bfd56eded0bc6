"""
Gathers the requests that are over; they are counted and written down many together.

What is done for each of them alone, between all else that a request takes, costs three
times as much as in a row with others. So nothing is looked at before it must be.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from operator import itemgetter
from typing import Any

from twisted.application.internet import TimerService
from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IReactorTime

from immich_ml_proxy.downstream.access_log import AccessLog
from immich_ml_proxy.downstream.ended import Ended, Fields
from immich_ml_proxy.headers import raw
from immich_ml_proxy.metrics.traffic import Traffic

#: Seconds between two writes.
PERIOD = 1.0
#: Requests that are told of together: more would not stay in a processor's cache.
MOST = 64

_at = Ended._fields.index
_answer = itemgetter(_at("target"), _at("status"))
_received = itemgetter(_at("received"))
_sent = itemgetter(_at("sent"))


class EndedRequests(TimerService):
    """
    The owner of all requests that are over and not yet told of.

    :param clock: source of time.
    :param wall: what time it is, in Unix seconds.
    :param traffic: counts them.
    :param access_log: writes a line of each.
    :param client: returns the address of a request's client; ``None``: that of the
        connection.
    """

    clock: Any

    def __init__(
        self,
        clock: IReactorTime,
        wall: Callable[[], float],
        traffic: Traffic,
        access_log: AccessLog,
        client: Callable[[Any], str] | None = None,
    ) -> None:
        super().__init__(PERIOD, self.flush)
        self.clock = clock
        self._wall = wall
        self._traffic = traffic
        self._access_log = access_log
        self._client = client
        self._ended: list[Fields] = []

    def stopService(self) -> Deferred[None]:
        """Write what there is; what comes after is written at once."""
        stopped: Deferred[None] = super().stopService()
        self.flush()
        return stopped

    def add(self, request: Any, status: int) -> None:
        """
        Take in a request that is over.

        :param request: a ``ProxyRequest``; what is kept of it does not change any more.
        :param status: that it is told to have been answered with.
        """
        headers = raw(request.requestHeaders)
        ended = self._ended
        ended.append(
            (
                getattr(request.client, "host", "-")
                if self._client is None
                else self._client(request),
                request.method,
                request.uri,
                request.clientproto,
                status,
                request.body.size,
                request.sentLength,
                headers.get(b"Referer"),
                headers.get(b"User-Agent"),
                request.names,
                request.started,
                self.clock.seconds(),
                request.legs,
            )
        )
        if not self.running:
            self.flush()
        elif len(ended) >= MOST:
            self.settle()

    def flush(self) -> None:
        """Have all counted and written."""
        self.settle()
        self._access_log.flush()

    def settle(self) -> None:
        """Have all counted, and their lines made."""
        ended, self._ended = self._ended, []
        answers = Counter(map(_answer, ended))
        self._traffic.count(answers, sum(map(_received, ended)), sum(map(_sent, ended)))
        self._access_log.add(ended, self._wall() - self.clock.seconds())
