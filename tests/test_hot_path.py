"""
What a request may cost, in things that can be counted on any machine.

The clock has no part in this: connections, writes, copies, log events and function
calls are the same on a fast machine and a slow one.
"""

from __future__ import annotations

import sys
from pathlib import Path
from types import FrameType
from typing import Any

import pytest
from twisted.logger import LogEvent, globalLogPublisher

from immich_ml_proxy.downstream.ended_requests import EndedRequests
from tests.fakes import document, serve
from tests.memory_proxy import Client, Proxy, photo_form, posted, text_form
from tests.network import Network

SEARCH = {"clip": {"textual": {"modelName": "ViT-B-32__openai"}}}
PHOTO = {"clip": {"visual": {"modelName": "ViT-B-32__openai"}}}

#: Python functions called for a search, from its first byte to its last, the in-memory
#: network included: 511 with the versions of 2026, and room for other versions. A
#: wrapper or a coroutine more is 5 to 20, parsing with a form library 300.
CALLS = 640
#: Who counts, and who writes lines; and their calls for a search, which are 7.
MEASURING = (
    "immich_ml_proxy.metrics",
    "immich_ml_proxy.observe.buckets",
    "immich_ml_proxy.downstream.access",
    "immich_ml_proxy.downstream.ended",
    "immich_ml_proxy.downstream.trace_id",
    "immich_ml_proxy.protocol.trace_context",
)
MEASURING_CALLS = 2


@pytest.fixture
def network() -> Network:
    """A network with one backend, ``gpu``."""
    network = Network()
    serve(network, "gpu")
    return network


@pytest.fixture
def proxy(network: Network, tmp_path: Path) -> Proxy:
    """A proxy in front of it that has been in use for a while."""
    proxy = Proxy(network, tmp_path, document("gpu"))
    client = proxy.connect()
    for _ in range(20):
        assert ask(client, posted(text_form(SEARCH)))[-1].status == 200
    return proxy


def ask(client: Client, *pieces: bytes) -> list[Any]:
    """Send a request over a connection that stays; return all answers so far."""
    return client.send(*pieces).answers()


def test_a_hundred_requests_take_one_connection(network: Network, proxy: Proxy) -> None:
    """Connections to backends are kept: opening one costs more than a request."""
    before = len(network.to("gpu"))
    client = proxy.connect()
    for _ in range(100):
        ask(client, posted(text_form(SEARCH)))
    assert len(ask(client)) == 100
    assert len(network.to("gpu")) == before


def test_a_picture_is_neither_copied_nor_joined(network: Network, proxy: Proxy) -> None:
    """What the backend is sent are the very objects that were received."""
    image = bytes(range(256)) * 4096
    request = posted(photo_form(PHOTO, image))
    blocks = [request[n : n + 65536] for n in range(0, len(request), 65536)]
    received: list[int] = []
    sent: list[int] = []
    body = proxy.site.requestFactory.handleContentChunk

    def take(self: Any, data: bytes) -> None:
        received.append(id(data))
        held.append(data)
        body(self, data)

    held: list[bytes] = []
    end: Any = network.to("gpu")[-1].client
    write = end.write

    def watch(data: bytes) -> None:
        sent.append(id(data))
        held.append(data)
        write(data)

    end.write = watch
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(proxy.site.requestFactory, "handleContentChunk", take)
        [answer] = ask(proxy.connect(), *blocks)
    assert answer.status == 200
    assert len(received) >= len(blocks) - 1
    assert [one for one in sent if one in received] == received
    assert len(sent) <= len(received) + 1


def test_a_request_writes_nothing_to_the_log(proxy: Proxy) -> None:
    """A log line per request costs as much as a tenth of it."""
    events: list[LogEvent] = []
    watch: Any = events.append
    globalLogPublisher.addObserver(watch)
    try:
        client = proxy.connect()
        for _ in range(10):
            ask(client, posted(text_form(SEARCH)))
    finally:
        globalLogPublisher.removeObserver(watch)
    assert events == []


def test_a_search_is_answered_in_so_many_calls(proxy: Proxy) -> None:
    """The path of a request has not become longer."""
    client = proxy.connect()
    request = posted(text_form(SEARCH))
    ask(client, request)
    calls = 0

    def count(frame: FrameType, event: str, argument: object) -> None:
        nonlocal calls
        calls += event == "call"

    sys.setprofile(count)
    try:
        client.send(request)
    finally:
        sys.setprofile(None)
    assert [answer.status for answer in client.answers()] == [200, 200]
    assert calls < CALLS


def test_metrics_and_the_line_of_a_search_take_few_calls(proxy: Proxy) -> None:
    """They cost 3 % of it at the most; the line is made with all others, later."""
    client = proxy.connect()
    request = posted(text_form(SEARCH))
    for part in proxy.service:
        if isinstance(part, EndedRequests):
            part.startService()
    ask(client, request)
    called: list[str] = []

    def count(frame: FrameType, event: str, argument: object) -> None:
        module = str(frame.f_globals.get("__name__"))
        if event == "call" and module.startswith(MEASURING):
            called.append(f"{module}.{frame.f_code.co_name}")

    sys.setprofile(count)
    try:
        client.send(request)
    finally:
        sys.setprofile(None)
    assert 0 < len(called) <= MEASURING_CALLS, called


def test_nothing_is_recorded_while_debug_is_off(proxy: Proxy) -> None:
    """Answers are not kept for a record that nobody wants."""
    kept: list[object] = []
    finish = proxy.site.requestFactory.finish
    with pytest.MonkeyPatch.context() as patch:

        def look(self: Any) -> None:
            kept.append(self.answer)
            finish(self)

        patch.setattr(proxy.site.requestFactory, "finish", look)
        ask(proxy.connect(), posted(text_form(SEARCH)))
    assert kept == [None]
