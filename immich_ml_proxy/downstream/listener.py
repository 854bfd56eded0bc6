"""The port that the proxy listens on, and why it cannot."""

from __future__ import annotations

import errno
import socket
from collections.abc import Callable
from typing import Any

from twisted.application.service import Service
from twisted.internet.defer import Deferred, gatherResults, maybeDeferred, succeed
from twisted.internet.endpoints import serverFromString
from twisted.internet.error import CannotListenError
from twisted.internet.interfaces import IListeningPort
from twisted.internet.task import deferLater
from twisted.python.failure import Failure
from zope.interface import implementer

from immich_ml_proxy.downstream.last_connections import (
    HANDSHAKE,
    accept_waiting,
    turn_away,
)
from immich_ml_proxy.downstream.site import ProxySite
from immich_ml_proxy.errors import CannotStart

#: Connections that may wait to be accepted, where the endpoint does not say.
BACKLOG = 1024
#: How a system without IPv6 refuses to listen on its addresses.
NO_IPV6 = (errno.EAFNOSUPPORT, errno.EPROTONOSUPPORT, errno.EADDRNOTAVAIL)


class _AllAddresses:
    """
    A reactor that listens on all addresses of both families, where none is named.

    Twisted listens on those of IPv4 only, unless it is told otherwise.
    """

    def __init__(self, reactor: Any, names_backlog: bool) -> None:
        self._reactor = reactor
        self._names_backlog = names_backlog

    def __getattr__(self, name: str) -> Any:
        return getattr(self._reactor, name)

    def listenTCP(
        self, port: int, factory: Any, backlog: int = 50, interface: str = ""
    ) -> IListeningPort:
        """Listen; see ``IReactorTCP``."""
        listen = self._reactor.listenTCP
        if not self._names_backlog:
            backlog = BACKLOG
        if interface:
            only: IListeningPort = listen(port, factory, backlog, interface)
            return only
        try:
            both: IListeningPort = listen(port, factory, backlog, "::")
        except CannotListenError as error:
            if getattr(error.socketError, "errno", None) not in NO_IPV6:
                raise
            only = listen(port, factory, backlog, interface)
            return only
        if _is_ipv6_only(both):
            host: Any = both.getHost()
            return _Ports(both, listen(host.port, factory, backlog, interface))
        return both


def _is_ipv6_only(port: IListeningPort) -> bool:
    """Whether the system wants a socket of its own for IPv4, as BSDs do."""
    listening: Any = getattr(port, "socket", None)
    return listening is not None and bool(
        listening.getsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY)
    )


@implementer(IListeningPort)
class _Ports:
    """Two ports as one; its address is the first one's."""

    def __init__(self, *ports: IListeningPort) -> None:
        self.ports = ports
        self.getHost = ports[0].getHost

    def startListening(self) -> None:
        """Listen again; see ``IListeningPort``."""
        for port in self.ports:
            port.startListening()

    def stopListening(self) -> Deferred[Any]:
        """Take no new connection; see ``IListeningPort``."""
        stops: list[Callable[[], Any]] = [port.stopListening for port in self.ports]
        return gatherResults([maybeDeferred(stop) for stop in stops])


class Listener(Service):
    """
    The port.

    A bare endpoint service would log a taken port and live on without one; this one
    ends the process, and says why in a line.

    :param reactor: what listens.
    :param description: an endpoint string, such as ``tcp:3004``; without an interface
        it is IPv6 and IPv4, or IPv4 alone where there is no IPv6.
    :param site: answers.
    :param option: of the command line that has the description.
    :raises CannotStart: when the description is none, or the port is taken.
    """

    def __init__(
        self, reactor: Any, description: str, site: ProxySite, option: str = "--listen"
    ) -> None:
        try:
            addresses = _AllAddresses(reactor, ":backlog=" in description)
            self._endpoint = serverFromString(addresses, description)
        except LookupError:
            # Twisted looks for it among those that were handed over.
            raise CannotStart(
                f"{option} {description}: no such socket was handed over; is the "
                "socket unit enabled, and was the service started by systemd?"
            ) from None
        except (ValueError, TypeError, AttributeError) as error:
            raise CannotStart(
                f"{option} {description}: not an endpoint, such as tcp:3004 ({error})"
            ) from None
        self._reactor = reactor
        self._description = description
        self._site = site
        self._option = option
        self.port: IListeningPort | None = None

    def privilegedStartService(self) -> None:
        """Listen, while the process may still have the right to."""
        failures: list[Failure] = []
        listening: Deferred[IListeningPort] = self._endpoint.listen(self._site)
        listening.addCallbacks(self._listening, failures.append)
        if failures:
            raise CannotStart(self._refusal(failures[0].value))

    @property
    def host(self) -> Any:
        """The address that it listens on; ``None`` while it does not."""
        return None if self.port is None else self.port.getHost()

    @property
    def number(self) -> int | None:
        """The number of its port, where it has one, while it listens."""
        return getattr(self.host, "port", None)

    def stopService(self) -> Deferred[None]:
        """Take no new connection; those that are being made are taken still."""
        super().stopService()
        port, self.port = self.port, None
        if port is None:
            return succeed(None)
        return Deferred.fromCoroutine(self._stop(port))

    async def _stop(self, port: Any) -> None:
        ports = () if self._is_held else getattr(port, "ports", (port,))
        turned_away = [turn_away(one) for one in ports]
        if any(turned_away):
            await deferLater(self._reactor, HANDSHAKE)
        for one in ports:
            accept_waiting(one)
        await maybeDeferred(port.stopListening)

    @property
    def _is_held(self) -> bool:
        """Whether somebody else holds the socket too, for who listens after us."""
        return self._description.startswith("systemd:")

    def _listening(self, port: IListeningPort) -> None:
        self.port = port

    def _refusal(self, error: BaseException | None) -> str:
        reason: object = error
        if isinstance(error, CannotListenError):
            reason = getattr(error.socketError, "strerror", error.socketError)
        option = self._option
        return (
            f"immich-ml-proxy cannot listen on {self._description}: {reason}. "
            f"Choose another place with {option}, such as {option} tcp:3005."
        )
