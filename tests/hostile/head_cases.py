"""Requests whose first line or headers are not as they should be."""

from __future__ import annotations

from collections.abc import Iterator

from tests.hostile.building import HOST, KIND, LINE, ONE, get, length, raw, search
from tests.hostile.outcome import BAD, SERVED, SERVED_LAST, WAITS, Case, Outcome

_TAIL = (HOST, KIND, length(ONE))
_NOT_FOUND = Outcome((404,), open=True)
_NO_METHOD = Outcome((405,), open=True)
_OPEN = Outcome((200,), open=True)
_TOO_LONG = Outcome((431,))

#: Control characters that have no place in a head.
_CONTROLS = [*range(9), 0x0B, 0x0C, *range(0x0E, 0x20), 0x7F]


def _first_lines() -> Iterator[Case]:
    for name, line in (
        ("that is empty but for spaces", b"   "),
        ("of one word", b"POST"),
        ("of two words", b"POST /predict"),
        ("of four words", b"POST /predict x HTTP/1.1"),
        ("with two spaces", b"POST  /predict HTTP/1.1"),
        ("with tabs", b"POST\t/predict\tHTTP/1.1"),
        ("with a space before", b" POST /predict HTTP/1.1"),
        ("with a space after", b"POST /predict HTTP/1.1 "),
        ("with a tab after", b"POST /predict HTTP/1.1\t"),
        ("of HTTP/0.9", b"POST /predict HTTP/0.9"),
        ("of HTTP/1.2", b"POST /predict HTTP/1.2"),
        ("of HTTP/2.0", b"POST /predict HTTP/2.0"),
        ("of HTTP/1", b"POST /predict HTTP/1"),
        ("of HTTP/11", b"POST /predict HTTP/1.11"),
        ("of HTTP in small letters", b"POST /predict http/1.1"),
        ("of another protocol", b"POST /predict ICY/1.1"),
        ("that is HTTP/2's", b"PRI * HTTP/2.0"),
        ("of a TLS client", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"),
        ("of SSH", b"SSH-2.0-OpenSSH_9.2"),
        ("with NUL in its target", b"POST /pre\x00dict HTTP/1.1"),
        ("with a bare CR", b"POST /predict\r HTTP/1.1"),
        ("with a vertical tab", b"POST /predict\x0bHTTP/1.1"),
        ("with a form feed in its target", b"POST /\x0cpredict HTTP/1.1"),
        ("with a byte over 127 in its method", b"P\xd6ST /predict HTTP/1.1"),
        ("with a quote in its method", b'P"ST /predict HTTP/1.1'),
        ("with a colon in its method", b"POST: /predict HTTP/1.1"),
        ("with no method", b" /predict HTTP/1.1"),
    ):
        yield Case(f"a first line {name}", raw(line, *_TAIL, body=ONE), BAD)
    for name, line, outcome in (
        ("a method in small letters", b"post /predict HTTP/1.1", SERVED),
        ("an unknown method", b"BREW /predict HTTP/1.1", _NO_METHOD),
        ("GET with a form", b"GET /predict HTTP/1.1", _NO_METHOD),
        ("TRACE", b"TRACE /predict HTTP/1.1", _NO_METHOD),
        ("CONNECT", b"CONNECT other:443 HTTP/1.1", _NOT_FOUND),
        ("a path in capitals", b"POST /PREDICT HTTP/1.1", _NOT_FOUND),
        ("an escaped letter in the path", b"POST /predic%74 HTTP/1.1", SERVED),
        ("dots in the path", b"POST /x/../predict HTTP/1.1", _NOT_FOUND),
        ("a dot in the path", b"POST /./predict HTTP/1.1", _NOT_FOUND),
        ("two slashes", b"POST //predict HTTP/1.1", SERVED),
        ("a slash at the end", b"POST /predict/ HTTP/1.1", SERVED),
        ("a semicolon in the path", b"POST /predict;x HTTP/1.1", _NOT_FOUND),
        ("a query", b"POST /predict?entries=x HTTP/1.1", SERVED),
        ("a broken escape in the query", b"POST /predict?%zz HTTP/1.1", SERVED),
        ("a fragment", b"POST /predict#x HTTP/1.1", _NOT_FOUND),
        ("a target without a slash", b"POST predict HTTP/1.1", _NOT_FOUND),
        ("a target that is a star", b"OPTIONS * HTTP/1.1", _OPEN),
        ("a whole URL", b"POST http://other/predict HTTP/1.1", SERVED),
        (
            "a whole URL of a backend",
            b"POST http://127.0.0.1:1/predict HTTP/1.1",
            SERVED,
        ),
        ("a whole URL with a name", b"POST http://a:b@other/predict HTTP/1.1", SERVED),
        (
            "a whole URL of another kind",
            b"POST ftp://other/predict HTTP/1.1",
            _NOT_FOUND,
        ),
        ("a whole URL without a host", b"POST http:///predict HTTP/1.1", SERVED),
        ("a byte over 127 in its path", b"POST /pr\xe9dict HTTP/1.1", BAD),
        ("DEL in its target", b"POST /predict\x7f HTTP/1.1", BAD),
    ):
        yield Case(name, raw(line, *_TAIL, body=ONE), outcome)
    for path in (
        b"/%",
        b"/%zz",
        b"/static/..",
        b"/static/../config.py",
        b"/static/%2e%2e/setup.py",
        b"/static/..%2fsetup.py",
        b"/static/..%5csetup.py",
        b"/static/" + b"a" * 300,
        b"/static/" + b"a/" * 300,
        b"/static/app.js/x",
        b"/api/../config.json",
    ):
        yield Case(
            f"GET {path[:40]!r}", get(line=b"GET " + path + b" HTTP/1.1"), _NOT_FOUND
        )
    for path in (
        b"/%ff",
        b"/api/%ff",
        b"/static/%ff",
        b"/static/%00",
        b"/%00",
        b"/api/config/%00",
        b"/static/%0d%0a",
        b"/%09",
        b"/%7f",
        b"/%c3",
        b"/%ed%a0%80",
    ):
        yield Case(f"GET {path!r}", get(line=b"GET " + path + b" HTTP/1.1"), BAD)
    for path, status in (
        (b"/%c3%a4", 404),
        (b"/ping?%ff%00", 200),
        (b"/static//etc/passwd", 308),
        (b"/static/%2fetc%2fpasswd", 308),
    ):
        yield Case(
            f"GET {path!r}",
            get(line=b"GET " + path + b" HTTP/1.1"),
            Outcome((status,), open=True),
        )
    yield Case(
        "HTTP/1.0 is served once", search(line=b"POST /predict HTTP/1.0"), SERVED_LAST
    )
    yield Case(
        "HTTP/1.0 that wants to go on is served once",
        search(b"Connection: keep-alive", line=b"POST /predict HTTP/1.0"),
        SERVED_LAST,
    )
    long = b"POST /predict?" + b"a" * 20_000 + b" HTTP/1.1"
    yield Case("a first line of 20,000 bytes", raw(long, *_TAIL, body=ONE), _TOO_LONG)
    long = b"POST /predict?" + b"a" * 8_000 + b" HTTP/1.1"
    yield Case("a first line of 8,000 bytes", raw(long, *_TAIL, body=ONE), SERVED)
    yield Case("a first line without an end", b"a" * 20_000, _TOO_LONG)
    yield Case("nothing", b"", WAITS)
    yield Case("a line end", b"\r\n", WAITS)
    yield Case("half a first line", b"POST /predi", WAITS)
    yield Case("a head without its end", search()[:80], WAITS)


def _hosts() -> Iterator[Case]:
    for name, *lines in (
        ("no Host",),
        ("two Hosts", HOST, b"Host: other"),
        ("the same Host twice", HOST, HOST),
        ("an empty Host", b"Host:"),
        ("a Host with a space", b"Host: a b"),
        ("a Host with a comma", b"Host: a, b"),
        ("a Host with a slash", b"Host: a/b"),
        ("a Host that is a URL", b"Host: http://a"),
        ("a Host with a user", b"Host: a@b"),
        ("a Host with a question mark", b"Host: a?b"),
        ("a Host with a hash", b"Host: a#b"),
        ("a Host with a backslash", b"Host: a\\b"),
        ("a Host with quotes", b'Host: "a"'),
        ("a Host with a port that is a word", b"Host: a:b"),
        ("a Host with two ports", b"Host: a:1:2"),
        ("a Host with a port of six digits", b"Host: a:300400"),
        ("a Host with half an address", b"Host: [::1"),
        ("a Host with the other half", b"Host: ::1]"),
        ("a Host with a word in brackets", b"Host: [a]"),
        ("a Host with a byte over 127", b"Host: \xe4"),
        ("a Host with a tab in it", b"Host: a\tb"),
        ("a Host with <>", b"Host: <a>"),
    ):
        yield Case(name, raw(LINE, *lines, KIND, length(ONE), body=ONE), BAD)
    for name, line in (
        ("a Host with an IPv6 address", b"Host: [::1]:3004"),
        ("a Host with an IPv4 address", b"Host: 10.0.0.1:3004"),
        ("a Host with an underscore", b"Host: immich_ml_proxy:3004"),
        ("a Host with two dots", b"Host: a..b"),
        ("a Host with a dot at its end", b"Host: a.b."),
        ("a Host in capitals", b"HOST: PROXY"),
        ("a Host with an empty port", b"Host: proxy:"),
    ):
        yield Case(name, raw(LINE, line, KIND, length(ONE), body=ONE), SERVED)
    yield Case(
        "HTTP/1.0 without a Host",
        raw(b"POST /predict HTTP/1.0", KIND, length(ONE), body=ONE),
        SERVED_LAST,
    )
    yield Case(
        "HTTP/1.0 with two Hosts",
        search(b"Host: other", line=b"POST /predict HTTP/1.0"),
        BAD,
    )


def _headers() -> Iterator[Case]:
    for name, line in (
        ("without a colon", b"no colon"),
        ("without a name", b": value"),
        ("with a space in its name", b"X Y: z"),
        ("with a space before its colon", b"X : z"),
        ("with a tab before its colon", b"X\t: z"),
        ("with a bare CR in its value", b"X: a\rb"),
        ("with NUL in its value", b"X: a\x00b"),
        ("with a byte over 127 in its name", b"\xc4: z"),
        ("with a quote in its name", b'X"Y: z'),
        ("with a slash in its name", b"X/Y: z"),
        ("with a brace in its name", b"X{Y: z"),
        ("with an at in its name", b"X@Y: z"),
    ):
        yield Case(f"a header {name}", search(line), BAD)
    yield Case("a header of 20,000 bytes", search(b"X: " + b"a" * 20_000), _TOO_LONG)
    for code in _CONTROLS:
        character = bytes([code])
        if code:
            yield Case(
                f"a header with \\x{code:02x} in its value",
                search(b"X: a" + character + b"b"),
                BAD,
            )
        yield Case(
            f"a header with \\x{code:02x} in its name",
            search(b"X" + character + b"Y: b"),
            BAD,
        )
    for name, line in (
        ("with an empty value", b"X:"),
        ("with a tab in its value", b"X: a\tb"),
        ("with bytes over 127 in its value", b"X: \xc3\xa4\xff"),
        ("with every token character in its name", b"!#$%&'*+-.^_`|~0aZ: b"),
        ("with a colon in its value", b"X: a: b"),
        ("of 8,000 bytes", b"X: " + b"a" * 8_000),
    ):
        yield Case(f"a header {name}", search(line), SERVED)
    yield Case("400 headers", search(*[b"X: y"] * 400), SERVED)
    yield Case("600 headers", search(*[b"X: y"] * 600), BAD)
    for name, lines in (
        ("a folded header", (b"X: a", b" b")),
        ("a header folded with a tab", (b"X: a", b"\tb")),
        ("a header folded twice", (b"X: a", b" b", b" c")),
        ("a folded header whose second line is empty", (b"X: a", b" ")),
    ):
        yield Case(name, search(*lines), BAD)
    yield Case(
        "a folded length",
        raw(LINE, HOST, KIND, b"Content-Length:", b" %d" % len(ONE), body=ONE),
        BAD,
    )
    yield Case(
        "a first header that is folded", raw(LINE, b" X: a", *_TAIL, body=ONE), BAD
    )
    plain = search()
    head, _, body = plain.partition(b"\r\n\r\n")
    yield Case(
        "all lines ended by LF", head.replace(b"\r\n", b"\n") + b"\n\n" + body, BAD
    )
    yield Case("the first line ended by LF", plain.replace(b"\r\n", b"\n", 1), BAD)
    yield Case("a header ended by LF", search(b"X: a\nY: b"), BAD)
    yield Case("the empty line ended by LF", head + b"\r\n\n" + body, BAD)
    yield Case("the empty line ended by CR", head + b"\r\n\r" + body, BAD)
    yield Case("a header ended by LF CR", search(b"X: a\n\rY: b"), BAD)
    yield Case(
        "a search that a bare LF hides in a header",
        search(b"X: a\n\n" + search()),
        BAD,
    )


def _connections() -> Iterator[Case]:
    for value in (
        b"close",
        b"Close",
        b"CLOSE",
        b"keep-alive close",
        b"x, close",
        b"keep-alive, close",
        b"close ,x",
        b"close, x",
        b"close,x",
    ):
        yield Case(
            f"Connection: {value.decode()}",
            search(b"Connection: " + value),
            SERVED_LAST,
        )
    yield Case(
        "a second Connection: close",
        search(b"Connection: keep-alive", b"Connection: close"),
        SERVED_LAST,
    )
    for value in (b"keep-alive", b"closed", b"host", b"content-length", b"x", b""):
        yield Case(
            f"Connection: {value.decode()}", search(b"Connection: " + value), SERVED
        )
    for line in (
        b"Upgrade: h2c",
        b"Upgrade: websocket",
        b"Proxy-Authorization: Basic eA==",
        b"Proxy-Connection: close",
        b"Keep-Alive: timeout=1",
        b"TE: trailers",
        b"Trailer: X",
        b"X-HTTP-Method-Override: DELETE",
        b"X-Original-URL: /api/config",
        b"X-Rewrite-URL: /api/config",
        b"Forwarded: host=other",
        b"X-Forwarded-Host: other",
        b"Range: bytes=0-1",
        b"Content-Encoding: gzip",
        b"Cookie: \xff;;=;=\x80",
        b"Referer: http://[::1",
        b"User-Agent: ${jndi:ldap://x}",
        b"Accept: " + b"a/b;q=," * 100,
        b"Accept-Encoding: ,,;q=x",
        b"Authorization: \xff\xfe",
        b"X-Request-ID: a\tb",
        b"X-Request-ID: " + b"a" * 5000,
        b"If-None-Match: \xff",
        b"If-Modified-Since: never",
    ):
        yield Case(line[:40].decode("latin-1"), search(line), SERVED)
    yield Case(
        "Expect: 100-continue",
        search(b"Expect: 100-continue"),
        Outcome((100, 200), ("one",), open=True),
    )
    yield Case("Expect: something else", search(b"Expect: more"), SERVED)
    for origin, status in (
        (b"http://[::1", 403),
        (b"\xff", 403),
        (b"null", 403),
        (b"http://other", 403),
        (b"http://a:b:c", 403),
        (b"", 403),
        (b"//", 403),
    ):
        yield Case(
            f"a POST to the API from {origin!r}",
            raw(
                b"POST /api/debug/max-records HTTP/1.1",
                HOST,
                b"Origin: " + origin,
                length(b'{"maxRecords": 100}'),
                body=b'{"maxRecords": 100}',
            ),
            Outcome((status,), open=True),
        )
    for path in (b"/api/config", b"/api/debug/toggle", b"/api/backends/ml", b"/ping"):
        size = b"Content-Length: 3000000"
        yield Case(
            f"3 MB to {path.decode()}",
            raw(b"POST " + path + b" HTTP/1.1", HOST, size),
            Outcome((413,)),
        )
    yield Case(
        "3 MB in chunks to /api/config",
        raw(b"POST /api/config HTTP/1.1", HOST, b"Transfer-Encoding: chunked")
        + (b"10000\r\n" + b" " * 0x10000 + b"\r\n") * 46
        + b"0\r\n\r\n",
        Outcome((413,)),
    )


def cases() -> Iterator[Case]:
    """Return them all."""
    yield from _first_lines()
    yield from _hosts()
    yield from _headers()
    yield from _connections()
