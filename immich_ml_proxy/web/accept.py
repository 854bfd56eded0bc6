"""What a client would like to get (RFC 9110, 12.5)."""

from __future__ import annotations

from collections.abc import Iterable


def wants_json(lines: Iterable[bytes]) -> bool:
    """
    Return whether a client asks for JSON, and not for HTML.

    Whoever takes anything (``*/*``, or no header at all) asks for neither.

    :param lines: the values of its ``Accept`` headers.
    """
    weights = _weights(lines)

    def asks_for(kind: bytes) -> bool:
        group = kind.partition(b"/")[0] + b"/*"
        return weights.get(kind, weights.get(group, 0.0)) > 0

    return asks_for(b"application/json") and not (
        asks_for(b"text/html") or asks_for(b"application/xhtml+xml")
    )


def takes_gzip(lines: Iterable[bytes]) -> bool:
    """
    Return whether a client can read what is compressed by gzip.

    :param lines: the values of its ``Accept-Encoding`` headers.
    """
    weights = _weights(lines)
    return weights.get(b"gzip", weights.get(b"*", 0.0)) > 0


def _weights(lines: Iterable[bytes]) -> dict[bytes, float]:
    weights = {}
    for line in lines:
        for part in line.lower().split(b","):
            kind, *parameters = (one.strip() for one in part.split(b";"))
            weights[kind] = _weight(parameters)
    return weights


def _weight(parameters: Iterable[bytes]) -> float:
    for parameter in parameters:
        name, _, value = parameter.partition(b"=")
        if name.strip() == b"q":
            try:
                return float(value)
            except ValueError:
                return 1.0
    return 1.0
