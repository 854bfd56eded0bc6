"""
Posts a short message to a URL of somebody else's, in bounded time.

Each has connections of its own: there are few of them, and their addresses, which may
be secret, are neither kept nor recorded.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from twisted.internet.defer import Deferred
from twisted.web.http_headers import Headers

from immich_ml_proxy.config.model import Backend
from immich_ml_proxy.protocol.body import Body
from immich_ml_proxy.records.recorder import Recorder
from immich_ml_proxy.upstream.body_producer import BodyProducer
from immich_ml_proxy.upstream.client import BackendClient, Outgoing
from immich_ml_proxy.upstream.endpoints import connections
from immich_ml_proxy.upstream.reply import Reply


class Poster:
    """
    :param reactor: source of time, and of connections.
    :param wall: what time it is, in Unix seconds.
    """

    def __init__(self, reactor: Any, wall: Callable[[], float]) -> None:
        self._reactor = reactor
        self._wall = wall

    def post(
        self, url: str, headers: Mapping[str, str], content: bytes, seconds: float
    ) -> Deferred[Reply]:
        """
        Post ``content`` and return the answer, whatever its status.

        :param url: whole, in ASCII.
        :param seconds: that an answer is waited for.
        :raises ExchangeFailed: when there is no whole answer.
        """
        client = BackendClient(
            self._reactor, connections(self._reactor), Recorder(), self._wall
        )
        body = Body(len(content))
        body.append(content)
        body.finish()
        outgoing = Outgoing(
            b"POST",
            "",
            Headers({name: [value] for name, value in headers.items()}),
            "",
            lambda: BodyProducer(body),
            body,
        )
        backend = Backend(name="(told)", url=_with_path(url))
        sending = client.send(backend, outgoing, lambda taken: seconds - taken)
        return sending.addBoth(_closed, client)


def _closed(result: Any, client: BackendClient) -> Any:
    client.close()
    return result


def _with_path(url: str) -> str:
    parts = urlsplit(url)
    return urlunsplit(parts._replace(path=parts.path or "/"))
