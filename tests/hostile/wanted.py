"""What is to come of raw bytes otherwise than it does today."""

from __future__ import annotations

from collections.abc import Iterator

from tests.hostile.head_cases import CONTROLS, HOSTS_OF_NO_USE
from tests.hostile.outcome import BAD, SERVED_LAST, Outcome

_TOO_LONG = Outcome((431,))


def _wanted() -> Iterator[tuple[str, Outcome]]:
    # Exactly one Host, well formed; at most one for HTTP/1.0.
    for name, *_ in HOSTS_OF_NO_USE:
        yield name, BAD
    yield "HTTP/1.0 with two Hosts", BAD
    # Control characters in what goes on, folds, bare LF, trailers.
    for code in CONTROLS:
        if code:
            yield f"a header with \\x{code:02x} in its value", BAD
    yield "DEL in its target", BAD
    for name in (
        "a folded header",
        "a header folded with a tab",
        "a header folded twice",
        "a folded header whose second line is empty",
        "a folded length",
        "a last chunk ended by LF",
        "chunks with a trailer ended by LF",
        "chunks with a trailer",
        "chunks with a length as a trailer",
        "chunks with a trailer that names a backend's host",
        "chunks with a trailer with transfer encoding",
        "chunks with a folded trailer",
        "chunks with a trailer that is none",
        "chunks with 100 trailers",
    ):
        yield name, BAD
    # Transfer encodings other than chunked, and any with HTTP/1.0.
    yield "transfer encoding identity and a length", BAD
    yield "transfer encoding identity without a length", BAD
    yield "chunked with HTTP/1.0", BAD
    # Lists of tokens in Connection.
    for name in ("Connection: close, x", "Connection: close,x"):
        yield name, SERVED_LAST
    yield "a second Connection: close", SERVED_LAST
    # What is too long has a status.
    yield "a length of 5,000 digits", BAD
    yield "a first line of 20,000 bytes", _TOO_LONG
    yield "a first line without an end", _TOO_LONG
    yield "a header of 20,000 bytes", _TOO_LONG
    for digits in (17, 400):
        yield f"a chunk's size of {digits} digits", Outcome((413,))
    for path in ("/api/config", "/api/debug/toggle", "/api/backends/ml"):
        yield f"3 MB to {path}", Outcome((413,))
    yield "3 MB in chunks to /api/config", Outcome((413,))
    # No bug of ours is what a client gets.
    yield "GET b'/static/%00'", Outcome((404,), open=True)
    yield "a POST to the API from b'http://[::1'", Outcome((403,), open=True)


WANTED = dict(_wanted())

#: After these there is a traceback in the log, and is to be none.
TRACEBACKS = {
    "a length of 5,000 digits",
    "GET b'/%ff'",
    "GET b'/api/%ff'",
    "GET b'/static/%ff'",
    "GET b'/static/%00'",
    "a POST to the API from b'http://[::1'",
}
