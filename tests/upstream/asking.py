"""Requests over the connections of a proxy, below its client."""

from __future__ import annotations

from typing import Any

from twisted.internet.defer import Deferred

from immich_ml_proxy.upstream.endpoints import NO_COOKIES, Connections, backend_url
from tests.fakes import result_of
from tests.network import Network


def get(one: Connections, url: str, fresh: bool = False) -> Deferred[Any]:
    """Begin a ``GET`` of a URL's ``/ping``, as an exchange does."""
    client = one.fresh_client if fresh else one.client
    return client.request(
        "GET", backend_url(url, "/ping"), cookies=NO_COOKIES, unbuffered=True
    )


def ended(network: Network, asking: Deferred[Any]) -> int:
    """Let it end and read the answer; return its status."""
    network.flush()
    response = result_of(asking)
    reading = response.content()
    network.flush()
    result_of(reading)
    status: int = response.code
    return status
