"""Two changes of one configuration put together: nothing of either is lost."""

from __future__ import annotations

import json
from copy import deepcopy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from immich_ml_proxy.config import document as config_document
from immich_ml_proxy.config.merge import ABSENT, merge, path_of, same
from immich_ml_proxy.config.renames import renames

NAS = {"name": "nas", "url": "http://nas:3003"}
GPU = {"name": "gpu", "url": "http://gpu:3003", "weight": 2}
MAC = {"name": "mac", "url": "http://mac:3003"}
BASE: dict[str, Any] = {
    "defaultBackend": "nas",
    "backends": [NAS, GPU],
    "taskRouting": {"clip": ["gpu", "nas"], "ocr": "nas"},
    "pingTimeout": 2,
}


def base(**fields: Any) -> dict[str, Any]:
    """Return the configuration before, with other fields."""
    return deepcopy({**BASE, **fields})


def of(machine: str, **fields: Any) -> dict[str, Any]:
    """Return it with other fields of one machine."""
    made = base()
    for backend in made["backends"]:
        if backend["name"] == machine:
            backend.update(fields)
    return made


def routed(**routes: Any) -> dict[str, Any]:
    """Return it with other routes."""
    return base(taskRouting={**BASE["taskRouting"], **routes})


def paths(mine: dict[str, Any], theirs: dict[str, Any]) -> list[str]:
    """Return where two changes conflict."""
    return [one.path for one in merge(base(), mine, theirs).conflicts]


@pytest.mark.parametrize(
    ("mine", "theirs", "expected"),
    [
        (base(pingTimeout=3), base(maxPings=9), base(pingTimeout=3, maxPings=9)),
        (base(pingTimeout=3), base(pingTimeout=3.0), base(pingTimeout=3)),
        (
            of("gpu", weight=3),
            of("gpu", maxConcurrent=4),
            of("gpu", weight=3, maxConcurrent=4),
        ),
        (of("gpu", weight=3), of("nas", weight=4), None),
        (
            of("gpu", limits={"ocr": 1}),
            of("gpu", limits={"clip": 2}),
            of("gpu", limits={"ocr": 1, "clip": 2}),
        ),
        (base(backends=[NAS, GPU, MAC]), of("nas", weight=5), None),
        (routed(ocr="gpu"), routed(clip="gpu"), routed(ocr="gpu", clip="gpu")),
        (
            routed(ocr=["nas", "gpu"]),
            routed(ocr={"backends": ["nas"], "fallback": True}),
            routed(ocr={"backends": ["nas", "gpu"], "fallback": True}),
        ),
        (
            base(defaultBackend=["nas", "gpu"]),
            base(defaultBackend={"backends": ["nas"], "holdSeconds": 9}),
            base(defaultBackend={"backends": ["nas", "gpu"], "holdSeconds": 9}),
        ),
        (
            base(backends=[GPU, NAS]),
            base(backends=[NAS, GPU, MAC]),
            base(backends=[GPU, MAC, NAS]),
        ),
    ],
)
def test_what_is_not_the_same_survives_from_both(
    mine: dict[str, Any], theirs: dict[str, Any], expected: dict[str, Any] | None
) -> None:
    """And what comes of it is a configuration."""
    merged = merge(base(), mine, theirs)
    assert merged.conflicts == ()
    if expected is not None:
        assert merged.document == expected
    assert config_document.parse(json.dumps(merged.document).encode())


@pytest.mark.parametrize(
    ("mine", "theirs", "where"),
    [
        (base(pingTimeout=3), base(pingTimeout=4), ["pingTimeout"]),
        (of("gpu", weight=3), of("gpu", weight=4), ["backends.gpu.weight"]),
        (
            of("gpu", weight=3, caFile="/a"),
            of("gpu", weight=4, caFile="/b"),
            ["backends.gpu.weight", "backends.gpu.caFile"],
        ),
        (routed(ocr="gpu"), routed(ocr=["nas", "gpu"]), ["taskRouting.ocr.backends"]),
        (
            routed(**{"clip/visual": "gpu"}),
            routed(**{"clip/visual": "nas"}),
            ['taskRouting["clip/visual"].backends'],
        ),
        (base(backends=[NAS]), of("gpu", weight=4), ["backends.gpu"]),
        (of("gpu", weight=4), base(backends=[NAS]), ["backends.gpu"]),
        (
            base(backends=[NAS, GPU, MAC]),
            base(backends=[NAS, GPU, {**MAC, "url": "http://other"}]),
            ["backends.mac.url"],
        ),
        (
            base(taskRouting={"clip": ["gpu", "nas"]}),
            routed(ocr="gpu"),
            ["taskRouting.ocr"],
        ),
    ],
)
def test_two_values_for_one_field_are_a_conflict(
    mine: dict[str, Any], theirs: dict[str, Any], where: list[str]
) -> None:
    """Both ways around; neither is chosen."""
    assert paths(mine, theirs) == paths(theirs, mine) == where


