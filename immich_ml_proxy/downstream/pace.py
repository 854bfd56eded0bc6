"""
How slowly a client may send: a head in so much time, a body at so many bytes a second.

A timeout that begins anew with every byte lets a client keep a connection, and what is
held for it, for as long as it likes.
"""

from __future__ import annotations

import attrs

from immich_ml_proxy.config.model import Bounds


@attrs.define
class Pace:
    """
    How one connection's present request comes in. All times are in seconds.

    :ivar head_since: when the first byte of a head came that is not whole.
    """

    head_since: float | None = None
    _since: float | None = None
    _size: int = 0

    def head(self, is_incomplete: bool, now: float) -> None:
        """Bytes of a head have come; ``is_incomplete`` while there must be more."""
        if not is_incomplete:
            self.head_since = None
        elif self.head_since is None:
            self.head_since = now

    def late_head(self, now: float, bounds: Bounds) -> str | None:
        """Return why a head is waited for no longer."""
        if self.head_since is None or now - self.head_since < bounds.head_timeout:
            return None
        return f"its head did not come within {bounds.head_timeout:g} s (headTimeout)"

    def slow_body(self, size: int, now: float, bounds: Bounds) -> str | None:
        """
        Return why a body is waited for no longer; to be asked every now and then.

        Each stretch of ``upload_grace`` seconds is looked at by itself, so that a fast
        beginning is no excuse for what follows.

        :param size: bytes of it so far.
        """
        if self._since is None or size < self._size:
            self._since, self._size = now, size
            return None
        if now - self._since < bounds.upload_grace:
            return None
        came = (size - self._size) / (now - self._since)
        self._since, self._size = now, size
        if came >= bounds.min_upload_rate:
            return None
        return (
            f"its body comes at {came:.0f} bytes a second, less than minUploadRate "
            f"({bounds.min_upload_rate})"
        )

    def no_body(self) -> None:
        """No body is expected at present, or it is we who do not read it."""
        self._since, self._size = None, 0
