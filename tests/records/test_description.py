"""How bodies are described: text, forms, binary, and everything that is broken."""

from __future__ import annotations

import string
from hashlib import sha256
from itertools import pairwise
from typing import Any

import msgspec
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from immich_ml_proxy.records.description import Description, Form, Text, describe
from immich_ml_proxy.records.excerpt import LABEL_LENGTH, SHOWN_BYTES, in_blocks
from immich_ml_proxy.records.form_parts import SHOWN_PARTS

BOUNDARY = "----formdata-undici-012345678901"
MULTIPART = f"multipart/form-data; boundary={BOUNDARY}"
URLENCODED = "application/x-www-form-urlencoded"
ENTRIES = b'{"clip":{"visual":{"modelName":"ViT-B-32__openai"}}}'
PICTURE = b"\xff\xd8\xff\xe0" + bytes(range(256)) * 40


def form(*parts: tuple[str, bytes], boundary: str = BOUNDARY) -> bytes:
    """A multipart body; a part is what follows ``form-data;`` and its content."""
    delimiter = f"--{boundary}".encode()
    lines = b"".join(
        delimiter
        + b"\r\nContent-Disposition: form-data; "
        + head.encode()
        + b"\r\n\r\n"
        + content
        + b"\r\n"
        for head, content in parts
    )
    return lines + delimiter + b"--\r\n"


IMMICH_FORM = form(
    ('name="entries"', ENTRIES),
    (
        'name="image"; filename="blob"\r\nContent-Type: application/octet-stream',
        PICTURE,
    ),
)


def shape(body: bytes, content_type: str | None = None, size: int | None = None) -> Any:
    """The description as a reader of the JSON finds it."""
    return msgspec.json.decode(
        msgspec.json.encode(describe([body], content_type, size))
    )


def described_form(
    body: bytes, content_type: str = MULTIPART, size: int | None = None
) -> Form:
    description = describe([body], content_type, size)
    assert isinstance(description, Form)
    return description


def described_text(body: bytes, content_type: str | None) -> Text:
    description = describe([body], content_type)
    assert isinstance(description, Text)
    return description


@pytest.mark.parametrize("chunks", [[], [b""], [b"", b""]])
@pytest.mark.parametrize("content_type", [None, "text/plain", MULTIPART, URLENCODED])
def test_an_empty_body_is_null(chunks: list[bytes], content_type: str | None) -> None:
    """Nothing is described as nothing, whatever its type."""
    assert describe(chunks, content_type) is None


@pytest.mark.parametrize(
    "content_type",
    ["text/plain", "Text/HTML; charset=utf-8", "application/json", "x/problem+json"],
)
def test_a_text_type_is_shown_as_text(content_type: str) -> None:
    """text/* and JSON are shown as they are."""
    assert shape("grün\n".encode(), content_type) == {
        "kind": "text",
        "text": "grün\n",
        "size": 6,
        "truncated": False,
    }


def test_without_a_type_readable_bytes_are_text() -> None:
    """UTF-8 without control characters needs no Content-Type to be shown."""
    assert described_text("pong ✓\r\n\t".encode(), None).text == "pong ✓\r\n\t"


@pytest.mark.parametrize(
    "body", [b"\xff\xd8", b"a\0b", b"\x1b[31m", "grün".encode("latin-1"), b"\xc3"]
)
def test_without_a_type_other_bytes_are_binary(body: bytes) -> None:
    """Control characters, broken and half UTF-8 are shown by their SHA-256."""
    assert shape(body) == {
        "kind": "binary",
        "size": len(body),
        "contentType": None,
        "sha256": sha256(body).hexdigest(),
    }


def test_another_type_is_binary_even_if_readable() -> None:
    """Type, size and SHA-256 are all that is told of a binary body."""
    assert shape(b"GIF89a", "image/gif; x=y") == {
        "kind": "binary",
        "size": 6,
        "contentType": "image/gif; x=y",
        "sha256": sha256(b"GIF89a").hexdigest(),
    }


def test_broken_characters_in_text_are_replaced() -> None:
    """A text type that is not UTF-8 is shown as far as it can be read."""
    assert described_text(b"a\xffb\xc3", "text/plain").text == "a\ufffdb\ufffd"


def test_a_compressed_answer_is_binary() -> None:
    """A text type with a NUL in it is compressed or in UTF-16: no text to read."""
    body = b"\x1f\x8b\x08\0\0\0\0\0\0\x03"
    assert shape(body, "application/json")["sha256"] == sha256(body).hexdigest()


