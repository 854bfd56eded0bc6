"""Finds or makes what a request is called."""

from __future__ import annotations

import re
from binascii import hexlify
from collections.abc import Mapping
from random import getrandbits

from immich_ml_proxy.downstream.names import Names
from immich_ml_proxy.protocol import trace_context

_TRACE_ID = re.compile(rb"[A-Za-z0-9._:-]{1,64}")


def new_trace_id() -> str:
    """Return a name for a request that came without one: 16 hexadecimal digits."""
    return f"{getrandbits(64):016x}"


def names_of(headers: Mapping[bytes, list[bytes]]) -> Names:
    """
    Return what a request is called.

    :param headers: the values of its headers by their names, as Twisted writes those.
    """
    # Of a new trace, its second half is the request's own name, too.
    trace = hexlify(getrandbits(128).to_bytes(16, "big"))
    part = own = trace[16:]
    given = headers.get(b"X-Request-Id")
    if given and _TRACE_ID.fullmatch(given[-1]):
        own = given[-1]
    parents = headers.get(b"Traceparent")
    if parents:
        parent = trace_context.going_on(parents, part)
        if parent is not None:
            state = trace_context.state(headers.get(b"Tracestate", ()))
            return Names(own, parent, state, True)
    return Names(own, b"00-" + trace + b"-" + part + b"-01")
