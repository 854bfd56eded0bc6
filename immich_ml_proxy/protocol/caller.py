"""Who calls, as far as what it sends tells."""

from __future__ import annotations


def is_immich(user_agent: bytes | None) -> bool:
    """
    Return whether Immich calls: it sends what Node's ``fetch`` does.

    :param user_agent: the value of ``User-Agent``.
    """
    told = (user_agent or b"").lower()
    return told.startswith((b"node", b"undici", b"immich"))
