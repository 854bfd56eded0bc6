"""How answers and errors of our own are written."""

from __future__ import annotations

from html import escape
from http.client import responses
from typing import Any

import msgspec
from twisted.web.iweb import IRequest

from immich_ml_proxy.errors import BadRequest, ConfigError, ProxyError

_PAGE = """<!doctype html>
<html lang="en">
<head>
  <meta charset="utf-8">
  <meta name="viewport" content="width=device-width, initial-scale=1">
  <meta name="color-scheme" content="light dark">
  <title>{title} &ndash; Immich ML Proxy</title>
</head>
<body>
  <main>
    <h1>{title}</h1>
    <p>{text}</p>
  </main>
</body>
</html>
"""


def json_answer(request: IRequest, value: Any, status: int = 200) -> bytes:
    """Return ``value`` as JSON, with the headers for it set on ``request``."""
    return _answer(request, msgspec.json.encode(value), b"application/json", status)


def json_text(request: IRequest, text: bytes) -> bytes:
    """Return JSON that is text already."""
    return _answer(request, text, b"application/json", 200)


def text_answer(request: IRequest, text: bytes, status: int = 200) -> bytes:
    """Return plain text."""
    return _answer(request, text, b"text/plain; charset=utf-8", status)


def html_answer(request: IRequest, title: str, text: str, status: int) -> bytes:
    """Return a page of one paragraph, which needs no other file."""
    page = _PAGE.format(title=escape(title), text=escape(text))
    body = _answer(request, page.encode(), b"text/html; charset=utf-8", status)
    request.setHeader(b"Content-Security-Policy", b"default-src 'none'")
    return body


def write_error(request: IRequest, error: ProxyError) -> bytes:
    """Return ``{"error": ...}``, with the error's status set on ``request``."""
    if error.retry_after is not None:
        request.setHeader(b"Retry-After", b"%d" % error.retry_after)
    value = {"error": str(error)}
    if isinstance(error, ConfigError):
        value["field"] = value["path"] = error.field
    if isinstance(error, BadRequest) and error.path:
        value["path"] = error.path
    return json_answer(request, value, error.status)


def is_current(request: Any, tag: bytes) -> bool:
    """
    Return whether the client has this already; it is answered with 304 then.

    :param tag: changes with what is answered (RFC 9110, 8.8.3), with its quotes.
    """
    request.setHeader(b"ETag", tag)
    for line in request.requestHeaders.getRawHeaders(b"if-none-match", ()):
        if any(one.strip() in (tag, b"W/" + tag, b"*") for one in line.split(b",")):
            request.setResponseCode(304, b"Not Modified")
            return True
    return False


def _answer(request: Any, body: bytes, content_type: bytes, status: int) -> bytes:
    # A backend's 4xx need not be one that has a name.
    request.setResponseCode(status, responses.get(status, "Unknown").encode("ascii"))
    headers = request.responseHeaders
    headers.setRawHeaders(b"Content-Type", [content_type])
    headers.setRawHeaders(b"Content-Length", [b"%d" % len(body)])
    headers.setRawHeaders(b"Cache-Control", [b"no-store"])
    return body
