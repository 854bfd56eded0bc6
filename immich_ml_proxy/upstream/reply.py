"""A server's whole answer to a request, or why there is none."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Protocol

import attrs


class HeaderValues(Protocol):
    """The headers of an answer, as far as they are asked for."""

    def getRawHeaders(self, name: bytes, /) -> Sequence[bytes] | None:
        """Return the values of a header, or ``None``."""

    def getAllRawHeaders(self) -> Iterable[tuple[bytes, Sequence[bytes]]]:
        """Return each name with its values."""


class Fields:
    """
    The headers of an answer as they came, looked through only when one is asked for.

    :param pairs: names, in any case, and values.
    """

    __slots__ = ("_pairs",)

    def __init__(self, pairs: Sequence[tuple[bytes, bytes]]) -> None:
        self._pairs = pairs

    def getRawHeaders(self, name: bytes, /) -> Sequence[bytes] | None:
        """See :class:`HeaderValues`."""
        wanted = name.lower()
        return [value for one, value in self._pairs if one.lower() == wanted] or None

    def getAllRawHeaders(self) -> Iterable[tuple[bytes, Sequence[bytes]]]:
        """See :class:`HeaderValues`."""
        names: dict[bytes, list[bytes]] = {}
        for name, value in self._pairs:
            names.setdefault(name.title(), []).append(value)
        return names.items()


@attrs.define
class Reply:
    """
    A backend's whole answer.

    :ivar status: the HTTP status.
    :ivar headers: as received, without those about the connection.
    :ivar body: the bytes, decoded when they came compressed.
    """

    status: int
    headers: HeaderValues
    body: bytes

    @property
    def content_type(self) -> bytes:
        """The ``Content-Type``, or a neutral one."""
        values = self.headers.getRawHeaders(b"Content-Type")
        return values[0] if values else b"application/octet-stream"


class ExchangeFailed(Exception):
    """
    A backend gave no whole answer; the text says why, in words for people.

    :ivar timed_out: it was asked, and the time for its answer was over.
    """

    def __init__(self, reason: str, timed_out: bool = False) -> None:
        super().__init__(reason)
        self.timed_out = timed_out
