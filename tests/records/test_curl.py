"""A request as a command: every word of it is one, whatever it holds."""

from __future__ import annotations

import shlex

import pytest
from hypothesis import given
from hypothesis import strategies as st

from immich_ml_proxy.records.curl import curl
from immich_ml_proxy.records.recorder import Recorder
from immich_ml_proxy.records.ring import Ring
from tests.demo_requests import entries_part, form, part
from tests.records.recording import FORM_HEADERS, put, put_photo

BASE = "http://proxy:3004"


def words(command: str) -> list[str]:
    """Return the words that a shell finds in the last command."""
    last = command.replace("\\\n", "").strip().splitlines()[-1]
    return shlex.split(last)


@given(text=st.text(max_size=50), name=st.text(min_size=1, max_size=20))
def test_no_value_can_be_anything_but_a_value(text: str, name: str) -> None:
    """No second command, no option, no file that is read or written."""
    value = text.encode("utf-8", "replace")
    whole = form(entries_part({}), part("text", value))
    header = [(name.encode("utf-8", "replace"), value)]
    row = put(
        Recorder(enabled=True),
        method="POST",
        url="/predict",
        headers=[*FORM_HEADERS, *header],
        chunks=[whole],
    )
    found = words(curl(row, "r1-1", BASE))
    assert found[:2] == ["curl", f"{BASE}/predict"]
    rest = found[2:]
    assert len(rest) % 2 == 0
    assert set(rest[::2]) <= {"-H", "--form-string", "-F"}
    assert "-F" not in rest or rest[-2:] == ["-F", "text=@file"]


@pytest.mark.parametrize("value", [b"@/etc/passwd", b"</etc/passwd", b"a;type=x"])
def test_a_field_is_its_text(value: bytes) -> None:
    """curl reads a file for what begins with @, unless told otherwise."""
    whole = form(part("text", value))
    row = put(
        Recorder(enabled=True),
        method="POST",
        url="/predict",
        headers=FORM_HEADERS,
        chunks=[whole],
    )
    assert words(curl(row, "r1-1", BASE))[2:] == [
        "--form-string",
        f"text={value.decode()}",
    ]


def test_the_picture_is_fetched_first() -> None:
    """As long as it is there."""
    recorder = Recorder(enabled=True)
    row = put_photo(recorder, b"\xff\xd8\xff")
    command = curl(row, "r1-1", BASE)
    assert command.startswith(
        f"curl -o picture {BASE}/api/debug/records/r1-1/picture\n"
    )
    assert words(command)[-2:] == ["-F", "image=@picture"]
    recorder.kept.work.hide()
    command = curl(row, "r1-1", BASE)
    assert command.startswith("# The picture is not kept any more")
    assert words(command)[-2:] == ["-F", "image=@picture"]


@pytest.mark.parametrize(
    ("method", "body", "due"),
    [
        ("GET", b"", ["curl", f"{BASE}/other"]),
        ("DELETE", b"", ["curl", "-X", "DELETE", f"{BASE}/other"]),
        ("POST", b"", ["curl", "-X", "POST", f"{BASE}/other"]),
        (
            "POST",
            b'{"a": 1}',
            [
                *("curl", f"{BASE}/other", "-H", "Content-Type: application/json"),
                *("--data-binary", '{"a": 1}'),
            ],
        ),
    ],
)
def test_other_requests(method: str, body: bytes, due: list[str]) -> None:
    """With their methods and their text."""
    headers = [(b"Content-Type", b"application/json")] if body else []
    chunks = [body] if body else []
    row = put(Recorder(enabled=True), method=method, headers=headers, chunks=chunks)
    assert words(curl(row, "r1-1", BASE)) == due


def test_what_is_gone_is_said_to_be() -> None:
    """There is a command all the same."""
    recorder = Recorder(enabled=True)
    row = put_photo(recorder, b"\xff\xd8\xff")
    ring: Ring = recorder.kept.work
    ring.empty()
    command = curl(row, "r1-1", BASE)
    assert command.startswith("# What was sent is not kept any more.\n")
    assert words(command) == ["curl", "-X", "POST", f"{BASE}/predict"]
