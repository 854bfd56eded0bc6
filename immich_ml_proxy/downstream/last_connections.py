"""
Lets a listening socket end without breaking the connections that are being made.

To close one breaks what waits to be accepted, and such a client has sent its request
perhaps: to it the connection was made. So new ones are turned away first, then those
that are on their way are accepted, then it can be closed. On Linux who is turned away
asks again after a second, and meets whoever listens then.
"""

from __future__ import annotations

import ctypes
import struct
import sys
from select import select
from socket import AF_INET, AF_INET6, SOL_SOCKET
from typing import Any

#: Seconds in which a handshake ends that has begun, in a home.
HANDSHAKE = 0.1
#: Connections that may wait to be accepted; the system allows no more by default.
MOST_WAITING = 4096

#: Linux: a filter of the packets of a socket, as a program for the kernel.
_SO_ATTACH_FILTER = 26
#: Let through all but what begins a connection: TCP's flags are in byte 13, SYN is 2
#: and ACK 16 of them.
_NO_SYN = b"".join(
    struct.pack("HBBI", *instruction)
    for instruction in (
        (0x30, 0, 0, 13),  # load the byte
        (0x54, 0, 0, 0x12),  # keep SYN and ACK
        (0x15, 0, 1, 0x02),  # SYN alone?
        (0x06, 0, 0, 0),  # then drop it,
        (0x06, 0, 0, 0xFFFFFFFF),  # else pass it on
    )
)


def turn_away(port: Any) -> bool:
    """
    Have no new connection begin at a port of Twisted's; tell whether that was done.

    Not for a socket that somebody else holds, too: it holds for them as well.
    """
    listening: Any = getattr(port, "socket", None)
    is_tcp = getattr(listening, "family", None) in (AF_INET, AF_INET6)
    if not sys.platform.startswith("linux") or not is_tcp:
        return False
    program = ctypes.create_string_buffer(_NO_SYN)
    told = struct.pack("HL", len(_NO_SYN) // 8, ctypes.addressof(program))
    try:
        listening.setsockopt(SOL_SOCKET, _SO_ATTACH_FILTER, told)
    except OSError:
        return False
    return True


def accept_waiting(port: Any) -> None:
    """Accept the connections that wait at a port of Twisted's."""
    if not hasattr(port, "doRead"):
        return
    for _ in range(MOST_WAITING):
        if not select([port], [], [], 0)[0]:
            break
        port.doRead()
