"""What a request is called in answers, logs and records."""

from __future__ import annotations

import re
from random import getrandbits

_TRACE_ID = re.compile(rb"[A-Za-z0-9._:-]{1,64}")


def new_trace_id() -> str:
    """Return a name for a request that came without one: 16 hexadecimal digits."""
    return f"{getrandbits(64):016x}"


def trace_id(given: bytes | None) -> str:
    """Return the name of a request: the client's ``X-Request-ID``, or a new one."""
    if given is not None and _TRACE_ID.fullmatch(given):
        return given.decode("ascii")
    return new_trace_id()
