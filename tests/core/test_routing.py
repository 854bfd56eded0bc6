"""What is asked for, and where it goes."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from immich_ml_proxy.core import config, config_document, routing
from immich_ml_proxy.core.errors import BadEntries, Unavailable

CLIP = {"modelName": "ViT-B-32__openai"}
FACES = {
    "detection": {"modelName": "buffalo_l"},
    "recognition": {"modelName": "buffalo_l"},
}


def configured(**routes: Any) -> config.Config:
    """Return a configuration with these routes over backends of their own names."""
    names = ["default", *sorted(set(routes.values()))]
    backends = [{"name": name, "url": f"http://{name}"} for name in names]
    document = {
        "defaultBackend": "default",
        "backends": backends,
        "taskRouting": routes,
    }
    return config_document.parse(json.dumps(document).encode())


def routed(entries: Any, **routes: Any) -> list[tuple[str, Any]]:
    """Return each group's backend and what it is asked for."""
    tasks = routing.read(json.dumps(entries).encode())
    return [
        (group.route.backends[0], json.loads(group.entries))
        for group in routing.groups(tasks, configured(**routes))
    ]


def test_the_most_exact_key_routes() -> None:
    """task/type goes before type, type before task, task before the default."""
    entries = {"clip": {"visual": CLIP}}
    routes = {"clip/visual": "exact", "visual": "type", "clip": "task"}
    for key, name in routes.items():
        assert routed(entries, **routes) == [(name, entries)]
        routes = {other: n for other, n in routes.items() if other != key}
    assert routed(entries) == [("default", entries)]


@pytest.mark.parametrize("key", ["facial-recognition", "facial_recognition"])
@pytest.mark.parametrize("task", ["facial-recognition", "facial_recognition"])
def test_both_spellings_of_a_task_are_one_key(key: str, task: str) -> None:
    """And what is forwarded keeps the client's."""
    assert routed({task: FACES}, **{key: "gpu"}) == [("gpu", {task: FACES})]


@pytest.mark.parametrize("key", ["facial-recognition/recognition", "recognition"])
def test_detection_and_recognition_are_never_parted(key: str) -> None:
    """The one needs the other's output: routed by either, they travel together."""
    entries = {"facial-recognition": FACES}
    assert routed(entries, **{key: "gpu"}) == [("gpu", entries)]


def test_types_of_a_unit_are_tried_in_order() -> None:
    """The first type that has a route decides."""
    entries = {"ocr": {"recognition": CLIP, "detection": CLIP}}
    routes = {"detection": "one", "recognition": "two"}
    assert routed(entries, **routes) == [("two", entries)]


def test_independent_types_go_separate_ways() -> None:
    """A search and a picture in one request may have servers of their own."""
    entries = {"clip": {"textual": CLIP, "visual": CLIP}}
    assert routed(entries, textual="nas", visual="gpu") == [
        ("nas", {"clip": {"textual": CLIP}}),
        ("gpu", {"clip": {"visual": CLIP}}),
    ]


def test_units_of_the_same_types_and_route_travel_together() -> None:
    """One request for faces and text in pictures, if one server does both."""
    entries = {"ocr": FACES, "facial-recognition": FACES, "clip": {"visual": CLIP}}
    assert routed(entries) == [
        ("default", {"ocr": FACES, "facial-recognition": FACES}),
        ("default", {"clip": {"visual": CLIP}}),
    ]


@pytest.mark.parametrize("entries", [{}, {"clip": {}}, {"new-task": {"new": {}}}])
def test_what_is_unknown_goes_to_the_default(entries: Any) -> None:
    """What an ML server makes of it depends on its version: let it say."""
    assert routed(entries, ocr="gpu") == [("default", entries)]


@pytest.mark.parametrize(
    "number", ["9007199254740993", "1.00000000000000000001", "1e400"]
)
def test_values_stay_the_json_they_were(number: str) -> None:
    """Numbers that no float can hold arrive as they were written."""
    raw = b'{"clip":{"textual":{"a": %s},"visual":{}}}' % number.encode()
    first, _ = routing.groups(routing.read(raw), configured(textual="a", visual="b"))
    assert number.encode() in first.entries


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
        (b'{"\xff": {}}', "not UTF-8"),
        (b'{"clip": {"visual": ' + b"[" * 100_000, "nested too deeply|not JSON"),
    ],
)
def test_bad_entries_are_told(raw: bytes, told: str) -> None:
    """The error says where it is wrong, and how."""
    with pytest.raises(BadEntries, match=told):
        routing.read(raw)


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
    with pytest.raises(BadEntries, match="more than 100 types"):
        routed({"clip": {str(n): {} for n in range(101)}})


def test_without_a_backend_nothing_is_routed() -> None:
    """The error says what to do about it."""
    with pytest.raises(Unavailable, match="/config"):
        routing.groups(routing.read(b"{}"), config_document.empty())


def test_a_group_has_a_name() -> None:
    """Errors and records name what was asked for."""
    tasks = routing.read(json.dumps({"ocr": FACES, "clip": {}}).encode())
    labels = [group.label for group in routing.groups(tasks, configured())]
    assert labels == ["ocr/detection+recognition", "clip"]
