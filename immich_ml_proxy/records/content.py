"""What is kept of what went over the wire: as it came, and not more than its bounds."""

from __future__ import annotations

from collections.abc import Sequence

import attrs

from immich_ml_proxy.records.row import Content, Sent, packed
from immich_ml_proxy.records.seen import RequestSeen, ResponseSeen

MAX_BODY = 2 * 1024 * 1024
"""Bytes that are kept of a body, the picture in it left out; and of a refusal."""
MAX_REFUSAL = 64 * 1024

MAX_URL = 4096
"""Characters kept of a URL."""

Splice = tuple[int, int, bytes]
"""Where ``entries`` stands in a body, and what was sent in its place."""


@attrs.frozen
class FormSeen:
    """
    What is known of the form of a predict.

    :ivar entries: their value, and from where to where it stands in the body.
    :ivar picture: from where to where the picture stands, if there is one.
    """

    entries: bytes
    span: tuple[int, int]
    picture: tuple[int, int] | None


def content_of(
    request: RequestSeen, response: ResponseSeen | None, form: FormSeen | None
) -> Content:
    """Return what is kept of a request that came, and of its answer."""
    chunks, size = request.chunks, size_of(request)
    picture = form.picture if form is not None else None
    rest = size - (picture[1] - picture[0] if picture is not None else 0)
    if rest > MAX_BODY:
        chunks, picture = [beginning(chunks, MAX_BODY)], None
    content = Content(
        url=request.url[:MAX_URL],
        head=packed(request.headers),
        chunks=tuple(chunks),
        picture=picture,
        has_picture=picture is not None,
        size=size,
    )
    if response is not None:
        content.answer_head = packed(response.headers)
        content.answer = beginning(response.chunks, MAX_BODY)
        content.answer_size = size_of(response)
    return content


def sent_of(
    request: RequestSeen,
    response: ResponseSeen | None,
    splice: Splice | None,
    is_own: bool,
) -> Sent:
    """
    Return what is kept of a request that went out, and of its answer.

    :param is_own: its body is its own, and not that of the request it is for.
    """
    sent = Sent(
        request.method, request.url[:MAX_URL], packed(request.headers), splice, is_own
    )
    if is_own:
        sent.body = beginning(request.chunks, MAX_BODY)
        sent.size = size_of(request)
    if response is not None:
        bound = MAX_BODY if response.status_code < 300 else MAX_REFUSAL
        sent.answer_head = packed(response.headers)
        sent.answer = beginning(response.chunks, bound)
        sent.answer_size = size_of(response)
    return sent


def bytes_of(content: Content | None, sent: Sequence[Sent]) -> tuple[int, int]:
    """
    Return what all of it takes but for the picture, and what the picture takes.

    An answer that is passed on as it came is one object, and counts once.
    """
    total = sum(one.bytes for one in sent)
    if content is None:
        return total, 0
    picture = 0
    if content.has_picture and content.picture is not None:
        picture = content.picture[1] - content.picture[0]
    total += sum(map(len, content.chunks)) - picture + 100 * len(content.chunks)
    total += 300 + len(content.url) + len(content.head) + len(content.answer_head)
    if not any(one.answer is content.answer for one in sent):
        total += len(content.answer)
    return total, picture


def beginning(chunks: Sequence[bytes], most: int) -> bytes:
    """Return the first bytes of a body: the same object, where that is one chunk."""
    if len(chunks) == 1:
        return bytes(chunks[0]) if len(chunks[0]) <= most else chunks[0][:most]
    kept: list[bytes] = []
    for chunk in chunks:
        kept.append(chunk[:most])
        most -= len(chunk)
        if most <= 0:
            break
    return b"".join(kept)


def size_of(seen: RequestSeen | ResponseSeen) -> int:
    """Return how many bytes a body has."""
    return max(sum(map(len, seen.chunks)), seen.size or 0)


def without_stretch(chunks: Sequence[bytes], begin: int, end: int) -> list[bytes]:
    """Return what stands before a stretch of a body, and what stands behind it."""
    before: list[bytes] = []
    after: list[bytes] = []
    offset = 0
    for chunk in chunks:
        if offset < begin:
            before.append(chunk[: begin - offset])
        if offset + len(chunk) > end:
            after.append(chunk[max(0, end - offset) :])
        offset += len(chunk)
    return [b"".join(before), b"".join(after)]


def stretch(chunks: Sequence[bytes], begin: int, end: int) -> list[bytes]:
    """Return a stretch of a body, in pieces."""
    pieces: list[bytes] = []
    offset = 0
    for chunk in chunks:
        if offset < end and offset + len(chunk) > begin:
            pieces.append(chunk[max(0, begin - offset) : end - offset])
        offset += len(chunk)
    return pieces


def frame(content: Content) -> list[bytes]:
    """Return the body without its picture, in one piece or, with a picture, two."""
    if content.picture is None:
        return list(content.chunks)
    if not content.has_picture:
        return list(content.chunks)
    return without_stretch(content.chunks, *content.picture)


def picture(content: Content) -> list[bytes] | None:
    """Return the picture, in pieces; ``None`` where it was let go or there is none."""
    if not content.has_picture or content.picture is None:
        return None
    return stretch(content.chunks, *content.picture)


def let_go_of_picture(content: Content) -> None:
    """Keep the form around it only."""
    content.chunks = tuple(frame(content))
    content.has_picture = False


def as_sent(content: Content, splice: Splice | None) -> list[bytes]:
    """Return the form around the picture with other ``entries``; see :func:`frame`."""
    pieces = frame(content)
    if splice is None:
        return pieces
    begin, end, replacement = splice
    if content.picture is None:
        pieces = [b"".join(pieces)]
    elif begin >= content.picture[1]:
        shift = content.picture[1] - len(pieces[0])
        first, second = pieces
        second_begin = begin - shift - len(first)
        second_end = end - shift - len(first)
        return [first, second[:second_begin] + replacement + second[second_end:]]
    return [pieces[0][:begin] + replacement + pieces[0][end:], *pieces[1:]]
