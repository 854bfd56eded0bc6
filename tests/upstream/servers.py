"""Answers shaped like those of the servers that are found in front of models."""

from __future__ import annotations

from tests.upstream.reading import BODY, CHUNKS, OK, SIZED

DATE = b"Date: Sat, 28 Nov 2026 12:00:00 GMT\r\n"
JSON = b"Content-Type: application/json\r\n"
#: The answer of each, and whether its connection is kept.
SERVERS = {
    "uvicorn": (
        OK + DATE.lower() + b"server: uvicorn\r\ncontent-length: 17\r\n"
        b"content-type: application/json\r\n\r\n" + BODY,
        True,
    ),
    "uvicorn, streaming": (
        OK + DATE.lower() + b"server: uvicorn\r\ncontent-type: application/json\r\n"
        b"transfer-encoding: chunked\r\n\r\n" + CHUNKS,
        True,
    ),
    "gunicorn": (
        OK + b"Server: gunicorn\r\n" + DATE + b"Connection: keep-alive\r\n"
        b"Content-Type: application/json\r\nContent-Length: 17\r\n\r\n" + BODY,
        True,
    ),
    "gunicorn, one request a worker": (
        OK + b"Server: gunicorn\r\n" + DATE + b"Connection: close\r\n"
        b"Transfer-Encoding: chunked\r\n" + JSON + b"\r\n" + CHUNKS,
        False,
    ),
    "hypercorn": (
        b"HTTP/1.1 200 \r\ncontent-type: application/json\r\ncontent-length: 17\r\n"
        + DATE.lower() + b"server: hypercorn-h11\r\n\r\n" + BODY,
        True,
    ),
    "aiohttp": (
        OK + b"Content-Type: application/json; charset=utf-8\r\n"
        b"Content-Length: 17\r\n" + DATE + b"Server: Python/3.11 aiohttp/3.13.2\r\n"
        b"\r\n" + BODY,
        True,
    ),
    "Go": (OK + JSON + DATE + b"Content-Length: 17\r\n\r\n" + BODY, True),
    "Go, with a trailer": (
        OK + JSON + DATE + b"Trailer: X-Took\r\nTransfer-Encoding: chunked\r\n\r\n"
        b"11\r\n" + BODY + b"\r\n0\r\nX-Took: 12ms\r\n\r\n",
        True,
    ),
    "Node": (
        OK + JSON + DATE + b"Connection: keep-alive\r\nKeep-Alive: timeout=5\r\n"
        b"Transfer-Encoding: chunked\r\n\r\n11\r\n" + BODY + b"\r\n0\r\n\r\n",
        True,
    ),
    "nginx": (
        OK + b"Server: nginx/1.27.3\r\n" + DATE + JSON + b"Content-Length: 17\r\n"
        b"Connection: keep-alive\r\nVary: Accept-Encoding\r\nVary: Origin\r\n\r\n"
        + BODY,
        True,
    ),
    "Apache, which offers HTTP/2": (
        OK + DATE + b"Server: Apache\r\nUpgrade: h2,h2c\r\n"
        b"Connection: Upgrade, Keep-Alive\r\nKeep-Alive: timeout=5, max=100\r\n"
        b"Content-Length: 17\r\n\r\n" + BODY,
        True,
    ),
    "HAProxy's own": (
        b"HTTP/1.0 200 OK\r\ncache-control: no-cache\r\nconnection: close\r\n"
        b"content-type: application/json\r\n\r\n" + BODY,
        False,
    ),
    "Python's http.server": (
        b"HTTP/1.0 200 OK\r\nServer: SimpleHTTP/0.6 Python/3.11.7\r\n" + DATE + JSON
        + b"Content-Length: 17\r\n\r\n" + BODY,
        False,
    ),
    "HTTP/1.0 that keeps": (
        b"HTTP/1.0 200 OK\r\nConnection: Keep-Alive\r\nContent-Length: 17\r\n\r\n"
        + BODY,
        True,
    ),
    "a server behind one that sends hints": (
        b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </a>\r\n"
        b"\r\n" + SIZED,
        True,
    ),
    "a server without reason phrases": (
        b"HTTP/1.1 200\r\nContent-Length:17\r\n\r\n" + BODY,
        True,
    ),
}  # fmt: skip
