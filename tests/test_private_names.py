"""
Names that libraries keep to themselves, and that the path of a request leans on.

A version of theirs that moves one must fail here, and say which, rather than be slow or
wrong in a way that nobody sees.
"""

from __future__ import annotations

import inspect
from typing import Any

import pytest
from klein import Klein
from klein.resource import KleinResource
from treq.client import HTTPClient
from twisted.internet.abstract import FileDescriptor
from twisted.internet.epollreactor import EPollReactor
from twisted.internet.tcp import Connection
from twisted.internet.testing import StringTransport
from twisted.protocols.basic import LineReceiver
from twisted.web.http import HTTPChannel
from twisted.web.http_headers import Headers
from twisted.web.server import Request


def channel() -> Any:
    """Return a connected channel."""
    made = HTTPChannel()
    made.makeConnection(StringTransport())
    made.setTimeout(None)
    return made


@pytest.mark.parametrize(
    "name",
    [
        "_buffer",
        "_dataBuffer",
        "_handlingRequest",
        "_networkProducer",
        "_savedTimeOut",
        "_waitingForTransport",
        "line_mode",
        "persistent",
        "requests",
    ],
)
def test_a_channel_has_it(name: str) -> None:
    """See ``downstream/channel.py``."""
    assert hasattr(channel(), name)


def test_a_channel_reads_a_request_by_these() -> None:
    """What our own way of reading sets, the rest of Twisted's goes on with."""
    source = inspect.getsource(HTTPChannel)
    for name in ("_command", "_path", "_version", "length"):
        assert f"self.{name}" in inspect.getsource(HTTPChannel.allContentReceived)
        assert f"self.{name} = " in source
    assert "self._buffer" in inspect.getsource(LineReceiver.dataReceived)
    assert "self._dataBuffer.append" in inspect.getsource(HTTPChannel.rawDataReceived)
    assert "_waitingForTransport" in inspect.getsource(HTTPChannel.pauseProducing)


def test_headers_are_kept_in_a_dictionary() -> None:
    """See ``headers.py``."""
    headers: Any = Headers({b"content-type": [b"text/plain"]})
    assert headers._rawHeaders == {b"Content-Type": [b"text/plain"]}


def test_a_transport_buffers_what_it_is_given_in_two_places() -> None:
    """See ``sockets.py``."""
    connection: Any = FileDescriptor(reactor=EPollReactor())
    for name in ("dataBuffer", "offset", "_tempDataLen", "connected"):
        assert hasattr(connection, name)
    assert Connection.TLS is False
    for name in ("writeSomeData", "startWriting", "_maybePauseProducer"):
        assert callable(getattr(Connection, name))


def test_the_reactor_keeps_its_descriptors_in_a_dictionary() -> None:
    """See ``reactor.py``."""
    reactor: Any = EPollReactor()
    assert reactor._selectables
    assert callable(reactor._doReadOrWrite)
    assert callable(reactor._poller.poll)
    assert "_selectables" in inspect.getsource(EPollReactor.doPoll)
    reactor._poller.close()


def test_treqs_client_and_kleins_resource_keep_what_they_are_given() -> None:
    """See ``upstream/endpoints.py`` and ``web/resource.py``."""
    agent: Any = object()
    client: Any = HTTPClient(agent)
    assert client._agent is agent
    app = Klein()
    resource: Any = KleinResource(app)
    assert resource._app is app


def test_a_request_knows_whether_its_client_is_there() -> None:
    """See ``downstream/request.py``."""
    request: Any = Request(channel(), parsePOSTFormSubmission=False)
    assert (request._disconnected, request.finished) == (False, 0)
    assert callable(request._handleStar)