def test_a_conflict_tells_both_values() -> None:
    """And the one before."""
    [one] = merge(base(), of("gpu", weight=3), of("gpu", weight=4)).conflicts
    assert (one.base, one.mine, one.theirs) == (2, 3, 4)
    [one] = merge(base(), base(maxPings=3), base(maxPings=4)).conflicts
    assert one.base is ABSENT


def test_two_orders_are_a_conflict() -> None:
    """Unless both are the same."""
    before = base(backends=[NAS, GPU, MAC])
    one, two = base(backends=[MAC, NAS, GPU]), base(backends=[GPU, NAS, MAC])
    [conflict] = merge(before, one, two).conflicts
    assert (conflict.path, conflict.mine) == ("backends", ["mac", "nas", "gpu"])
    assert merge(before, one, {**one, "maxPings": 3}).conflicts == ()


@pytest.mark.parametrize(
    ("before", "mine", "theirs", "expected"),
    [
        (None, None, "drain", "drain"),
        (None, "disabled", None, "disabled"),
        (None, "disabled", "drain", "disabled"),
        ("drain", "drain", "enabled", "enabled"),
        ("drain", "enabled", "disabled", "enabled"),
        (None, "enabled", "drain", "drain"),
        ("enabled", None, "drain", "drain"),
    ],
)
def test_a_state_never_conflicts(
    before: str | None, mine: str | None, theirs: str | None, expected: str
) -> None:
    """Who saves last decides it, if he has changed it."""

    def with_state(state: str | None, **fields: Any) -> dict[str, Any]:
        return (
            of("gpu", **fields) if state is None else of("gpu", state=state, **fields)
        )

    merged = merge(with_state(before), with_state(mine, weight=9), with_state(theirs))
    assert merged.conflicts == ()
    assert merged.document["backends"][1]["state"] == expected
    assert merged.document["backends"][1]["weight"] == 9


def test_null_is_as_good_as_nothing() -> None:
    """A page may write what it has no value for."""
    mine = of("gpu", wakeOnLan=None, weight=3)
    wake = {"mac": "00:11:22:aa:bb:cc"}
    merged = merge(base(), mine, of("gpu", wakeOnLan=wake))
    assert merged.conflicts == ()
    assert merged.document["backends"][1] == {**GPU, "weight": 3, "wakeOnLan": wake}


def test_a_machine_that_was_only_drained_is_taken_out_all_the_same() -> None:
    """Its state would be all that is left of it."""
    gone = base(backends=[NAS], taskRouting={"ocr": "nas"})
    merged = merge(base(), gone, of("gpu", state="drain"))
    assert (merged.document, merged.conflicts) == (gone, ())


def test_a_machine_is_the_same_by_another_name() -> None:
    """Its URL tells; what the other has changed of it, and where it works, stays."""
    mine = {
        "defaultBackend": "nas",
        "backends": [NAS, {**GPU, "name": "gaming-pc"}],
        "taskRouting": {"clip": ["gaming-pc", "nas"], "ocr": "nas"},
        "pingTimeout": 2,
    }
    theirs = routed(ocr="gpu", faces={"backends": ["gpu"]})
    theirs["backends"][1] = {**GPU, "state": "drain", "weight": 7}
    expected = {
        "defaultBackend": "nas",
        "backends": [NAS, {**GPU, "name": "gaming-pc", "state": "drain", "weight": 7}],
        "taskRouting": {
            "clip": ["gaming-pc", "nas"],
            "ocr": "gaming-pc",
            "faces": {"backends": ["gaming-pc"]},
        },
        "pingTimeout": 2,
    }
    for one, other in ((mine, theirs), (theirs, mine)):
        merged = merge(base(), one, other)
        assert (merged.document, merged.conflicts) == (expected, ())


def test_two_new_names_are_a_conflict() -> None:
    """One machine has one name."""
    first, second = of("nas", name="a"), of("nas", name="b")
    for one in (first, second):
        name = one["backends"][0]["name"]
        one["defaultBackend"] = one["taskRouting"]["ocr"] = name
        one["taskRouting"]["clip"] = ["gpu", name]
    [found] = merge(base(), first, second).conflicts
    told = found.path, found.base, found.mine, found.theirs
    assert told == ("backends.nas.name", "nas", "a", "b")


def test_two_spellings_of_a_key_are_one() -> None:
    """Two routes for the same work would be refused."""
    before = base(taskRouting={"facial_recognition": "nas"})
    mine = base(
        taskRouting={"facial-recognition": {"backends": ["nas"], "spill": True}}
    )
    theirs = base(taskRouting={"facial_recognition": "gpu"})
    [route] = merge(before, mine, theirs).document["taskRouting"].items()
    assert route == ("facial-recognition", {"backends": ["gpu"], "spill": True})


