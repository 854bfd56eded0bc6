"""Has the servers of Python's library answer beside a test."""

from __future__ import annotations

import threading
from socketserver import BaseServer

#: Seconds until one notices that it is to end; half a second, if it is not told.
_NOTICED = 0.02


def serve_beside(server: BaseServer) -> threading.Thread:
    """Return the thread, just started, in which ``server`` answers until shut down."""
    thread = threading.Thread(
        target=server.serve_forever, args=(_NOTICED,), daemon=True
    )
    thread.start()
    return thread
