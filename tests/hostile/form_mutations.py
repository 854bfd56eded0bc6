"""Forms that are nearly right: a few bytes of a good one are changed."""

from __future__ import annotations

from random import Random

from tests.protocol.forms import BOUNDARY, MULTIPART, URLENCODED, closed, field, image

ENTRIES = b'{"clip":{"textual":{"modelName":"ViT-B-32__openai"}}}'
OTHER = b'{"ocr":{}}'
DELIMITER = b"--" + BOUNDARY

#: Good forms: content type and body.
GOOD = (
    (MULTIPART, closed(field(b"entries", ENTRIES), field(b"text", b"a dog"))),
    (
        MULTIPART,
        closed(field(b"entries", ENTRIES), image(b"\xff\xd8 \r\n--- \xff\xd9")),
    ),
    (MULTIPART, closed(image(b"\xff\xd8"), field(b"entries", ENTRIES))),
    (
        MULTIPART,
        closed(
            field(b"a", b"entries"), field(b"entries", ENTRIES), field(b"text", b"")
        ),
    ),
    (
        b'multipart/form-data; boundary="a b=c"',
        closed(
            field(b"entries", ENTRIES, b"a b=c"),
            field(b"text", b"\r\n--a b=", b"a b=c"),
            boundary=b"a b=c",
        ),
    ),
    (
        b"multipart/form-data; boundary=--",
        closed(
            field(b"entries", ENTRIES, b"--"),
            field(b"text", b"x", b"--"),
            boundary=b"--",
        ),
    ),
    (URLENCODED, b"text=a+dog&entries=%7B%22clip%22%3A%7B%22textual%22%3A%7B%7D%7D%7D"),
    (URLENCODED + b"; charset=utf-8", b"entries=%7B%7D&text=%C3%A4&a=b"),
)

_PIECES = (
    b"\r\n",
    b"\r\n\r\n",
    b"\r",
    b"\n",
    b"\n\n",
    b" ",
    b"\t",
    b"\x00",
    b"\x0b",
    b'"',
    b"'",
    b"\\",
    b'\\"',
    b";",
    b"; ",
    b"=",
    b",",
    b":",
    b"*",
    b"-",
    b"--",
    b"\xff",
    b"\xc3\xa4",
    b"%22",
    b"&",
    b"+",
    b"entries",
    b"&entries=" + OTHER,
    b"&entries",
    b"entries;",
    b'; name="entries"',
    b"; name=entries",
    b"; name*=utf-8''entries",
    b'; name*0="ent"; name*1="ries"',
    b'; filename="x"',
    b"; filename*=utf-8''x",
    b'; Name="entries"',
    b'name="entries"; ',
    b"; boundary=x",
    b"; boundary*=utf-8''x",
    b"; charset=utf-16",
    b"; charset=latin-1",
    b"\r\nContent-Disposition: form-data; name=entries",
    b"\r\ncontent-disposition: attachment",
    b"\r\nContent-Disposition : form-data; name=entries",
    b'\r\n Content-Disposition: form-data; name="entries"',
    b"\r\n folded",
    b"\r\nContent-Transfer-Encoding: base64",
    b"\r\nContent-Type: text/plain; charset=utf-16",
    b"\r\nX: y",
    DELIMITER,
    b"\r\n" + DELIMITER,
    b"\n" + DELIMITER,
    b"\r\n" + DELIMITER + b"\r\n",
    b"\r\n" + DELIMITER + b" \r\n",
    b"\r\n" + DELIMITER + b"--\r\n",
    b"\r\n" + DELIMITER + b"x",
    DELIMITER + b"\r\n",
    BOUNDARY[:-1],
    field(b"entries", OTHER),
    b"\r\n" + field(b"entries", OTHER),
)


def _mutated(chance: Random, text: bytes) -> bytes:
    at = chance.randrange(len(text) + 1)
    if chance.random() < 0.3:
        # Where parts begin and heads are is where it matters.
        places = [
            place
            for mark in (b"\r\n", b'"', b";", b"entries", b"--", b"&", b"=")
            if (place := text.find(mark, at)) >= 0
        ]
        at = chance.choice(places) if places else at
    end = min(len(text), at + chance.choice((0, 1, 1, 2, 4, 9)))
    kind = chance.random()
    if kind < 0.5:
        return text[:at] + chance.choice(_PIECES) + text[at:]
    if kind < 0.7:
        return text[:at] + chance.choice(_PIECES) + text[end:]
    if kind < 0.85:
        return text[:at] + text[end:]
    if kind < 0.95:
        return text[:at] + text[at:end] + text[at:]
    return text[:at]


def form(seed: int) -> tuple[bytes, bytes]:
    """Return content type and body of a form with one to three changes."""
    chance = Random(seed)
    kind, body = chance.choice(GOOD)
    for _ in range(chance.choice((1, 1, 2, 3))):
        if chance.random() < 0.2:
            kind = _mutated(chance, kind)
        else:
            body = _mutated(chance, body)
    return kind, body
