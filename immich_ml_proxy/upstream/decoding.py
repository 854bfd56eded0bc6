"""
Bodies that came compressed, though that is not asked for.

On the way between two machines of one household compressing a vector costs more time
than it saves. A server, or a gateway before it, that does it all the same is read, but
not beyond the size that an answer may have: some bytes can stand for a thousand times
as many.
"""

from __future__ import annotations

import zlib

from immich_ml_proxy.upstream.answer_reader import MAX_ANSWER, TOO_LONG, BadAnswer

#: Has zlib read the header of either format.
_ANY_FORMAT = zlib.MAX_WBITS + 32


def decoded(body: bytes, encoding: bytes, most: int = MAX_ANSWER) -> bytes:
    """
    Return the body as it was before it was compressed.

    :param encoding: the value of ``Content-Encoding``, in lower case.
    :param most: bytes that it may have.
    :raises BadAnswer: when it has more, or is none.
    """
    if encoding == b"identity":
        return body
    if encoding not in (b"gzip", b"x-gzip", b"deflate"):
        name = encoding[:40].decode("latin-1")
        raise BadAnswer(f"it is compressed as {name}, which was not asked for")
    inflating = zlib.decompressobj(_ANY_FORMAT)
    try:
        whole = inflating.decompress(body, most + 1)
    except zlib.error as error:
        raise BadAnswer(f"it is not compressed as it says: {error}") from None
    if len(whole) > most:
        raise BadAnswer(TOO_LONG)
    if not inflating.eof:
        raise BadAnswer("its compressed body breaks off")
    return whole
