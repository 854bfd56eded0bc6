"""Requests that say in more than one way, or in none, where their body ends."""

from __future__ import annotations

from collections.abc import Iterator

from tests.hostile.building import (
    HOST,
    KIND,
    LINE,
    ONE,
    TWO,
    chunk,
    chunked,
    get,
    length,
    raw,
    search,
)
from tests.hostile.outcome import BAD, SERVED, SERVED_LAST, WAITS, Case, Outcome

SIZE = len(ONE)
HALF = SIZE // 2
CHUNKED = b"Transfer-Encoding: chunked"
CHUNKS = chunk(ONE) + b"0\r\n\r\n"


def _lengths() -> Iterator[Case]:
    for name, *lines in (
        ("two lengths", b"%d" % SIZE, b"%d" % (SIZE + 1)),
        ("two lengths, the first 0", b"0", b"%d" % SIZE),
        ("two lengths, the second 0", b"%d" % SIZE, b"0"),
        ("the same length twice", b"%d" % SIZE, b"%d" % SIZE),
        ("a list of lengths", b"%d, %d" % (SIZE, SIZE)),
        ("a list of two lengths", b"%d, %d" % (SIZE, SIZE + 1)),
        ("a length with a plus", b"+%d" % SIZE),
        ("a negative length", b"-%d" % SIZE),
        ("a length of -1", b"-1"),
        ("an empty length", b""),
        ("a length that is a word", b"many"),
        ("a hexadecimal length", b"0x%x" % SIZE),
        ("a length with an exponent", b"1e2"),
        ("a length with a fraction", b"%d.0" % SIZE),
        ("a length with an underscore", b"1_0"),
        ("a length with a space in it", b"1 0"),
        ("a length with a unit", b"%d bytes" % SIZE),
        ("a length in quotes", b'"%d"' % SIZE),
        ("a length with a semicolon", b"%d;" % SIZE),
        ("a length in Arabic digits", "\u0661\u0662".encode()),
        ("a length in wide digits", "\uff11\uff12".encode()),
        ("a superscript length", b"\xb2"),
    ):
        heads = [b"Content-Length: " + line for line in lines]
        yield Case(name, raw(LINE, HOST, KIND, *heads, body=ONE), BAD)
    for digits in (19, 20, 39, 400):
        huge = b"Content-Length: " + b"9" * digits
        yield Case(
            f"a length of {digits} digits", raw(LINE, HOST, KIND, huge), Outcome((413,))
        )
    yield Case(
        "a length of 5,000 digits",
        raw(LINE, HOST, KIND, b"Content-Length: " + b"9" * 5000),
        Outcome((413,)),
    )
    zeros = b"Content-Length: 000%d" % SIZE
    yield Case(
        "a length with zeros before", raw(LINE, HOST, KIND, zeros, body=ONE), SERVED
    )
    tabbed = b"Content-Length:\t%d\t" % SIZE
    yield Case("a length between tabs", raw(LINE, HOST, KIND, tabbed, body=ONE), SERVED)
    yield Case(
        "a length with a space before its colon",
        raw(LINE, HOST, KIND, b"Content-Length : %d" % SIZE, body=ONE),
        BAD,
    )
    yield Case(
        "a length in capitals",
        raw(LINE, HOST, KIND, b"CONTENT-LENGTH: %d" % SIZE, body=ONE),
        SERVED,
    )
    yield Case(
        "a length with an underscore in its name is none",
        raw(LINE, HOST, KIND, b"Content_Length: 7", length(ONE), body=ONE),
        SERVED,
    )
    yield Case("no length", raw(LINE, HOST, KIND), Outcome((422,), open=True))
    yield Case(
        "no length and a body, which is the next request",
        raw(LINE, HOST, KIND, body=ONE),
        Outcome((422, 400)),
    )
    yield Case(
        "a length that ends in the middle of the form",
        raw(LINE, HOST, KIND, b"Content-Length: %d" % HALF, body=ONE[:HALF]),
        Outcome((400,), open=True),
    )
    yield Case(
        "more than the length, which is the next request",
        search() + b"garbage\r\n\r\n",
        Outcome((200, 400), ("one",)),
    )
    yield Case("less than the length", search()[:-5], WAITS)
    yield Case(
        "a GET with a body",
        get(length(b"abc")) + b"abc",
        Outcome((200,), open=True),
    )
    yield Case(
        "a GET with a request for a body",
        get(length(search())) + search(),
        Outcome((200,), open=True),
    )