@pytest.mark.parametrize("content_type", [None, "text/plain", "application/json"])
@pytest.mark.parametrize("shift", range(4))
def test_long_text_is_cut_between_characters(
    shift: int, content_type: str | None
) -> None:
    """64 KB are shown; a character that straddles the limit is left off whole."""
    body = b"x" * shift + "😀".encode() * (SHOWN_BYTES // 4) + b"tail"
    text = described_text(body, content_type)
    assert (text.size, text.truncated) == (len(body), True)
    # Shifted by 1 to 3 bytes, the last of the characters does not fit any more.
    assert text.text == "x" * shift + "😀" * (SHOWN_BYTES // 4 - bool(shift))


def test_text_of_just_the_limit_is_whole() -> None:
    """The limit itself is not over the limit."""
    text = described_text(b"x" * SHOWN_BYTES, "text/plain")
    assert (len(text.text), text.truncated) == (SHOWN_BYTES, False)
    text = described_text(b"x" * (SHOWN_BYTES + 1), "text/plain")
    assert (len(text.text), text.truncated) == (SHOWN_BYTES, True)


def test_text_is_masked() -> None:
    """A saved configuration does not show the passwords of its backends."""
    body = b'{"backends":[{"url":"http://me:hunter2@gpu"}],"token":"abc"}'
    assert described_text(body, "application/json").text == (
        '{"backends":[{"url":"http://***@gpu"}],"token":"***"}'
    )


def test_masking_does_not_stretch_text_beyond_the_limit() -> None:
    """A mask longer than what it hides does not make the record larger."""
    text = described_text(b"&token=" * 9362, "text/plain")
    assert len(text.text) == SHOWN_BYTES


def test_a_form_of_immich_is_shown_as_its_parts() -> None:
    """The text of entries can be read, the picture is known by its SHA-256."""
    assert shape(IMMICH_FORM, MULTIPART) == {
        "kind": "form",
        "size": len(IMMICH_FORM),
        "partsLeftOut": 0,
        "parts": [
            {
                "name": "entries",
                "filename": None,
                "contentType": None,
                "size": len(ENTRIES),
                "value": ENTRIES.decode(),
                "sha256": None,
                "truncated": False,
            },
            {
                "name": "image",
                "filename": "blob",
                "contentType": "application/octet-stream",
                "size": len(PICTURE),
                "value": None,
                "sha256": sha256(PICTURE).hexdigest(),
                "truncated": False,
            },
        ],
    }


def test_a_picture_without_a_type_is_binary() -> None:
    """A part without Content-Type is judged by its bytes, as a body is."""
    body = form(('name="image"; filename="image"', PICTURE))
    (part,) = described_form(body).parts
    assert (part.value, part.sha256) == (None, sha256(PICTURE).hexdigest())


def test_a_text_file_is_shown() -> None:
    """A filename alone does not make a part binary."""
    body = form(('name="f"; filename="a.txt"\r\nContent-Type: text/plain', b"hello"))
    (part,) = described_form(body).parts
    assert (part.value, part.content_type) == ("hello", "text/plain")


def test_names_are_read_as_utf8_and_never_break_the_form() -> None:
    """Umlauts are shown; a name in another encoding is shown as far as it goes."""
    good = form(('name="ü"; filename="größe.jpg"', b"x"))
    (part,) = described_form(good).parts
    assert (part.name, part.filename) == ("ü", "größe.jpg")
    bad = good.replace("ö".encode(), b"\xf6")
    assert described_form(bad).parts[0].filename == "gr\ufffdße.jpg"


def test_an_empty_form_has_no_parts() -> None:
    """A form that ends where it begins is a form."""
    assert described_form(form()).parts == ()


@pytest.mark.parametrize(
    "content_type", [MULTIPART, f'Multipart/Form-Data; boundary="{BOUNDARY}"']
)
def test_the_boundary_may_be_quoted(content_type: str) -> None:
    """The type is compared without case and the boundary unquoted."""
    assert len(described_form(IMMICH_FORM, content_type).parts) == 2


def test_a_secret_part_shows_neither_value_nor_sha256() -> None:
    """A short secret could be guessed from its SHA-256; text or not, it is masked."""
    body = form(('name="apiKey"', b"abc"), ('name="token"; filename="t"', b"\0abc"))
    for part in described_form(body).parts:
        assert (part.value, part.sha256) == ("***", None)


def test_secrets_within_the_text_of_a_part_are_masked() -> None:
    """JSON in a part is masked like JSON in a body."""
    (part,) = described_form(form(('name="entries"', b'{"token":"abc"}'))).parts
    assert part.value == '{"token":"***"}'


def test_the_parts_of_a_form_share_the_limit() -> None:
    """However many parts a form has, 64 KB of text are shown in all."""
    long = "é".encode() * 30000
    body = form(
        ('name="a"', long),
        ('name="b"', long),
        ('name="c"', long),
        ('name="d"', PICTURE),
    )
    a, b, c, d = described_form(body).parts
    assert (a.value, a.truncated) == ("é" * 30000, False)
    assert (b.value, b.truncated) == ("é" * 30000, False)
    assert (c.value, c.truncated) == ("é" * (SHOWN_BYTES - 60000), True)
    assert (d.value, d.sha256) == (None, sha256(PICTURE).hexdigest())


def test_a_masked_value_at_the_limit_leaves_room_for_nothing() -> None:
    """A mask wider than the room left does not upset what comes after it."""
    filling = b"x" * (SHOWN_BYTES - 1)
    fields = [("a", filling), ("token", b"t"), ("b", b"abc"), ("c", b"")]
    multipart = form(*((f'name="{name}"', value) for name, value in fields))
    urlencoded = b"&".join(name.encode() + b"=" + value for name, value in fields)
    for body, content_type in ((multipart, MULTIPART), (urlencoded, URLENCODED)):
        _, token, b, c = described_form(body, content_type).parts
        assert token.value == "***"
        assert (b.value, b.truncated) == ("", True)
        assert (c.value, c.truncated) == ("", False)


def test_a_long_part_is_cut() -> None:
    """A part alone is limited too, and says so."""
    (part,) = described_form(form(('name="text"', b"x" * 100_000))).parts
    assert part.value == "x" * SHOWN_BYTES
    assert (part.size, part.truncated) == (100_000, True)


def test_long_names_are_cut() -> None:
    """Names cannot make a description large either."""
    head = f'name="{"n" * 1000}"; filename="{"f" * 1000}"\r\nContent-Type: {"t" * 1000}'
    (part,) = described_form(form((head, b"x"))).parts
    assert part.name == "n" * (LABEL_LENGTH - 1) + "…"
    assert part.filename == "f" * (LABEL_LENGTH - 1) + "…"
    assert part.content_type == "t" * (LABEL_LENGTH - 1) + "…"


@pytest.mark.parametrize("extra", [0, 1, 250])
def test_parts_beyond_the_hundredth_are_counted(extra: int) -> None:
    """A form of very many parts is described in short, with the number left out."""
    body = form(*[('name="a"', b"")] * (SHOWN_PARTS + extra))
    described = described_form(body)
    assert (len(described.parts), described.parts_left_out) == (SHOWN_PARTS, extra)


@pytest.mark.parametrize("extra", range(90))
def test_parts_are_counted_across_the_edges_of_chunks(extra: int) -> None:
    """A delimiter that arrives in two chunks counts once."""
    body = form(*[('name="a"', b"")] * 2000)
    step = SHOWN_BYTES + extra
    chunks = [body[at : at + step] for at in range(0, len(body), step)]
    described = describe(chunks, MULTIPART)
    assert isinstance(described, Form)
    assert described.parts_left_out == 2000 - SHOWN_PARTS


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        (IMMICH_FORM[:-6], MULTIPART),
        (IMMICH_FORM, "multipart/form-data"),
        (IMMICH_FORM, "multipart/form-data; boundary=other"),
        (IMMICH_FORM.replace(b"form-data; name", b"attachment; name"), MULTIPART),
        (b"no form at all", MULTIPART),
        (form(('name="a"\r\n' + "x" * 5000, b"")), MULTIPART),
    ],
)
def test_a_broken_form_is_binary_with_a_note(body: bytes, content_type: str) -> None:
    """What cannot be read as the form it claims to be says so and why."""
    described = shape(body, content_type)
    assert described.pop("note").startswith("a form that cannot be read: ")
    assert described == {
        "kind": "binary",
        "size": len(body),
        "contentType": content_type,
        "sha256": sha256(body).hexdigest(),
    }


