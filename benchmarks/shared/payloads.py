"""Payloads: the multipart bodies that Immich sends, written to files for wrk.

An image is random bytes: no proxy looks into it, and none may compress it.
"""

from __future__ import annotations

import random
from pathlib import Path

from attrs import frozen

BOUNDARY = "----formdata-undici-012345678901"
CONTENT_TYPE = f"multipart/form-data; boundary={BOUNDARY}"

TEXT_SEARCH = (
    '{"clip":{"textual":{"modelName":"ViT-B-32__openai","options":{"language":"en"}}}}'
)
IMAGE_SEARCH = '{"clip":{"visual":{"modelName":"ViT-B-32__openai"}}}'
FACES = (
    '{"facial-recognition":{"detection":{"modelName":"buffalo_l",'
    '"options":{"minScore":0.7}},"recognition":{"modelName":"buffalo_l"}}}'
)


@frozen
class Payload:
    """A kind of request: the ``bodies`` take turns over the load's threads."""

    name: str
    bodies: tuple[bytes, ...]


def form(entries: str, name: str, value: bytes, filename: str = "") -> bytes:
    """Return the form with ``entries`` first, as Node's fetch (undici) writes it."""
    disposition = f'form-data; name="{name}"'
    if filename:
        disposition += (
            f'; filename="{filename}"\r\nContent-Type: application/octet-stream'
        )
    head = (
        f"--{BOUNDARY}\r\n"
        f'Content-Disposition: form-data; name="entries"\r\n\r\n{entries}\r\n'
        f"--{BOUNDARY}\r\nContent-Disposition: {disposition}\r\n\r\n"
    )
    return head.encode() + value + f"\r\n--{BOUNDARY}--\r\n".encode()


def image_payload(name: str, size: int) -> Payload:
    """Return a search and a faces request for one image of ``size`` bytes."""
    image = random.Random(size).randbytes(size)
    bodies = (
        form(entries, "image", image, "blob") for entries in (IMAGE_SEARCH, FACES)
    )
    return Payload(name, tuple(bodies))


def all_payloads() -> dict[str, Payload]:
    """Return text, 300 KB and 4 MB by name, in this order."""
    text = Payload("text", (form(TEXT_SEARCH, "text", b"a dog on a beach"),))
    payloads = (
        text,
        image_payload("300KB", 300 * 1024),
        image_payload("4MB", 4 * 1024 * 1024),
    )
    return {payload.name: payload for payload in payloads}


def write_bodies(payload: Payload, directory: Path) -> tuple[Path, ...]:
    """Write each body to a file in ``directory``; return the paths, in order."""
    paths = []
    for number, body in enumerate(payload.bodies):
        path = directory / f"{payload.name}-{number}.body"
        path.write_bytes(body)
        paths.append(path)
    return tuple(paths)