def _both() -> Iterator[Case]:
    for name, lines, body in (
        ("length, then chunked", (length(CHUNKS), CHUNKED), CHUNKS),
        ("chunked, then length", (CHUNKED, length(CHUNKS)), CHUNKS),
        ("length 0, then chunked", (b"Content-Length: 0", CHUNKED), CHUNKS),
        ("chunked, then length 0", (CHUNKED, b"Content-Length: 0"), CHUNKS),
        (
            "length of the first chunk, then chunked",
            (b"Content-Length: 4", CHUNKED),
            CHUNKS,
        ),
        ("chunked twice", (CHUNKED, CHUNKED), CHUNKS),
        ("chunked, then gzip", (CHUNKED, b"Transfer-Encoding: gzip"), CHUNKS),
        ("gzip, then chunked", (b"Transfer-Encoding: gzip", CHUNKED), CHUNKS),
        (
            "identity, then chunked and length",
            (b"Transfer-Encoding: identity", CHUNKED, length(CHUNKS)),
            CHUNKS,
        ),
    ):
        yield Case(name, raw(LINE, HOST, KIND, *lines, body=body), BAD)
    for coding in (
        b"gzip",
        b"gzip, chunked",
        b"chunked, gzip",
        b"chunked, chunked",
        b"chunked, identity",
        b"identity, chunked",
        b"deflate",
        b"xchunked",
        b"chunkedx",
        b"x chunked",
        b"chunked;q=1",
        b'"chunked"',
        b"'chunked'",
        b"chunked,",
        b",chunked",
        b"\x0bchunked",
        b"chunked\x0c",
        b"\xa0chunked",
        b"",
        b"chu nked",
        b"cow",
    ):
        coded = b"Transfer-Encoding: " + coding
        yield Case(
            f"transfer encoding {coding!r}",
            raw(LINE, HOST, KIND, coded, body=CHUNKS),
            BAD,
        )
        yield Case(
            f"transfer encoding {coding!r} and a length",
            raw(LINE, HOST, KIND, coded, length(CHUNKS), body=CHUNKS),
            BAD,
        )
    yield Case(
        "transfer encoding identity and a length",
        search(b"Transfer-Encoding: identity"),
        BAD,
    )
    yield Case(
        "transfer encoding identity without a length",
        raw(LINE, HOST, KIND, b"Transfer-Encoding: identity", body=CHUNKS),
        BAD,
    )
    for name, line in (
        ("in capitals", b"TRANSFER-ENCODING: CHUNKED"),
        ("after a tab", b"Transfer-Encoding:\tchunked"),
        ("without a space", b"Transfer-Encoding:chunked"),
    ):
        yield Case(f"chunked {name}", chunked(chunk(ONE), more=(line,)), SERVED)
    for name, line in (
        ("with a space before its colon", b"Transfer-Encoding : chunked"),
        ("with a tab before its colon", b"Transfer-Encoding\t: chunked"),
        (
            "with a space before its name, after a header",
            b" Transfer-Encoding: chunked",
        ),
    ):
        yield Case(
            f"chunked {name}", raw(LINE, HOST, KIND, length(ONE), line, body=ONE), BAD
        )
    yield Case(
        "chunked with HTTP/1.0",
        raw(b"POST /predict HTTP/1.0", HOST, KIND, CHUNKED, body=CHUNKS),
        BAD,
    )