def test_a_form_of_which_only_the_beginning_was_kept_shows_that() -> None:
    """What arrived of an interrupted upload is described, and the rest owned up to."""
    kept = IMMICH_FORM[:-5000]
    described = shape(kept, MULTIPART, len(IMMICH_FORM))
    assert described["note"] == f"only the first {len(kept)} bytes were kept"
    assert described["size"] == len(IMMICH_FORM)
    entries, image = described["parts"]
    assert (entries["value"], entries["truncated"]) == (ENTRIES.decode(), False)
    assert (image["sha256"], image["truncated"]) == (None, True)


def test_parts_left_out_of_a_form_not_kept_whole_are_counted_as_far_as_it_goes() -> (
    None
):
    """A form without its end has no closing delimiter to leave out of the count."""
    body = form(*[('name="a"', b"")] * (SHOWN_PARTS + 50))
    described = described_form(
        body[: body.rindex(b"--" + BOUNDARY.encode())], size=10**6
    )
    assert described.parts_left_out == 50


def test_a_text_part_that_breaks_off_within_a_character_is_text() -> None:
    """Half a character where the kept bytes end does not make a part binary."""
    body = form(('name="text"', "grün".encode()))
    kept = body[: body.index(b"\xbc")]
    (part,) = described_form(kept, size=len(body)).parts
    assert (part.value, part.sha256, part.truncated) == ("gr", None, True)


