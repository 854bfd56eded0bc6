"""A request as a command that sends it again."""

from __future__ import annotations

from shlex import quote

from immich_ml_proxy.records.content import frame
from immich_ml_proxy.records.description import Form, Text, describe
from immich_ml_proxy.records.masking import mask_url
from immich_ml_proxy.records.record import content_type, recorded_headers
from immich_ml_proxy.records.row import Row, unpacked
from immich_ml_proxy.records.text import shown

#: Headers that curl makes itself, or that are only true of the request as it was.
_LEFT_OUT = {
    "host",
    "content-length",
    "content-type",
    "connection",
    "transfer-encoding",
    "expect",
    "accept-encoding",
    "via",
    "…",
}


def curl(row: Row, name: str, base: str) -> str:
    """
    Return the command, for a shell; secrets are masked in it.

    :param name: of the row, in links.
    :param base: the address of the proxy, as whoever asks has it.
    """
    content = row.content
    url = row.path if content is None else mask_url(content.url)
    if not url.startswith("/"):
        url = "/"
    words = ["curl", _quoted(base + url)]
    notes: list[str] = []
    if content is None:
        notes.append("# What was sent is not kept any more.")
    else:
        head = unpacked(content.head)
        for header, values in recorded_headers(head).items():
            if header.lower() not in _LEFT_OUT:
                words += [f"-H {_quoted(f'{header}: {value}')}" for value in values]
        body = describe(frame(content), content_type(head), content.size)
        if isinstance(body, Form):
            words += _fields(body, row)
            if content.picture is not None:
                notes = _picture(row, name, base)
        elif isinstance(body, Text):
            words.append(f"-H {_quoted(f'Content-Type: {content_type(head)}')}")
            words.append(f"--data-binary {_quoted(body.text)}")
        elif body is not None:
            notes.append("# Its body is neither text nor a form, and is left out.")
    if row.method not in ("GET", "POST") or (row.method == "POST" and len(words) == 2):
        words.insert(1, f"-X {_quoted(row.method)}")
    return "\n".join([*notes, " \\\n  ".join(words)]) + "\n"


def _fields(body: Form, row: Row) -> list[str]:
    words = []
    for part in body.parts:
        name = _quoted(part.name.replace("=", ""))
        if part.value is None or (part.name == "image" and part.filename is not None):
            file = "picture" if part.name == "image" else "file"
            words.append(f"-F {name}=@{file}")
        else:
            # Not -F: for that an @ at the beginning, and a ; anywhere, mean something.
            words.append(f"--form-string {name}={_quoted(part.value)}")
    return words


def _picture(row: Row, name: str, base: str) -> list[str]:
    if not row.picture_bytes:
        return ["# The picture is not kept any more: put another one in its place."]
    url = _quoted(f"{base}/api/debug/records/{name}/picture")
    return [f"curl -o picture {url}"]


def _quoted(text: str) -> str:
    """Return it as one word of a shell; what ends a line in a terminal is left out."""
    return quote("".join(one for one in shown(text, 70_000) if one.isprintable()))
