"""An excerpt of a stretch of bytes: what a debug record keeps of it."""

from __future__ import annotations

import codecs
import hashlib
import re
from collections.abc import Iterable, Iterator

from immich_ml_proxy.records.masking import mask_text

SHOWN_BYTES = 64 * 1024
"""How much text is shown of a body, over all parts of a form together."""

LABEL_LENGTH = 256
"""Characters shown of a name, a filename or a content type."""

Utf8Decoder = codecs.getincrementaldecoder("utf-8")

_CONTROL_CHARACTER = re.compile(r"[\x00-\x08\x0b\x0e-\x1f\x7f]")


class Excerpt:
    """
    The size, the beginning and the SHA-256 of bytes that are fed chunk by chunk.

    :ivar size: bytes fed so far.
    """

    def __init__(self) -> None:
        self.size = 0
        self._head = bytearray()
        self._sha256 = hashlib.sha256()

    def feed(self, chunk: bytes) -> None:
        """Take in what comes next."""
        self.size += len(chunk)
        room = SHOWN_BYTES - len(self._head)
        if room > 0:
            self._head += chunk[:room]
        self._sha256.update(chunk)

    def sha256(self) -> str:
        """The SHA-256 of all that was fed, in hexadecimal."""
        return self._sha256.hexdigest()

    def text(self, media_type: str, cut: bool) -> str | None:
        """
        The first ``SHOWN_BYTES`` as text, or ``None`` if this is not text.

        Text is read as UTF-8, whatever charset it claims: all that Immich and its
        servers send is.

        :param media_type: in lower case; text if it says so and there is no NUL (a
            compressed answer keeps its type). Empty: text if the bytes look like it.
        :param cut: whether these are not all the bytes there were.
        """
        declared = media_type.startswith("text/") or media_type.endswith(
            ("/json", "+json")
        )
        if media_type and not declared:
            return None
        decoder = Utf8Decoder("replace" if declared else "strict")
        try:
            # Not final: half a character at the cut is left off, not a mistake.
            text = decoder.decode(
                self._head, final=not cut and self.size == len(self._head)
            )
        except UnicodeDecodeError:
            return None
        if "\0" in text if declared else _CONTROL_CHARACTER.search(text):
            return None
        return text


def in_blocks(chunks: Iterable[bytes], size: int = SHOWN_BYTES) -> Iterator[bytes]:
    """
    The same bytes with small chunks joined into blocks of ``size`` or more, and none
    empty: a client that sends byte by byte must not make its record dear.
    """
    gathered: list[bytes] = []
    length = 0
    for chunk in chunks:
        gathered.append(chunk)
        length += len(chunk)
        if length >= size:
            yield b"".join(gathered)
            gathered = []
            length = 0
    if length:
        yield b"".join(gathered)


def masked(text: str, length: int) -> str:
    """The first ``length`` characters of the text, secrets masked."""
    return mask_text(text[:length])[:length]


def label(text: str, length: int = LABEL_LENGTH) -> str:
    """The text, shortened with an ellipsis if it is longer than ``length``."""
    return text if len(text) <= length else text[: length - 1] + "…"
