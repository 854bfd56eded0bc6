"""Asks Immich how much it still has to do, while somebody wants to know."""

from __future__ import annotations

from collections.abc import Callable

from twisted.internet.defer import CancelledError, Deferred
from twisted.internet.interfaces import IReactorTime
from twisted.logger import Logger
from twisted.python.failure import Failure
from twisted.web.http_headers import Headers

from immich_ml_proxy.config.model import Backend, ImmichServer
from immich_ml_proxy.immich import answers
from immich_ml_proxy.observe.time_left import Queues
from immich_ml_proxy.upstream.client import BackendClient, Outgoing
from immich_ml_proxy.upstream.reply import ExchangeFailed, Reply

#: Seconds between two questions, and that an answer is waited for.
PERIOD = 10.0
TIMEOUT = 5.0


class ImmichQueues:
    """
    :param clock: source of time.
    :param client: sends the questions.
    :param new_trace_id: names them in records.
    """

    _log = Logger()

    def __init__(
        self,
        clock: IReactorTime,
        client: BackendClient,
        new_trace_id: Callable[[], str],
    ) -> None:
        self._clock = clock
        self._client = client
        self._new_trace_id = new_trace_id
        self._server: ImmichServer | None = None
        self._told = Queues()
        self._asked = float("-inf")
        self._asking: Deferred[None] | None = None

    def reconfigured(self, server: ImmichServer | None) -> None:
        """Ask this one from now on; ``None``: nobody."""
        if server == self._server:
            return
        if self._asking is not None:
            self._asking.cancel()
        self._server = server
        self._told, self._asked = Queues(), float("-inf")

    def told(self) -> Queues | None:
        """
        Return what it told last, and ask again if that is some time ago.

        :return: ``None`` when nobody is to be asked.
        """
        server, now = self._server, self._clock.seconds()
        if server is None:
            return None
        if self._asking is None and now - self._asked >= PERIOD:
            self._asked = now
            asking = Deferred.fromCoroutine(self._ask(server))
            if not asking.called:
                self._asking = asking
            asking.addBoth(self._ended)
        return self._told

    async def _ask(self, server: ImmichServer) -> None:
        try:
            reply = await self._get(server, answers.QUEUES)
            if reply.status == 404:
                reply = await self._get(server, answers.JOBS)  # before version 2.3
            by_kind = answers.queues(reply)
        except CancelledError:
            return
        except ExchangeFailed as failed:
            error = f"Immich cannot be asked at {server.url}: {failed}."
            self._told = Queues(asked=self._clock.seconds(), error=error)
        except answers.Untold as untold:
            self._told = Queues(asked=self._clock.seconds(), error=str(untold))
        else:
            self._told = Queues(by_kind, self._clock.seconds())

    def _get(self, server: ImmichServer, path: str) -> Deferred[Reply]:
        headers = Headers(
            {
                b"Accept": [b"application/json"],
                b"X-Api-Key": [server.api_key.encode("ascii")],
            }
        )
        outgoing = Outgoing(b"GET", path, headers, self._new_trace_id())
        backend = Backend(name="(Immich)", url=server.url)
        return self._client.send(backend, outgoing, lambda taken: TIMEOUT - taken)

    def _ended(self, result: Failure | None) -> None:
        self._asking = None
        if isinstance(result, Failure):
            self._log.failure("asking Immich", result)