@pytest.mark.parametrize(
    ("steps", "path"),
    [
        (("pingTimeout",), "pingTimeout"),
        (("backends", "my nas", "url"), 'backends["my nas"].url'),
        (("taskRouting", "a/b"), 'taskRouting["a/b"]'),
    ],
)
def test_a_path_names_the_machine(steps: tuple[str, ...], path: str) -> None:
    """And not its number, which is another one for each."""
    assert path_of(steps) == path


@pytest.mark.parametrize(
    ("one", "other", "are_same"),
    [(1, 1.0, True), (1, True, False), (0, False, False), ([1], [1, 2], False)],
)
def test_numbers_are_the_same_as_in_json(
    one: object, other: object, are_same: bool
) -> None:
    """A page writes 1 for 1.0."""
    assert same(one, other) is are_same


# --- Whatever is changed ---

NAMES = ["a", "b", "c", "d"]


@st.composite
def documents(draw: st.DrawFn) -> dict[str, Any]:
    """Return a configuration of up to four machines."""
    names = draw(st.lists(st.sampled_from(NAMES), min_size=1, unique=True))
    some = st.lists(st.sampled_from(names), min_size=1, unique=True)
    route = (
        st.sampled_from(names)
        | some
        | st.fixed_dictionaries(
            {"backends": some},
            optional={"fallback": st.booleans(), "maxWaiting": st.integers(0, 3)},
        )
    )
    backend = st.fixed_dictionaries(
        {"url": st.sampled_from(["http://x", "http://y", "http://z", "http://w"])},
        optional={
            "weight": st.integers(1, 3),
            "state": st.sampled_from(["enabled", "drain"]),
            "limits": st.dictionaries(st.sampled_from(["clip", "ocr"]), st.just(1)),
            "headers": st.dictionaries(st.sampled_from(["A", "B"]), st.just("s")),
        },
    )
    return {
        "defaultBackend": draw(route),
        "backends": [{"name": name, **draw(backend)} for name in names],
        "taskRouting": draw(
            st.dictionaries(st.sampled_from(["clip", "ocr", "clip/visual"]), route)
        ),
        **draw(
            st.fixed_dictionaries(
                {}, optional={"pingTimeout": st.integers(1, 3), "maxPings": st.just(7)}
            )
        ),
    }


def by_name(document: dict[str, Any]) -> dict[str, Any]:
    """Return a document without the order of machines."""
    return {**document, "backends": {one["name"]: one for one in document["backends"]}}


@given(documents(), documents())
def test_what_only_one_has_changed_is_as_he_has_it(
    before: dict[str, Any], after: dict[str, Any]
) -> None:
    """Whoever it is, and if both have changed the same."""
    for mine, theirs in ((after, before), (before, after), (after, after)):
        merged = merge(before, mine, theirs)
        assert (merged.document, merged.conflicts) == (after, ())


def where(document: dict[str, Any]) -> dict[str, Any]:
    """Return the values of a document by their paths, but for states."""
    found = {"order": ABSENT}
    for name, value in document.items():
        if name == "backends":
            found |= {
                f"{one['name']}.{field}": inner
                for one in value
                for field, inner in one.items()
                if field != "state"
            }
        elif name == "taskRouting":
            found |= {f"route {key}": inner for key, inner in value.items()}
        else:
            found[name] = value
    return found


@given(documents(), documents(), documents())
def test_no_change_is_lost(
    before: dict[str, Any], mine: dict[str, Any], theirs: dict[str, Any]
) -> None:
    """Without a conflict, each value is of one who has changed it, or as before."""
    originals = deepcopy((before, mine, theirs))
    merged = merge(before, mine, theirs)
    assert (before, mine, theirs) == originals
    if merged.conflicts or renames(before, mine) or renames(before, theirs):
        return
    values = [where(one) for one in (before, mine, theirs, merged.document)]
    for path in set().union(*values):
        old, ours, others, now = (one.get(path, ABSENT) for one in values)
        if path.startswith("route ") or path == "defaultBackend":
            continue  # their fields are merged in turn
        if isinstance(ours, dict) and isinstance(others, dict):
            continue
        assert same(now, others if same(ours, old) else ours), path


@given(documents(), documents(), documents())
def test_it_does_not_matter_who_was_first(
    before: dict[str, Any], mine: dict[str, Any], theirs: dict[str, Any]
) -> None:
    """But for states, and for where a new machine stands in the list."""
    one, other = merge(before, mine, theirs), merge(before, theirs, mine)
    assert bool(one.conflicts) == bool(other.conflicts)
    if not one.conflicts:
        first, second = (by_name(side.document) for side in (one, other))
        for side in (first, second):
            for backend in side["backends"].values():
                backend.pop("state", None)
        assert first == second
