"""Counts what goes over the connections of clients: answers, and bytes of bodies."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

#: What stands for a path; all others are ``api`` or ``page``.
_PATHS: Mapping[bytes, str] = {
    b"/predict": "predict",
    b"/ping": "ping",
    b"/livez": "livez",
    b"/metrics": "metrics",
}
PATHS = (*_PATHS.values(), "api", "page")
#: What a client that left before its answer is counted as; nginx calls it that.
CLIENT_LEFT = 499


class Traffic:
    """
    :ivar received: bytes of the bodies of requests.
    :ivar sent: bytes of the bodies of answers.
    :ivar answers: how many, by what stands for the path, and by status.
    """

    def __init__(self) -> None:
        self.received = self.sent = 0
        self.answers: Mapping[str, Counter[int]] = {path: Counter() for path in PATHS}

    def count(
        self, answers: Mapping[tuple[bytes, int], int], received: int, sent: int
    ) -> None:
        """
        Count requests that are over.

        :param answers: how many, by target and status.
        :param received: bytes of their bodies.
        :param sent: bytes of the bodies of their answers.
        """
        self.received += received
        self.sent += sent
        for (target, status), count in answers.items():
            self.answers[_kind(target.partition(b"?")[0])][status] += count


def _kind(path: bytes) -> str:
    """Return what stands for a path."""
    return _PATHS.get(path) or ("api" if path.startswith(b"/api/") else "page")