def test_text_of_which_only_the_beginning_was_kept_is_truncated() -> None:
    """Half a character at the end of what was kept is not a mistake in the text."""
    kept = "grü".encode()[:-1]
    for content_type in (None, "text/plain"):
        assert shape(kept, content_type, 100) == {
            "kind": "text",
            "text": "gr",
            "size": 100,
            "truncated": True,
        }


def test_binary_of_which_only_the_beginning_was_kept_has_no_sha256() -> None:
    """The SHA-256 of half a picture would match nothing."""
    assert shape(PICTURE, "image/jpeg", 10**6) == {
        "kind": "binary",
        "size": 10**6,
        "contentType": "image/jpeg",
        "sha256": None,
        "note": f"only the first {len(PICTURE)} bytes were kept",
    }


@pytest.mark.parametrize("content_type", [None, "text/plain", MULTIPART, URLENCODED])
def test_a_body_of_which_nothing_was_kept_is_told_by_its_size(
    content_type: str | None,
) -> None:
    """No text, no form: there was a body, and no more is known."""
    assert shape(b"", content_type, 5) == {
        "kind": "binary",
        "size": 5,
        "contentType": content_type,
        "sha256": None,
        "note": "only the first 0 bytes were kept",
    }


def test_a_size_smaller_than_what_was_kept_is_ignored() -> None:
    """The bytes themselves are the better witness."""
    assert described_form(IMMICH_FORM, size=3).size == len(IMMICH_FORM)


def test_an_urlencoded_form_is_shown_as_its_fields() -> None:
    """Names and values are decoded; the size is the one that was sent."""
    body = b"entries=%7B%22a%22%3A+1%7D&text=gr%C3%BCn&token=abc&bare&bad=%FF%zz"
    described = described_form(body, URLENCODED)
    assert [(part.name, part.value, part.size) for part in described.parts] == [
        ("entries", '{"a": 1}', 18),
        ("text", "grün", 9),
        ("token", "***", 3),
        ("bare", "", 0),
        ("bad", "\ufffd%zz", 6),
    ]
    assert described.size == len(body)
    assert described.parts_left_out == 0


@pytest.mark.parametrize("letter", [b"x", b"%78", b"%7", b"+"])
def test_a_long_urlencoded_value_is_cut(letter: bytes) -> None:
    """The limit is 64 KB of what is meant, however it is written."""
    body = b"a=" + letter * SHOWN_BYTES
    (part,) = described_form(body, URLENCODED).parts
    assert part.value is not None
    assert len(part.value) == SHOWN_BYTES
    assert part.truncated == (letter == b"%7")
    (part,) = described_form(body + letter, URLENCODED).parts
    assert part.truncated


def test_urlencoded_fields_share_the_limit_and_beyond_the_hundredth_are_counted() -> (
    None
):
    """An urlencoded form is bounded like a multipart one."""
    body = b"&".join([b"a=" + b"x" * 60_000] * 2 + [b"token=1"] * 200)
    described = described_form(body, URLENCODED)
    shown = [len(part.value or "") for part in described.parts]
    assert shown[:2] == [60_000, SHOWN_BYTES - 60_000]
    assert len(described.parts) == SHOWN_PARTS
    assert described.parts_left_out == 202 - SHOWN_PARTS


