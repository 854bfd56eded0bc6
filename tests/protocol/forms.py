"""Forms as clients send them, and the scanning of them, for the tests of forms."""

from __future__ import annotations

from collections.abc import Iterable

from immich_ml_proxy.errors import ProxyError
from immich_ml_proxy.protocol import form
from immich_ml_proxy.protocol.form import Entries

BOUNDARY = b"----formdata-undici-012345678901"
MULTIPART = b"multipart/form-data; boundary=" + BOUNDARY
URLENCODED = b"application/x-www-form-urlencoded"
VALUE = b'{"clip":{"visual":{"modelName":"ViT-B-32__openai"}}}'


def part(head: bytes, value: bytes, boundary: bytes = BOUNDARY) -> bytes:
    """Return one part of a form, with the delimiter before it."""
    return b"--" + boundary + b"\r\n" + head + b"\r\n\r\n" + value + b"\r\n"


def field(name: bytes, value: bytes, boundary: bytes = BOUNDARY) -> bytes:
    """Return a plain field."""
    head = b'Content-Disposition: form-data; name="' + name + b'"'
    return part(head, value, boundary)


def image(value: bytes, boundary: bytes = BOUNDARY) -> bytes:
    """Return the image part that Immich sends."""
    head = b'Content-Disposition: form-data; name="image"; filename="blob"\r\n'
    head += b"Content-Type: application/octet-stream"
    return part(head, value, boundary)


def closed(*parts: bytes, boundary: bytes = BOUNDARY) -> bytes:
    """Return a whole form."""
    return b"".join(parts) + b"--" + boundary + b"--\r\n"


#: What Immich sends.
IMMICH = closed(field(b"entries", VALUE), image(b"\xff\xd8picture"))


def scan(
    body: bytes, content_type: bytes | None = MULTIPART, sizes: Iterable[int] = ()
) -> Entries:
    """Feed a body in chunks of these sizes, the rest in one; return the entries."""
    scanner = form.scanner(content_type)
    position = 0
    for size in sizes:
        scanner.feed(body[position : position + size])
        position += size
    scanner.feed(body[position:])
    return scanner.finish()


def outcome(
    body: bytes, content_type: bytes | None = MULTIPART, sizes: Iterable[int] = ()
) -> Entries | tuple[type[ProxyError], str]:
    """Return the entries, or the error and its words."""
    try:
        return scan(body, content_type, sizes)
    except ProxyError as error:
        return type(error), str(error)
