"""What a request is called in answers, logs and records, and in traces."""

from __future__ import annotations

import attrs


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
