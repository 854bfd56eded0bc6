"""The port that the proxy listens on, and why it cannot."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from twisted.application.service import Service
from twisted.internet.defer import Deferred, maybeDeferred, succeed
from twisted.internet.endpoints import serverFromString
from twisted.internet.error import CannotListenError
from twisted.internet.interfaces import IListeningPort
from twisted.python.failure import Failure

from immich_ml_proxy.downstream.site import ProxySite


class CannotStart(SystemExit, Exception):
    """
    Ends the process with a line that says why.

    As an ``Exception`` it makes twistd tidy up and tell who started the daemon; as a
    ``SystemExit`` it is printed without a traceback.
    """


class Listener(Service):
    """
    The port.

    A bare endpoint service would log a taken port and live on without one; this one
    ends the process, and says why in a line.

    :param reactor: what listens.
    :param description: an endpoint string, such as ``tcp:3004``.
    :param site: answers.
    :raises CannotStart: when the description is none, or the port is taken.
    """

    def __init__(self, reactor: Any, description: str, site: ProxySite) -> None:
        try:
            self._endpoint = serverFromString(reactor, description)
        except (ValueError, TypeError) as error:
            raise CannotStart(
                f"--listen {description}: not an endpoint, such as tcp:3004 ({error})"
            ) from None
        self._description = description
        self._site = site
        self.port: IListeningPort | None = None

    def privilegedStartService(self) -> None:
        """Listen, while the process may still have the right to."""
        failures: list[Failure] = []
        listening: Deferred[IListeningPort] = self._endpoint.listen(self._site)
        listening.addCallbacks(self._listening, failures.append)
        if failures:
            raise CannotStart(self._refusal(failures[0].value))

    def stopService(self) -> Deferred[None]:
        """Take no new connection."""
        super().stopService()
        port, self.port = self.port, None
        if port is None:
            return succeed(None)
        stop: Callable[[], Any] = port.stopListening
        return maybeDeferred(stop)

    def _listening(self, port: IListeningPort) -> None:
        self.port = port

    def _refusal(self, error: BaseException | None) -> str:
        reason: object = error
        if isinstance(error, CannotListenError):
            reason = getattr(error.socketError, "strerror", error.socketError)
        return (
            f"immich-ml-proxy cannot listen on {self._description}: {reason}. "
            "Choose another place with --listen, such as --listen tcp:3005."
        )
