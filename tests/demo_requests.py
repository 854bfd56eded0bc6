"""Requests for a simulated server, forms of any shape, and a look at the replies."""

from __future__ import annotations

import json
from typing import Any

from immich_ml_proxy.demo.protocol import Reply, reply_to_predict
from tests.pictures import jpeg

CLIP = {"modelName": "ViT-B-32__openai"}
FACE = {"modelName": "buffalo_l"}
LINE = {"modelName": "PP-OCRv5_mobile"}
VISUAL = {"clip": {"visual": CLIP}}
TEXTUAL = {"clip": {"textual": CLIP | {"options": {"language": "en"}}}}
FACES = {"facial-recognition": {"detection": FACE, "recognition": FACE}}
OCR = {"ocr": {"detection": LINE, "recognition": LINE}}

BOUNDARY = "----formdata-undici-012345678901"
MULTIPART = f"multipart/form-data; boundary={BOUNDARY}"
URLENCODED = "application/x-www-form-urlencoded"
PHOTO = jpeg(seed=1, width=64, height=48)


def part(name: str, value: bytes, more: str = "") -> bytes:
    """Return one part of a form; ``more`` follows the name in its head."""
    head = f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"{more}'
    return head.encode() + b"\r\n\r\n" + value + b"\r\n"


def image_part(image: bytes) -> bytes:
    """Return the part that Node's ``FormData`` makes of a ``Blob``."""
    more = '; filename="blob"\r\nContent-Type: application/octet-stream'
    return part("image", image, more)


def form(*parts: bytes) -> bytes:
    """Return the parts as the body of a form."""
    return b"".join(parts) + f"--{BOUNDARY}--\r\n".encode()


def entries_part(entries: object) -> bytes:
    """Return the part ``entries``."""
    return part("entries", json.dumps(entries).encode())


def predict(
    entries: object, image: bytes | None = None, text: str | None = None
) -> Reply:
    """Return the reply to a form as Immich sends it."""
    parts = [entries_part(entries)]
    if image is not None:
        parts.append(image_part(image))
    if text is not None:
        parts.append(part("text", text.encode()))
    return reply_to_predict(MULTIPART, form(*parts))


def answer(reply: Reply) -> Any:
    """Return the JSON of a reply that must be a 200."""
    assert reply.status == 200
    assert reply.content_type == "application/json"
    return json.loads(reply.body)


def refusal(reply: Reply) -> tuple[int, Any]:
    """Return status and JSON of a reply."""
    assert reply.content_type == "application/json"
    assert reply.tasks == ()
    return reply.status, json.loads(reply.body)


def crashed(reply: Reply) -> bool:
    """Tell whether the reply is the service's bare 500."""
    assert reply.tasks == ()
    kind = "text/plain; charset=utf-8"
    body = b"Internal Server Error"
    return (reply.status, reply.content_type, reply.body) == (500, kind, body)
