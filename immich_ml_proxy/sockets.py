"""
Writing to a socket at once, for the path of every request.

A transport of Twisted keeps what is written until its reactor has asked the kernel
whether there is room, which there nearly always is.
"""

from __future__ import annotations

from typing import Any

from twisted.internet.tcp import Connection


def write_now(transport: Any, data: bytes) -> None:
    """
    Write ``data``: what the kernel takes at once, and the rest when it can.

    Nothing overtakes what was written before. Over TLS, or where there is no socket, it
    is the transport's own ``write``.
    """
    if (
        isinstance(transport, Connection)
        and transport.connected
        and not transport.TLS
        and not transport.dataBuffer
        and not transport._tempDataLen
    ):
        sent = transport.writeSomeData(data)
        # An error is left to the next attempt, which the reactor takes notice of.
        if isinstance(sent, int) and sent > 0:
            if sent < len(data):
                # The rest is not copied; so it is put there rather than written.
                transport.dataBuffer, transport.offset = data, sent
                transport._maybePauseProducer()
                transport.startWriting()
            return
    transport.write(data)
