"""What Immich sends to an ML server: forms of searches and of pictures. Pure."""

from __future__ import annotations

import struct
from hashlib import shake_256
from typing import Literal

import msgspec

Kind = Literal["search", "clip", "faces", "ocr"]

BOUNDARY = "----formdata-undici-012345678901"
CONTENT_TYPE = f"multipart/form-data; boundary={BOUNDARY}"

_CLIP = {"modelName": "ViT-B-32__openai"}
_FACES = {"modelName": "buffalo_l"}
_TEXT = {"modelName": "PP-OCRv5_mobile"}
_ENTRIES: dict[Kind, object] = {
    "search": {"clip": {"textual": _CLIP | {"options": {"language": "en"}}}},
    "clip": {"clip": {"visual": _CLIP}},
    "faces": {
        "facial-recognition": {
            "detection": _FACES | {"options": {"minScore": 0.7}},
            "recognition": _FACES,
        }
    },
    "ocr": {
        "ocr": {
            "detection": _TEXT | {"options": {"minScore": 0.5, "maxResolution": 736}},
            "recognition": _TEXT | {"options": {"minScore": 0.8}},
        }
    },
}

_SEARCHES = (
    "a dog on a beach",
    "birthday cake with candles",
    "grandmother in the garden",
    "red car in front of a house",
    "mountains at sunset",
    "a receipt",
    "children playing in the snow",
)

#: Smallest and largest preview in bytes, as Immich's usually are.
_SMALLEST, _LARGEST = 100_000, 300_000


def picture(number: int) -> bytes:
    """
    Return a preview: what is read of a JPEG is right, the rest is no picture.

    :param number: the same one gives the same bytes.
    """
    seed = b"picture %d" % number
    drawn = int.from_bytes(shake_256(seed).digest(4), "big") / 2**32
    upright = number % 3 == 0
    width, height = (1080, 1440) if upright else (1440, 1080)
    # Three components, as colour pictures have; no bytes of a marker after the head.
    frame = struct.pack(">HHBHHB", 0xFFC0, 17, 8, height, width, 3)
    components = b"\x01\x22\x00\x02\x11\x01\x03\x11\x01"
    scan = b"\xff\xda\x00\x0c\x03\x01\x00\x02\x11\x03\x11\x00\x3f\x00"
    size = int(_SMALLEST + drawn * (_LARGEST - _SMALLEST))
    content = shake_256(seed).digest(size).replace(b"\xff", b"\xfe")
    return b"\xff\xd8" + frame + components + scan + content + b"\xff\xd9"


def form(kind: Kind, number: int) -> bytes:
    """Return the body of a request, as Node's fetch writes it; the number varies it."""
    head = _part("entries") + msgspec.json.encode(_ENTRIES[kind]) + b"\r\n"
    if kind == "search":
        last = _part("text") + _SEARCHES[number % len(_SEARCHES)].encode()
    else:
        more = '; filename="blob"\r\nContent-Type: application/octet-stream'
        last = _part("image", more) + picture(number)
    return head + last + f"\r\n--{BOUNDARY}--\r\n".encode()


def _part(name: str, more: str = "") -> bytes:
    disposition = f'Content-Disposition: form-data; name="{name}"{more}'
    return f"--{BOUNDARY}\r\n{disposition}\r\n\r\n".encode()
