"""
Reads one answer from what arrives, in whatever pieces it does.

The wire format (RFC 9112): a status line and header lines, each ended by CRLF, an empty
line, and a body that is as long as ``Content-Length`` says, or comes in chunks, or ends
with its connection. Heads and chunks are read by llhttp, strictly.
"""

from __future__ import annotations

from httptools import HttpParserError, HttpParserUpgrade, HttpResponseParser

#: Longest head of an answer, in bytes, its empty line included.
MAX_HEAD = 64 * 1024
#: Longest body of an answer, in bytes; real ones have a few 100 KB.
MAX_ANSWER = 64 * 1024 * 1024

_VERSION = b"HTTP/1."
TOO_LONG = "it is longer than 64 MB"
#: What a parser is told before it gets the chunks: after the last one comes nothing.
_CHUNKS_FOLLOW = (
    b"HTTP/1.1 200 OK\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n"
)


class BadAnswer(Exception):
    """What a server sent is no HTTP answer, or one that is too long."""


class Head:
    """
    The head of an answer, as llhttp tells it.

    :ivar fields: names and values of the headers.
    :ivar encoding: what was done to the body, such as ``gzip``; in lower case.
    :ivar length: of the body, in bytes; ``None`` when that is not known beforehand.
    :ivar chunked: whether the body comes in chunks.
    :ivar keep: whether the server leaves the connection open.
    """

    parser: HttpResponseParser

    def __init__(self) -> None:
        self.code = 0
        self.fields: list[tuple[bytes, bytes]] = []
        self.encoding = b""
        self.length: int | None = None
        self.chunked = False
        self.keep = False

    def on_header(self, name: bytes, value: bytes) -> None:
        """Take a header; see ``httptools``."""
        self.fields.append((name, value))

    def on_headers_complete(self) -> None:
        """Take the rest; see ``httptools``."""
        self.code = self.parser.get_status_code()
        # Afterwards it is another message that is asked about.
        self.keep = self.parser.should_keep_alive()
        # They hold each other, and would wait for the garbage collector.
        del self.parser


class AnswerReader:
    """
    Puts an answer together.

    :ivar begun: whether anything came at all.
    :ivar head: the head, once it is there.
    :ivar keep: whether the connection can carry another answer after this one.
    """

    def __init__(self) -> None:
        self.begun = False
        self.head: Head | None = None
        self.keep = False
        self._received: list[bytes] = []
        self._size = 0
        self._chunks: _Chunks | None = None
        self._parser: HttpResponseParser | None = None

    @property
    def body(self) -> bytes:
        """What has come of the body; the head is there."""
        assert self.head is not None
        if self._chunks is not None:
            return b"".join(self._chunks.pieces)
        return b"".join(self._received)[: self.head.length]

    def take(self, data: bytes) -> bool:
        """
        Take in what has come, and return whether the answer is whole.

        :raises BadAnswer: when it never will be.
        """
        self.begun = True
        if self.head is None:
            data = self._take_head(data)
        head = self.head
        if head is None:
            return False
        if head.chunked:
            return self._take_chunks(head, data)
        self._received.append(data)
        self._size += len(data)
        if head.length is None:
            if self._size > MAX_ANSWER:
                raise BadAnswer(TOO_LONG)
            return False
        # Bytes left over belong to no request: what comes next would not either.
        self.keep = head.keep and self._size == head.length
        return self._size >= head.length

    def end(self) -> bool:
        """Return whether the answer is whole, now that its connection was closed."""
        head = self.head
        return head is not None and head.length is None and not head.chunked

    def _take_head(self, data: bytes) -> bytes:
        """Return what comes after the head, if that is there by now."""
        if self._received:
            data = b"".join((*self._received, data))
        while True:
            if not data.startswith(_VERSION[: len(data)]):
                raise BadAnswer("it is not HTTP/1")
            end = data.find(b"\r\n\r\n", 0, MAX_HEAD)
            if end < 0:
                if len(data) >= MAX_HEAD:
                    raise BadAnswer("its head is too long")
                self._received = [data]
                return b""
            head = parse_head(data[: end + 4])
            data = data[end + 4 :]
            if head.code >= 200:  # below: "100 Continue" and the like
                self.head = head
                self._received = []
                return data

    def _take_chunks(self, head: Head, data: bytes) -> bool:
        parser, chunks = self._parser, self._chunks
        if parser is None or chunks is None:
            chunks = self._chunks = _Chunks()
            parser = self._parser = HttpResponseParser(chunks)
            parser.feed_data(_CHUNKS_FOLLOW)
        view = memoryview(data)
        malformed: HttpParserError | None = None
        left_over = True
        try:
            # llhttp does not tell where the body ended. If that was before the last
            # byte that has come, bytes are left over.
            parser.feed_data(view[:-1])
            left_over = chunks.whole
            parser.feed_data(view[-1:])
        except HttpParserError as error:
            malformed = error
        if chunks.size > MAX_ANSWER:
            raise BadAnswer(TOO_LONG)
        if malformed is not None and not chunks.whole:
            raise BadAnswer(f"its chunks are malformed: {malformed}")
        self.keep = head.keep and not left_over
        return chunks.whole


class _Chunks:
    """
    Gets a chunked body from llhttp.

    Trailers are for ``on_header``: without one, they are dropped as they come.
    """

    def __init__(self) -> None:
        self.pieces: list[bytes] = []
        self.size = 0
        self.whole = False

    def on_body(self, data: bytes) -> None:
        self.pieces.append(data)
        self.size += len(data)

    def on_message_complete(self) -> None:
        self.whole = True


def parse_head(text: bytes) -> Head:
    """
    Return what a whole head says, its empty line included.

    :raises BadAnswer: when it is none, or leaves open where its body ends.
    """
    head = Head()
    parser = head.parser = HttpResponseParser(head)
    malformed: Exception | None = None
    try:
        parser.feed_data(text)
    except (HttpParserError, HttpParserUpgrade) as error:
        malformed = error
    if head.code == 101:
        raise BadAnswer("it switches protocols")
    if malformed is not None:
        # The same length twice, as some servers send it behind others, is clear.
        once = _lengths_once(text)
        if once != text:
            return parse_head(once)
        raise BadAnswer(f"its head is malformed: {malformed}")
    encodings: list[bytes] = []
    for name, value in head.fields:
        lowered = name.lower()
        if lowered == b"content-length":
            head.length = int(value)
        elif lowered == b"transfer-encoding":
            encodings.append(value.strip().lower())
        elif lowered == b"content-encoding":
            head.encoding = value.strip().lower()
    if encodings and encodings != [b"chunked"]:
        raise BadAnswer("its transfer encoding is not just chunked")
    if head.code in (204, 304):
        head.length = 0
    elif encodings:
        head.chunked = True
    elif head.length is not None and head.length > MAX_ANSWER:
        raise BadAnswer(TOO_LONG)
    return head


def _lengths_once(text: bytes) -> bytes:
    """Return the head without a ``Content-Length`` that says what one before it did."""
    lines: list[bytes] = []
    lengths: set[bytes] = set()
    for line in text.split(b"\r\n"):
        name, _, value = line.partition(b":")
        if name.lower() == b"content-length":
            if value.strip() in lengths:
                continue
            lengths.add(value.strip())
        lines.append(line)
    return b"\r\n".join(lines)
