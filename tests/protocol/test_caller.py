"""Who calls, as far as what it sends tells."""

from __future__ import annotations

import pytest

from immich_ml_proxy.protocol.caller import is_immich


@pytest.mark.parametrize(
    "user_agent", [b"node", b"Node", b"undici", b"immich-server/2.4.1"]
)
def test_immich_sends_what_nodes_fetch_does(user_agent: bytes) -> None:
    """Today it has no name of its own; it may have one later."""
    assert is_immich(user_agent)


@pytest.mark.parametrize(
    "user_agent",
    [None, b"", b"curl/8.5", b"Mozilla/5.0 (X11) node", b"python-requests/2"],
)
def test_pages_and_scripts_are_somebody_else(user_agent: bytes | None) -> None:
    """Whoever waits for Immich's first call is not told of them."""
    assert not is_immich(user_agent)
