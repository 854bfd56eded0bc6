"""What is wrong with a value, told so that whoever wrote it can mend it."""

from __future__ import annotations

import json
from typing import Annotated, Any, Literal

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from immich_ml_proxy.config.faults import Misfit, converted, decoded


class Inner(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A part."""

    mac: str
    port: Annotated[int, msgspec.Meta(ge=1, le=65535)] = 9


class Whole(
    msgspec.Struct,
    frozen=True,
    kw_only=True,
    forbid_unknown_fields=True,
    rename="camel",
):
    """All types that the configuration and the bodies of the API are made of."""

    name: Annotated[str, msgspec.Meta(min_length=1, max_length=9)]
    some_text: str = ""
    weight: Annotated[float, msgspec.Meta(gt=0, le=1000)] = 1.0
    seconds: Annotated[float, msgspec.Meta(ge=0.1, le=86400)] = 1.0
    count: int = 1
    positive: Annotated[int, msgspec.Meta(ge=1)] = 1
    flag: bool = False
    state: Literal["on", "off"] = "on"
    places: Annotated[int, msgspec.Meta(ge=1, le=99)] | Literal["auto"] = "auto"
    inner: Inner | None = None
    names: list[str] = []
    limits: dict[str, int] = {}
    headers: dict[str, str] = {}
    api_key: str = ""
    anything: Any = None


def fault(**fields: Any) -> tuple[str, str]:
    """Return what is told of a value with these fields."""
    with pytest.raises(Misfit) as refused:
        converted({"name": "a", **fields}, Whole)
    return refused.value.path, refused.value.reason


@pytest.mark.parametrize(
    ("field", "value", "told"),
    [
        ("weight", "x", 'must be a number over 0 and at most 1000, not "x"'),
        ("weight", 0, "must be a number over 0 and at most 1000, not 0"),
        ("seconds", 0, "must be a number from 0.1 to 86400, not 0"),
        ("seconds", True, "must be a number from 0.1 to 86400, not true"),
        ("seconds", 10**400, "must be a number from 0.1 to 86400, not 1000"),
        ("count", 1.5, "must be a whole number, not 1.5"),
        ("positive", 0, "must be a whole number of at least 1, not 0"),
        ("positive", [], "must be a whole number of at least 1, not a list"),
        ("flag", "yes", 'must be true or false, not "yes"'),
        ("state", "of", 'must be "off" or "on", not "of"'),
        ("state", {}, 'must be "off" or "on", not an object'),
        ("places", 0, 'must be a whole number from 1 to 99 or "auto", not 0'),
        ("names", "a", 'must be a list ([...]), not "a"'),
        ("limits", None, "must be an object ({...}), not null"),
        ("name", "", 'must be a text of 1 to 9 characters, not ""'),
        ("someText", 7, "must be a text, not 7"),
        ("headers", "Bearer abc", "must be an object ({...})"),
        ("apiKey", 1234, "must be a text"),
        ("inner", 1, "must be an object ({...}) or null, not 1"),
        ("some_text", "a", "there is no such field"),
    ],
)
def test_a_fault_says_what_would_be_right(field: str, value: object, told: str) -> None:
    """And what there is, unless that may be a secret."""
    path, reason = fault(**{field: value})
    assert path == f".{field}"
    assert reason.startswith(told)
    assert "Bearer" not in reason
    assert "1234" not in reason
    assert len(reason) < 120


@pytest.mark.parametrize(
    ("fields", "path", "told"),
    [
        ({"names": ["a", 1]}, ".names[1]", "must be a text, not 1"),
        ({"limits": {"a b": "x"}}, '.limits["a b"]', "must be a whole number"),
        ({"inner": {"mac": "x", "port": 0}}, ".inner.port", "from 1 to 65535"),
        ({"inner": {"port": 1}}, ".inner.mac", "missing"),
        ({"inner": {"mac": "x", "prot": 1}}, ".inner.prot", "there is no such field"),
    ],
)
def test_a_fault_is_told_where_it_is(
    fields: dict[str, Any], path: str, told: str
) -> None:
    """However deep that is."""
    where, reason = fault(**fields)
    assert where == path
    assert told in reason


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-3, 10**6)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.sampled_from(["", "a", "auto", "on", "off", "far too long"]),
    lambda inner: (
        st.lists(inner, max_size=2)
        | st.dictionaries(st.sampled_from(["mac", "port", "x"]), inner, max_size=2)
    ),
    max_leaves=4,
)


@given(
    st.fixed_dictionaries(
        {},
        optional=dict.fromkeys([*Whole.__struct_encode_fields__, "x"], JSON),
    )
)
def test_a_value_that_is_refused_has_a_fault(value: dict[str, Any]) -> None:
    """Else all that could be told is that it is not what is expected."""
    try:
        converted(value, Whole)
    except Misfit as misfit:
        assert misfit.path
        assert "expected" not in misfit.reason
        assert "`" not in misfit.reason


@pytest.mark.parametrize(
    ("raw", "told"),
    [
        (b"", "is not JSON: it is empty"),
        (b"{", "is not JSON: it ends too early"),
        (b'{"a": 1,\n  "b": x}', "is not JSON: look at line 2, character 8"),
        (b"{} {}", "is not JSON: look at line 1, character 5"),
        (b'{"a": 1e400}', "is not JSON: it has a value that no JSON may have"),
        (b"\xff", "is not JSON: look at line 1, character 1"),
        (b'{"a": "\xff"}', "is not UTF-8: save it with that encoding"),
        (b"[" * 100_000, "is not JSON that can be read: it is nested too deep"),
    ],
)
def test_what_is_no_json_is_told_with_its_place(raw: bytes, told: str) -> None:
    """As an editor counts: from 1."""
    with pytest.raises(ValueError, match="is not") as refused:
        decoded(raw)
    assert str(refused.value) == told


@given(st.binary(max_size=50) | st.text(max_size=20).map(str.encode))
def test_any_bytes_are_a_value_or_told_of(raw: bytes) -> None:
    """Never in the words of a library."""
    try:
        decoded(raw)
    except ValueError as refused:
        assert str(refused).startswith("is not ")
        assert "malformed" not in str(refused)
    else:
        json.loads(raw)
