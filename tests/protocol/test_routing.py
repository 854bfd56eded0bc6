"""What is asked for, and where it goes."""

from __future__ import annotations

import json
from itertools import combinations
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from immich_ml_proxy.config import document as config_document
from immich_ml_proxy.config.model import normalized
from immich_ml_proxy.errors import Unavailable
from immich_ml_proxy.protocol import routing
from tests.protocol.routes import CLIP, FACES, configured, routed

KEYS = {"clip/visual": "exact", "visual": "type", "clip": "task"}


@pytest.mark.parametrize(
    "keys", [keys for n in range(4) for keys in combinations(KEYS, n)]
)
def test_the_most_exact_key_routes(keys: tuple[str, ...]) -> None:
    """task/type goes before type, type before task, task before the default."""
    entries = {"clip": {"visual": CLIP}}
    # The order in which routes are written means nothing.
    for written in (keys, keys[::-1]):
        expected = KEYS[keys[0]] if keys else "default"
        routes = {key: KEYS[key] for key in written}
        assert routed(entries, **routes) == [(expected, entries)]


@pytest.mark.parametrize(
    "key", ["clip/textual", "textual", "ocr", "visual/clip", "cli"]
)
def test_other_keys_do_not_route(key: str) -> None:
    """Only a whole name is one."""
    entries = {"clip": {"visual": CLIP}}
    assert routed(entries, **{key: "gpu"}) == [("default", entries)]


@pytest.mark.parametrize(
    "key",
    [
        "facial-recognition",
        "facial_recognition",
        "facial-recognition/detection",
        "facial_recognition/recognition",
    ],
)
@pytest.mark.parametrize("task", ["facial-recognition", "facial_recognition"])
def test_both_spellings_of_a_task_are_one_key(key: str, task: str) -> None:
    """And what is forwarded keeps the client's."""
    assert routed({task: FACES}, **{key: "gpu"}) == [("gpu", {task: FACES})]


def test_both_spellings_of_a_type_are_one_key() -> None:
    """In every key, and on both sides."""
    for written, asked in (("a_b", "a-b"), ("a-b", "a_b")):
        entries = {"t": {asked: CLIP}}
        assert routed(entries, **{written: "gpu"}) == [("gpu", entries)]
        assert routed(entries, **{f"t/{written}": "gpu"}) == [("gpu", entries)]


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


@pytest.mark.parametrize("first", ["detection", "recognition"])
def test_the_most_exact_key_of_any_type_routes_a_unit(first: str) -> None:
    """However the types are ordered: task/type of one goes before the other's type."""
    entries = {"ocr": {first: CLIP, **FACES}}
    for exact, other in (FACES, [*FACES][::-1]):
        routes = {f"ocr/{exact}": "one", other: "two", "ocr": "three"}
        assert routed(entries, **routes) == [("one", entries)]


def test_independent_types_go_separate_ways() -> None:
    """A search and a picture in one request may have servers of their own."""
    entries = {"clip": {"textual": CLIP, "visual": CLIP}}
    assert routed(entries, textual="nas", visual="gpu") == [
        ("nas", {"clip": {"textual": CLIP}}),
        ("gpu", {"clip": {"visual": CLIP}}),
    ]


def test_units_of_the_same_types_and_route_travel_together() -> None:
    """One request for faces and text in pictures, if one server does both."""
    swapped = dict(reversed(FACES.items()))
    entries = {"ocr": FACES, "clip": {"visual": CLIP}, "facial-recognition": swapped}
    assert routed(entries) == [
        ("default", {"ocr": FACES, "facial-recognition": swapped}),
        ("default", {"clip": {"visual": CLIP}}),
    ]
    assert len(routed(entries, ocr="gpu")) == 3


def test_a_part_of_a_dependent_task_is_a_unit_of_its_own() -> None:
    """Detection alone needs nobody, and with other types they go separate ways."""
    for entries in ({"ocr": {"detection": CLIP}}, {"ocr": {"recognition": CLIP}}):
        assert routed(entries) == [("default", entries)]
    entries = {"ocr": {"detection": CLIP, "new": CLIP}}
    assert routed(entries, new="gpu") == [
        ("default", {"ocr": {"detection": CLIP}}),
        ("gpu", {"ocr": {"new": CLIP}}),
    ]


