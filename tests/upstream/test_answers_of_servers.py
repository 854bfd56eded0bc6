"""Answers as the servers send them that are found in front of models."""

from __future__ import annotations

import pytest

from tests.upstream.reading import BODY, read
from tests.upstream.servers import SERVERS


@pytest.mark.parametrize("server", SERVERS)
def test_what_servers_send_is_understood(server: str) -> None:
    """Each has its own order, case and framing."""
    said, kept = SERVERS[server]
    whole = read(said)
    assert whole.said is not None, whole.failed
    status, fields, body = whole.said
    assert (status, body) == (200, BODY)
    assert whole.kept == kept
    if b"pplication/json" in said:
        assert dict(fields)[b"Content-Type"][0].startswith(b"application/json")
    assert b"Link" not in dict(fields)
    assert b"X-Took" not in dict(fields)
    assert read(said, range(len(said))) == whole


def test_a_header_may_come_several_times() -> None:
    """All its values are handed on, in their order."""
    said, _ = SERVERS["nginx"]
    whole = read(said)
    assert whole.said is not None
    assert dict(whole.said[1])[b"Vary"] == [b"Accept-Encoding", b"Origin"]