def test_the_last_field_of_an_urlencoded_form_not_kept_whole_is_truncated() -> None:
    """Where the kept bytes end, the value may have gone on."""
    described = described_form(b"a=1&b=2", URLENCODED, 100)
    assert [part.truncated for part in described.parts] == [False, True]
    assert described.note == "only the first 7 bytes were kept"
    many = described_form(b"&".join([b"a=1"] * (SHOWN_PARTS + 1)), URLENCODED, 10**6)
    assert not any(part.truncated for part in many.parts)


def test_a_long_urlencoded_value_is_cut_between_characters() -> None:
    """A character that straddles the limit is left off whole."""
    (part,) = described_form(b"a=x" + b"%C3%A9" * SHOWN_BYTES, URLENCODED).parts
    assert part.value == "x" + "é" * (SHOWN_BYTES // 2 - 1)


@given(st.lists(st.binary(max_size=30)), st.integers(1, 40))
def test_blocks_are_the_same_bytes_and_not_small(
    chunks: list[bytes], size: int
) -> None:
    """Joining loses and adds nothing, and only the last block may be small."""
    blocks = list(in_blocks(chunks, size))
    assert b"".join(blocks) == b"".join(chunks)
    assert all(len(block) >= size for block in blocks[:-1])
    assert all(blocks)


# Pieces of which a nearly right form is made, and pure noise.
pieces = st.lists(
    st.sampled_from(
        [
            b"--" + BOUNDARY.encode(),
            b"\r\n--" + BOUNDARY.encode(),
            b"--",
            b"\r\n",
            b"\n",
            b"\r\n\r\n",
            b'Content-Disposition: form-data; name="a"',
            b'Content-Disposition: form-data; name="token"; filename="\xff"',
            b"Content-Disposition: form-data; name*=utf-8''%ff; filename=\"\\\"",
            b"Content-Type: text/plain; charset=\xc3",
            b"Content-Length: 3",
            b" folded\xff",
            b"%ff%&=+&token=",
            b'"password":"',
            b"//u:p@h",
        ]
    )
    | st.binary(max_size=20),
    max_size=30,
).map(b"".join)
content_types = st.one_of(
    st.none(),
    st.sampled_from([MULTIPART, URLENCODED, "text/plain", "application/json", "a/b"]),
    st.binary(max_size=60).map(lambda raw: raw.decode("latin-1")),
    st.binary(max_size=60).map(
        lambda raw: "multipart/form-data; boundary=" + raw.decode("latin-1")
    ),
)


@given(pieces, content_types, st.none() | st.integers(0, 2000))
@example(b"--\r\n\r\n", 'multipart/form-data; boundary="', None)
@example(IMMICH_FORM, MULTIPART + "; boundary=\xff", 10**6)
def test_no_body_is_too_broken_to_be_described(
    body: bytes, content_type: str | None, size: int | None
) -> None:
    """Whatever was sent, the description is JSON, of the right size and bounded."""
    description = describe([body], content_type, size)
    encoded = msgspec.json.encode(description)
    assert msgspec.json.decode(encoded, type=Description | None) == description
    total = max(len(body), size or 0)
    assert (description.size if description else 0) == total


names = st.text(string.digits + " äß€😀", max_size=8)  # none of them a secret's


@given(
    st.lists(st.tuples(names, st.binary(max_size=200)), max_size=10),
    st.lists(st.integers(0, 2000), max_size=8),
)
def test_a_right_form_is_described_part_by_part_however_it_arrives(
    fields: list[tuple[str, bytes]], cuts: list[int]
) -> None:
    """Order, names, sizes and SHA-256 are those of what was sent, in any chunks."""
    body = form(
        *((f'name="{name}"\r\nContent-Type: x/y', data) for name, data in fields)
    )
    edges = [0, *sorted(cuts), len(body)]
    chunks = [body[start:end] for start, end in pairwise(edges)]
    description = describe(chunks, MULTIPART)
    assert isinstance(description, Form)
    assert [(part.name, part.size, part.sha256) for part in description.parts] == [
        (name, len(data), sha256(data).hexdigest()) for name, data in fields
    ]