def test_further_types_of_a_dependent_task_stay_with_it() -> None:
    """Nobody knows what they depend on."""
    entries = {"ocr": {**FACES, "layout": CLIP}}
    assert routed(entries, layout="gpu") == [("gpu", entries)]


@pytest.mark.parametrize(
    "entries", [{}, {"clip": {}}, {"clip": {}, "x": {}}, {"new-task": {"new": {}}}]
)
def test_what_is_unknown_goes_to_the_default(entries: Any) -> None:
    """What an ML server makes of it depends on its version: let it say."""
    assert routed(entries, ocr="gpu") == [("default", entries)]


def test_a_task_without_types_has_a_route() -> None:
    """That of the task; it travels with others of its kind."""
    assert routed({"clip": {}}, clip="gpu") == [("gpu", {"clip": {}})]
    assert routed({"a": {}, "clip": {"visual": CLIP}, "b": {}}) == [
        ("default", {"a": {}, "b": {}}),
        ("default", {"clip": {"visual": CLIP}}),
    ]


def test_without_a_backend_nothing_is_routed() -> None:
    """The error says what to do about it."""
    with pytest.raises(Unavailable) as told:
        routing.groups(routing.read(b"{}"), config_document.empty())
    words = "no machine is configured yet; open /config to add one"
    assert str(told.value) == words


def test_a_group_has_a_name() -> None:
    """Errors and records name what was asked for."""
    tasks = routing.read(json.dumps({"ocr": FACES, "clip": {}}).encode())
    labels = [group.label for group in routing.groups(tasks, configured())]
    assert labels == ["ocr/detection+recognition", "clip"]
    both = routing.read(json.dumps({"ocr": FACES, "faces": FACES}).encode())
    [group] = routing.groups(both, configured())
    assert group.label == "ocr/detection+recognition + faces/detection+recognition"


def test_a_group_is_routed_again_as_a_whole() -> None:
    """Under another configuration; it stays one request, the first unit decides."""
    tasks = routing.read(json.dumps({"ocr": FACES, "faces": FACES}).encode())
    [group] = routing.groups(tasks, configured())
    again = routing.rerouted(group, configured(faces="gpu", ocr="nas"))
    assert (again.route.key, again.tasks) == ("ocr", group.tasks)
    with pytest.raises(Unavailable):
        routing.rerouted(group, config_document.empty())


NAMES = st.sampled_from(["detection", "recognition", "a", "b", "a_b", "a-b"])
VALUES = st.sampled_from([{"modelName": "x"}, {}, {"options": {"minScore": 0.7}}])


@given(
    st.dictionaries(NAMES, st.dictionaries(NAMES, VALUES, max_size=4), max_size=4),
    st.dictionaries(
        st.sampled_from(["detection", "recognition", "a", "a-b", "b/a", "a/detection"]),
        st.sampled_from(["gpu", "nas"]),
    ),
)
def test_everything_is_asked_once_and_what_belongs_together_of_one(
    entries: dict[str, dict[str, Any]], routes: dict[str, str]
) -> None:
    """Whatever is asked for and however it is routed."""
    tasks = routing.read(json.dumps(entries).encode())
    groups = routing.groups(tasks, configured(**routes))
    asked: dict[str, dict[str, Any]] = {}
    for group in groups:
        for task, types in json.loads(group.entries).items():
            into = asked.setdefault(task, {})
            assert not into.keys() & types.keys()
            into |= types
            if {"detection", "recognition"} & types.keys() and len(types) > 1:
                assert types == entries[task]
            elif {"detection", "recognition"} & types.keys():
                assert not {"detection", "recognition"} <= entries[task].keys()
    assert asked == entries
    kinds = [
        (group.route.key, frozenset(next(iter(group.tasks.values()), {})))
        for group in groups
    ]
    assert len(set(kinds)) == len(kinds)
    for (key, types), group in zip(kinds, groups, strict=True):
        assert all(frozenset(asked_of) == types for asked_of in group.tasks.values())
        assert key == "default" or key in map(normalized, routes)
