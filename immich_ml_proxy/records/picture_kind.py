"""What kind of picture bytes are: by the bytes alone, whatever anybody says of them."""

from __future__ import annotations

#: Bytes that must be looked at.
LOOKED_AT = 12


def picture_kind(begin: bytes) -> str | None:
    """
    Return the media type of a picture that browsers show and that cannot be a page.

    :param begin: its first bytes.
    :return: ``None`` for anything else.
    """
    if begin.startswith(b"\xff\xd8\xff"):
        return "image/jpeg"
    if begin.startswith(b"\x89PNG\r\n\x1a\n"):
        return "image/png"
    if begin[:4] == b"RIFF" and begin[8:12] == b"WEBP":
        return "image/webp"
    return None
