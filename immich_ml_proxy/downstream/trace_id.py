"""What a request is called in answers, logs and records, and in traces."""

from __future__ import annotations

import re
from binascii import hexlify
from collections.abc import Mapping
from random import getrandbits

import attrs

from immich_ml_proxy.protocol import trace_context

_TRACE_ID = re.compile(rb"[A-Za-z0-9._:-]{1,64}")


def new_trace_id() -> str:
    """Return a name for a request that came without one: 16 hexadecimal digits."""
    return f"{getrandbits(64):016x}"


@attrs.define
class Names:
    """
    What a request is called.

    :ivar own: the client's ``X-Request-ID``, or a new one.
    :ivar parent: the ``traceparent`` that it goes on with, of the client's trace or of
        a new one.
    :ivar state: the ``tracestate`` that belongs to it; empty: none.
    :ivar is_part: of the client's trace.
    """

    own: bytes
    parent: bytes
    state: bytes = b""
    is_part: bool = False

    def onward(self, via: bytes) -> dict[bytes, list[bytes]]:
        """Return the headers that go on with it, with this ``Via``."""
        headers = {
            b"X-Request-ID": [self.own],
            b"Via": [via],
            b"Traceparent": [self.parent],
        }
        if self.state:
            headers[b"Tracestate"] = [self.state]
        return headers


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
