"""Bodies that make no sense, at every address that takes one."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

import pytest

from tests.fakes import document, serve
from tests.memory_proxy import Proxy, http
from tests.network import Network

Start = Callable[..., Proxy]

PATHS = (
    "config",
    "config/check",
    "backends/a",
    "routes/clip",
    "wake",
    "try",
    "demo",
    "login",
    "debug/toggle",
    "debug/max-records",
)
#: What msgspec and json say.
LIBRARY = re.compile(
    r"Expected |Object (missing|contains)|got `|malformed|truncated|Expecting|codec|"
    r"recursion|out of range"
)
VALUES: tuple[Any, ...] = (
    *(None, True, 0, -1, 1.5, 2**70, "", "x" * 300),
    *([[]], {"a": {}}),
)
BODIES: tuple[bytes, ...] = (
    b"",
    b"{",
    b"\xff",
    b'{"url": "\xff"}',
    b"[" * 5000,
    b"{} {}",
    b'{"a": 1e400}',
    b"null",
    b"[]",
    b'"a"',
    b"1.5",
    b'{"unknown": 1}',
    *(
        json.dumps(dict.fromkeys(fields, value)).encode()
        for value in VALUES
        for fields in (
            ("state",),
            ("add",),
            ("add", "remove"),
            ("machine",),
            ("url", "samples"),
            ("trouble",),
            ("token",),
            ("enabled",),
            ("maxRecords",),
            ("backends",),
            ("taskRouting", "defaultBackend"),
            ("pingTimeout",),
            ("immich",),
        )
    ),
)


@pytest.fixture
def proxy(network: Network, start_proxy: Start) -> Proxy:
    """A proxy with one machine."""
    serve(network, "a")
    return start_proxy(document("a"), "--debug")


@pytest.mark.parametrize("path", PATHS)
def test_no_librarys_words_are_told(proxy: Proxy, path: str) -> None:
    """Whatever is sent: it is done, or refused in the words of the interface."""
    before = proxy.file.read_bytes()
    for body in BODIES:
        client = proxy.send(http("POST", f"/api/{path}", body))
        proxy.network.advance(10)
        answer = client.answer
        if answer.status == 200:
            continue
        told: dict[str, Any] = answer.json()
        assert answer.status in (400, 404, 502), (body, told)
        assert not LIBRARY.search(told["error"]), (body, told)
        assert len(told["error"]) < 500
        assert set(told) <= {"error", "field", "path"}
        if told.get("path"):
            assert f"{told['path']}: " in told["error"]
    if path == "config/check":
        assert proxy.file.read_bytes() == before
