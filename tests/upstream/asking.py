"""Requests over the connections of a proxy, below its client."""

from __future__ import annotations

from typing import Any

from twisted.internet.defer import Deferred
from twisted.web.http_headers import Headers

from immich_ml_proxy.upstream.endpoints import Connections, backend_url
from tests.fakes import result_of
from tests.network import Network


def get(one: Connections, url: str, fresh: bool = False) -> Deferred[Any]:
    """Begin a ``GET`` of a URL's ``/ping``, as an exchange does."""
    client = one.fresh_client if fresh else one.client
    return client.send(b"GET", backend_url(url, "/ping"), Headers())


def ended(network: Network, asking: Deferred[Any]) -> int:
    """Let it end; return the status of the answer."""
    network.flush()
    status: int = result_of(asking).code
    return status
