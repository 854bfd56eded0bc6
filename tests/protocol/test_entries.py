"""Reading ``entries``: what is asked for, and how much of it there may be."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from immich_ml_proxy.errors import BadEntries
from immich_ml_proxy.protocol import routing
from tests.protocol.routes import configured, routed


@pytest.mark.parametrize(
    "written",
    [
        "9007199254740993",
        "-0",
        "1.0000000000000000001",
        "1.00",
        "1e400",
        '{ "a" : [1 ,2] }',
        '"\\u00e9\\/"',
        '{"a":1,"a":2}',
    ],
)
def test_values_stay_the_json_they_were(written: str) -> None:
    """Numbers that no float can hold, spaces and escapes arrive as they came."""
    value = b'{"a": ' + written.encode() + b"}"
    raw = b'{"clip":{"textual":' + value + b',"visual":{}}}'
    first, _ = routing.groups(routing.read(raw), configured(textual="a", visual="b"))
    assert first.entries == b'{"clip":{"textual":' + value + b"}}"


#: What msgspec says of it depends on where it stands.
TOO_DEEP = "^entries: (nested too deeply$|not JSON)"


@pytest.mark.parametrize(
    ("raw", "told"),
    [
        (b"", "not JSON"),
        (b"{", "not JSON"),
        (b"[]", "must be an object"),
        (b"null", "must be an object"),
        (b"3", "must be an object"),
        (b'"clip"', "must be an object"),
        (b'{"clip": 3}', r"entries\.clip: must be an object"),
        (b'{"clip": null}', r"entries\.clip: must be an object"),
        (b'{"ocr": {}, "clip": []}', r"entries\.clip: must be an object"),
        (b"true", "must be an object"),
        (b'{"clip": "x", "ocr": 3}', r"entries\.clip: must be an object"),
        (b'{"clip": {}} x', "not JSON"),
        (b"{'clip': {}}", "not JSON"),
        (b'{"clip": {"visual": }}', "not JSON"),
        (b'{"clip": {"visual": {}', "not JSON"),
        (b'{"clip": NaN}', "not JSON"),
        (b'\xef\xbb\xbf{"clip": {}}', "not JSON"),
        (b'{"\\ud800": {}}', "not JSON"),
        (b'{"\xff": {}}', "not UTF-8"),
        (b'{"clip": "\xff"}', "not UTF-8"),
        (b"[" * 100_000, TOO_DEEP),
        (b'{"clip": {"visual": ' + b"[" * 100_000, TOO_DEEP),
    ],
)
def test_bad_entries_are_told(raw: bytes, told: str) -> None:
    """The error says where it is wrong, and how."""
    with pytest.raises(BadEntries, match=told):
        routing.read(raw)


@pytest.mark.parametrize("raw", [b"[]", b"null", b"3"])
def test_what_is_no_object_is_shown_one(raw: bytes) -> None:
    """The error says how entries look."""
    with pytest.raises(BadEntries) as told:
        routing.read(raw)
    shown = 'entries: must be an object, such as {"clip": {"visual": {...}}}'
    assert str(told.value) == shown


@given(st.binary(max_size=100))
def test_any_bytes_are_entries_or_told(raw: bytes) -> None:
    """Nothing else ever comes of a hostile value."""
    try:
        tasks = routing.read(raw)
    except BadEntries:
        return
    assert routing.groups(tasks, configured())


def test_too_much_is_refused() -> None:
    """A request that would become thousands is nobody's."""
    many: dict[str, Any] = {str(n): {} for n in range(101)}
    with pytest.raises(BadEntries, match="more than 100 tasks"):
        routed(many)
    with pytest.raises(BadEntries, match=r"entries\.clip: more than 100 types"):
        routed({"clip": {str(n): {} for n in range(101)}})
    with pytest.raises(BadEntries, match="more than 100 requests"):
        routed({str(n): {f"{n}a": {}, f"{n}b": {}} for n in range(51)})


def test_as_much_as_is_allowed_is_routed() -> None:
    """A hundred of each."""
    assert len(routed({"clip": {str(n): {} for n in range(100)}})) == 100
    assert len(routed({str(n): {"a": {}} for n in range(100)})) == 1
    assert len(routed({str(n): {f"{n}a": {}, f"{n}b": {}} for n in range(50)})) == 100