def _chunks() -> Iterator[Case]:
    yield Case("one chunk", chunked(chunk(ONE)), SERVED)
    yield Case(
        "a chunk a byte",
        chunked(*(chunk(ONE[at : at + 1]) for at in range(SIZE))),
        SERVED,
    )
    for name, extension in (
        ("a name", b";name"),
        ("a value", b";name=value"),
        ("a quoted value", b';name="va;lue"'),
    ):
        yield Case(
            f"a chunk with an extension that has {name}",
            chunked(chunk(ONE, extension)),
            SERVED,
        )
    for name, size in (
        ("with zeros before", b"0000%x" % SIZE),
        ("in capitals", b"%X" % SIZE),
    ):
        yield Case(
            f"a chunk's size {name}", chunked(size + b"\r\n" + ONE + b"\r\n"), SERVED
        )
    for name, size in (
        ("with 0x", b"0x%x" % SIZE),
        ("with a plus", b"+%x" % SIZE),
        ("with a minus", b"-%x" % SIZE),
        ("with an underscore", b"%x_0" % SIZE),
        ("with a space before", b" %x" % SIZE),
        ("with a space after", b"%x " % SIZE),
        ("with a tab after", b"%x\t" % SIZE),
        ("that is empty", b""),
        ("that is a word", b"size"),
        ("with a g", b"%xg" % SIZE),
        ("with NUL", b"%x\x00" % SIZE),
        ("with a vertical tab", b"%x\x0b" % SIZE),
        ("with a bare CR", b"%x\r" % SIZE),
        ("in Arabic digits", "\u0661".encode()),
    ):
        yield Case(
            f"a chunk's size {name}", chunked(size + b"\r\n" + ONE + b"\r\n"), BAD
        )
    for digits in (17, 400):
        size = b"1" * digits
        yield Case(
            f"a chunk's size of {digits} digits",
            chunked(size + b"\r\n" + ONE + b"\r\n"),
            BAD,
        )
    for name, extension in (
        ("a bare LF", b";a\nb"),
        ("a bare CR", b";a\rb"),
        ("NUL", b";a\x00b"),
        ("another control character", b";a\x01b"),
        ("5,000 bytes", b";" + b"a" * 5000),
    ):
        yield Case(
            f"a chunk's extension with {name}", chunked(chunk(ONE, extension)), BAD
        )
    for name, body in (
        ("its size ended by LF", b"%x\n%s\r\n0\r\n\r\n" % (SIZE, ONE)),
        ("its data ended by LF", b"%x\r\n%s\n0\r\n\r\n" % (SIZE, ONE)),
        ("its data without an end", b"%x\r\n%s0\r\n\r\n" % (SIZE, ONE)),
        ("more data than its size", b"%x\r\n%sxx\r\n0\r\n\r\n" % (SIZE, ONE)),
        ("less data than its size", b"%x\r\n%s\r\n0\r\n\r\n" % (SIZE + 1, ONE)),
        ("no chunk, but the form", ONE),
        ("NUL after it", chunk(ONE) + b"\x000\r\n\r\n"),
    ):
        yield Case(f"a chunk with {name}", chunked(body, end=b""), BAD)
    yield Case("a last chunk ended by LF", chunked(chunk(ONE), end=b"0\n\n"), BAD)
    yield Case("chunks without a last one", chunked(chunk(ONE), end=b""), WAITS)
    yield Case(
        "chunks without the last line end", chunked(chunk(ONE), end=b"0\r\n"), WAITS
    )
    yield Case("no chunk but the last one", chunked(), Outcome((422,), open=True))
    for name, trailer in (
        ("a trailer", b"X-Sum: 1\r\n"),
        ("a length as a trailer", b"Content-Length: 7\r\n"),
        ("a trailer that names a backend's host", b"Host: other\r\n"),
        ("a trailer with transfer encoding", b"Transfer-Encoding: chunked\r\n"),
        ("a folded trailer", b"X-Sum: 1\r\n 2\r\n"),
        ("a trailer that is none", b"no colon\r\n"),
        ("100 trailers", b"X-Sum: 1\r\n" * 100),
    ):
        yield Case(
            f"chunks with {name}",
            chunked(chunk(ONE), end=b"0\r\n" + trailer + b"\r\n"),
            BAD,
        )
    yield Case(
        "chunks with a trailer ended by LF",
        chunked(chunk(ONE), end=b"0\r\nX-Sum: 1\n\r\n"),
        BAD,
    )
    yield Case(
        "chunks with trailers of 100 KB",
        chunked(
            chunk(ONE), end=b"0\r\n" + b"X: %s\r\n" % (b"a" * 1000) * 100 + b"\r\n"
        ),
        BAD,
    )


def _pipelined() -> Iterator[Case]:
    both = Outcome((200, 200), ("one", "two"), open=True)
    yield Case("two searches at once", search() + search(body=TWO), both)
    yield Case(
        "two chunked searches at once", chunked(chunk(ONE)) + chunked(chunk(TWO)), both
    )
    yield Case("chunks, then a length", chunked(chunk(ONE)) + search(body=TWO), both)
    yield Case("a length, then chunks", search() + chunked(chunk(TWO)), both)
    yield Case(
        "an empty line between two searches",
        search() + b"\r\n" + search(body=TWO),
        both,
    )
    yield Case("an empty line before the first", b"\r\n" + search(), SERVED)
    yield Case("two empty lines before the first", b"\r\n\r\n" + search(), BAD)
    yield Case(
        "nothing is read after a request that is the last",
        search(b"Connection: close") + search(body=TWO),
        SERVED_LAST,
    )
    yield Case(
        "nothing is read after a bad one",
        raw(LINE, HOST, KIND, b"Content-Length: x") + search(body=TWO),
        BAD,
    )
    yield Case(
        "nothing is read after bad chunks", chunked(b"x\r\n") + search(body=TWO), BAD
    )
    yield Case(
        "nothing is read after a body that is refused",
        raw(LINE, HOST, KIND, b"Content-Length: 99999999999") + search(body=TWO),
        Outcome((413,)),
    )
    yield Case(
        "a search in the body of another",
        search(body=search(body=TWO)),
        Outcome((400,), open=True),
    )
    yield Case(
        "a search behind a body cut short by its length",
        raw(LINE, HOST, KIND, b"Content-Length: 0") + search(body=TWO),
        Outcome((422, 200), ("two",), open=True),
    )
    yield Case(
        "twenty searches at once",
        search() * 20,
        Outcome((200,) * 20, ("one",) * 20, open=True),
    )
    yield Case(
        "the answers keep their order, whatever takes longer",
        search() + get() + search(body=TWO) + get(line=b"GET /nothing HTTP/1.1"),
        Outcome((200, 200, 200, 404), ("one", "two"), open=True),
    )


def cases() -> Iterator[Case]:
    """Return them all."""
    yield from _lengths()
    yield from _both()
    yield from _chunks()
    yield from _pipelined()
