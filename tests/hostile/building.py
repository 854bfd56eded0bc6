"""Requests as bytes, each of which a test can have wrong."""

from __future__ import annotations

from tests.demo_requests import MULTIPART, TEXTUAL
from tests.memory_proxy import text_form

HOST = b"Host: proxy:3004"
KIND = b"Content-Type: " + MULTIPART.encode()
ONE = text_form(TEXTUAL, "one")
TWO = text_form(TEXTUAL, "two")
LINE = b"POST /predict HTTP/1.1"


def raw(*lines: bytes, body: bytes = b"") -> bytes:
    """Return lines as a head, ended as they should be, and a body."""
    return b"\r\n".join((*lines, b"", body))


def length(body: bytes) -> bytes:
    """Return the header that announces a body."""
    return b"Content-Length: %d" % len(body)


def search(*more: bytes, line: bytes = LINE, body: bytes = ONE) -> bytes:
    """Return a proper search; ``more`` are headers that come last."""
    return raw(line, HOST, KIND, length(body), *more, body=body)


def get(*more: bytes, line: bytes = b"GET /api/debug/status HTTP/1.1") -> bytes:
    """Return a request without a body."""
    return raw(line, HOST, *more)


def chunk(data: bytes, extension: bytes = b"") -> bytes:
    """Return one chunk."""
    return b"%x%s\r\n%s\r\n" % (len(data), extension, data)


def chunked(
    *chunks: bytes,
    end: bytes = b"0\r\n\r\n",
    more: tuple[bytes, ...] = (b"Transfer-Encoding: chunked",),
) -> bytes:
    """Return a search whose body comes in chunks, as they are."""
    return raw(LINE, HOST, KIND, *more, body=b"".join((*chunks, end)))
