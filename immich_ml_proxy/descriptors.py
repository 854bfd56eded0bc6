"""How many files and sockets this process may have open."""

from __future__ import annotations

import resource

#: More than these are not asked for: each costs the kernel something.
ENOUGH = 65_536
#: Kept for files, pings, and connections to servers that are not bound to a client's.
KEPT = 128
#: Clients that are let in where more would be possible.
MOST_CLIENTS = 10_000


def raise_limit() -> int:
    """Raise the limit as far as this process may, and return what it is then."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft == resource.RLIM_INFINITY:
        return ENOUGH
    most = ENOUGH if hard == resource.RLIM_INFINITY else min(hard, ENOUGH)
    if most > soft:
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))
        return most
    return soft


def room_for_clients(limit: int) -> int:
    """Return how many may be connected: each may need a connection to a server, too."""
    return max(16, min(MOST_CLIENTS, (limit - KEPT) // 2))
