"""
The trace that a request is part of: ``traceparent`` and ``tracestate`` (W3C).

``traceparent`` is ``00-TRACE-PARENT-FLAGS``: 32, 16 and 2 hexadecimal digits, of which
neither name may be all zeros. Of the flags the two that are defined go on: sampled, and
that the trace's name is random. What is written otherwise is not there for us.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

#: Bytes of a ``tracestate`` that is passed on.
LONGEST_STATE = 512
_PARENT = re.compile(
    rb"(?!ff)([0-9a-f]{2})-(?!0{32})([0-9a-f]{32})-(?!0{16})[0-9a-f]{16}"
    rb"-([0-9a-f]{2})(-.*)?"
)
_STATE = re.compile(rb"[ -~]+")
_DEFINED = 0b11


def going_on(given: Sequence[bytes], own: bytes) -> bytes | None:
    """
    Return the ``traceparent`` that a request goes on with.

    :param given: the values of its ``traceparent`` headers; there must be one.
    :param own: what this proxy's part of the trace is called, 16 hexadecimal digits.
    :return: ``None`` where there is none that can be taken over.
    """
    found = _PARENT.fullmatch(given[0]) if len(given) == 1 else None
    if found is None or (found[1] == b"00" and found[4] is not None):
        return None
    return b"00-%b-%b-%02x" % (found[2], own, int(found[3], 16) & _DEFINED)


def state(given: Sequence[bytes]) -> bytes:
    """Return the ``tracestate`` that goes on with it; empty: none."""
    whole = b",".join(one for one in given if one)
    is_well = len(whole) <= LONGEST_STATE and _STATE.fullmatch(whole)
    return whole if is_well else b""


def trace_of(parent: bytes) -> str:
    """Return the trace's name in a ``traceparent`` of ours."""
    return parent[3:35].decode("ascii")
