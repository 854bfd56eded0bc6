"""Reading what the Go original writes into its ``config.json``."""

from __future__ import annotations

import copy
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from immich_ml_proxy.config import document as config_document
from immich_ml_proxy.config.legacy import upgraded
from immich_ml_proxy.config.model import IN_ORDER, Config, Route
from immich_ml_proxy.errors import ConfigError

BACKENDS = [
    {"name": "nas", "url": "http://nas:3003"},
    {"name": "gpu", "url": "http://gpu:3003"},
    {"name": "mac", "url": "http://mac:3003"},
]

#: Each pair of fields: the routes, the policies that belong to them, and what stands
#: before a key of theirs in ``taskRouting``.
PAIRS = [
    ("taskRouting", "taskRoutingPolicy", ""),
    ("modelTypeRouting", "modelTypeRoutingPolicy", "clip/"),
]


def parsed(**fields: Any) -> Config:
    """Return a configuration that has these fields."""
    document = {"defaultBackend": "nas", "backends": BACKENDS, **fields}
    return config_document.parse(json.dumps(document).encode())


def routes_of(**fields: Any) -> dict[str, Route]:
    """Return the routes of a configuration that has these fields."""
    return dict(parsed(**fields).routes)


def upgrade(document: dict[str, Any]) -> dict[str, Any]:
    """Return what becomes of a document that needs no warning."""
    after, warnings = upgraded({"backends": BACKENDS, **document})
    assert not warnings
    if "backends" not in document:
        assert after.pop("backends") == BACKENDS
    return after


@pytest.mark.parametrize(
    "document",
    [
        {},
        {"defaultBackend": "nas", "backends": BACKENDS},
        {"taskRouting": {"clip": ["gpu", "nas"]}, "requestTimeout": 5, "x": [None]},
        {"taskRouting": {"clip": None, "ocr": "gone", "visual": ""}},
        {"defaultBackend": None},
    ],
)
def test_a_document_without_the_old_fields_stays_as_it_is(
    document: dict[str, Any],
) -> None:
    """Whatever is wrong with it is for others to tell."""
    assert upgraded(document) == (document, [])
    assert list(upgraded(document)[0]) == list(document)


@pytest.mark.parametrize("field", ["backends", "taskRouting"])
def test_null_is_an_empty_map_or_list(field: str) -> None:
    """Go writes ``null`` for one that was never filled."""
    after, warnings = upgraded({"defaultBackend": "nas", field: None})
    assert (after, warnings) == ({"defaultBackend": "nas"}, [])


@pytest.mark.parametrize(
    "field", ["modelTypeRouting", "taskRoutingPolicy", "modelTypeRoutingPolicy"]
)
def test_null_is_an_empty_old_field(field: str) -> None:
    """It is one of the Go original's documents nevertheless."""
    assert upgrade({field: None}) == {"taskRouting": {}}
    after, [warning] = upgraded({field: None, "taskRouting": {"ocr": "gone"}})
    assert after == {"taskRouting": {}}
    assert warning.startswith("taskRouting.ocr: ")


@pytest.mark.parametrize(("routes", "policies", "before"), PAIRS)
@pytest.mark.parametrize(
    ("route", "policy", "meant"),
    [
        ("gpu", None, {"backends": ("gpu",)}),
        ("gpu", "strict", {"backends": ("gpu",)}),
        ("gpu", "fallback", {"backends": ("gpu",), "fallback": True}),
        (["gpu", "nas"], "strict", {"backends": ("gpu", "nas")}),
        (["gpu", "nas"], "fallback", {"backends": ("gpu", "nas"), "fallback": True}),
        ({"backends": ["gpu"]}, "fallback", {"backends": ("gpu",)}),
        (
            {"backends": ["gpu"], "fallback": True},
            "strict",
            {"backends": ("gpu",), "fallback": True},
        ),
    ],
)
def test_a_policy_becomes_part_of_its_route(
    routes: str,
    policies: str,
    before: str,
    route: Any,
    policy: str | None,
    meant: dict[str, Any],
) -> None:
    """``fallback`` is kept, ``strict`` is how a route is anyway; objects tell it."""
    fields = {routes: {"textual": route}, policies: {}}
    if policy is not None:
        fields[policies] = {"textual": policy}
    key = f"{before}textual"
    assert routes_of(**fields) == {key: Route(key, **meant)}


#: By the policies of the type and of the task: where a picture for clip goes.
LEVELS = {
    ("strict", "strict"): Route("clip/visual", ("gpu",)),
    ("strict", "fallback"): Route("clip/visual", ("gpu",)),
    ("fallback", "strict"): Route("clip/visual", ("gpu", "mac"), IN_ORDER),
    ("fallback", "fallback"): Route("clip/visual", ("gpu", "mac"), IN_ORDER, True),
}


@pytest.mark.parametrize(("policies", "meant"), LEVELS.items())
def test_there_are_three_levels(policies: tuple[str, str], meant: Route) -> None:
    """A type's route, its task's, the default; each one may go on to the next."""
    routes = routes_of(
        taskRouting={"clip": "mac", "ocr": "mac"},
        taskRoutingPolicy={"clip": policies[1]},
        modelTypeRouting={"visual": "gpu"},
        modelTypeRoutingPolicy={"visual": policies[0]},
    )
    assert routes == {
        "clip/visual": meant,
        "clip": Route("clip", ("mac",), fallback=policies[1] == "fallback"),
        "ocr": Route("ocr", ("mac",)),
    }


@pytest.mark.parametrize(
    ("clip", "fallback"), [("strict", False), ("fallback", True), (None, False)]
)
def test_two_levels_of_one_backend_are_one(clip: str | None, fallback: bool) -> None:
    """No route names a backend twice."""
    routes = routes_of(
        taskRouting={"clip": "gpu"},
        taskRoutingPolicy={} if clip is None else {"clip": clip},
        modelTypeRouting={"visual": "gpu"},
        modelTypeRoutingPolicy={"visual": "fallback"},
    )
    assert routes["clip/visual"] == Route("clip/visual", ("gpu",), fallback=fallback)


@pytest.mark.parametrize("clip", [["mac"], {"backends": ["mac"]}, "gone", "", None])
def test_a_level_that_the_original_cannot_have_is_left_out(clip: Any) -> None:
    """It has one backend a route; one that has none there is none, either."""
    routes = routes_of(
        taskRouting={"clip": clip},
        taskRoutingPolicy={},
        modelTypeRouting={"visual": "gpu"},
        modelTypeRoutingPolicy={"visual": "fallback"},
    )
    assert routes["clip/visual"] == Route("clip/visual", ("gpu",), fallback=True)


def test_routes_by_type_are_for_clip_alone() -> None:
    """They follow those by task, and the old fields are gone."""
    after = upgrade(
        {
            "modelTypeRouting": {"visual": "gpu", "detection": "gpu"},
            "modelTypeRoutingPolicy": {"visual": "strict"},
            "defaultBackend": "nas",
            "taskRouting": {"ocr": "nas"},
            "taskRoutingPolicy": {"ocr": "strict"},
        }
    )
    assert after == {
        "defaultBackend": "nas",
        "taskRouting": {"ocr": "nas", "clip/visual": "gpu", "clip/detection": "gpu"},
    }
    assert list(after["taskRouting"]) == ["ocr", "clip/visual", "clip/detection"]


def test_a_policy_is_for_its_own_map_only() -> None:
    """One for a task says nothing of a type, nor does one without a route."""
    assert upgrade(
        {
            "taskRouting": {"clip": "gpu"},
            "taskRoutingPolicy": {"visual": "fallback", "ocr": "fallback"},
            "modelTypeRouting": {"visual": "gpu"},
            "modelTypeRoutingPolicy": {"clip": "fallback"},
        }
    ) == {"taskRouting": {"clip": "gpu", "clip/visual": "gpu"}}


@pytest.mark.parametrize("route", ["facial-recognition", "facial_recognition"])
@pytest.mark.parametrize("policy", ["facial-recognition", "facial_recognition"])
def test_a_policy_may_spell_its_task_in_another_way(route: str, policy: str) -> None:
    """The original takes both for the same."""
    routes = routes_of(
        taskRouting={route: "gpu"}, taskRoutingPolicy={policy: "fallback"}
    )
    key = "facial-recognition"
    assert routes == {key: Route(key, ("gpu",), fallback=True)}


def test_both_maps_may_say_the_same() -> None:
    """Nothing is lost by that."""
    same = {
        "taskRouting": {"clip/visual": "gpu"},
        "modelTypeRouting": {"visual": "gpu"},
    }
    assert upgrade(same) == {"taskRouting": {"clip/visual": "gpu"}}


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("old", "there is no machine named 'old'"),
        ("", "names no machine"),
        (None, "names no machine"),
    ],
)
def test_a_backend_that_is_gone_leaves_its_work_to_the_next_level(
    name: str | None, told: str
) -> None:
    """The original does so without a word; here it is told, and no longer saved."""
    good = parsed(
        taskRouting={"ocr": name, "clip": "gpu", "facial-recognition": "gpu"},
        taskRoutingPolicy={"ocr": "fallback"},
        modelTypeRouting={"visual": name, "textual": "mac"},
    )
    assert good.routes.keys() == {"clip", "facial-recognition", "clip/textual"}
    assert good.warnings == (
        f"taskRouting.ocr: {told}; the default gets its work",
        f"modelTypeRouting.visual: {told}; the route of clip gets its work",
    )
    again = config_document.parse(good.document)
    assert (again, again.warnings) == (good, ())
    alone = parsed(taskRouting={"clip": name}, modelTypeRouting={"visual": name})
    assert alone.routes == {}
    assert alone.warnings == (
        f"taskRouting.clip: {told}; the default gets its work",
        f"modelTypeRouting.visual: {told}; the default gets its work",
    )


@pytest.mark.parametrize("backends", [None, [], {}, [3, "old", {}, {"name": 3}]])
def test_nothing_is_there_while_there_are_no_backends(backends: Any) -> None:
    """What has the wrong form is for others to tell."""
    document = {"backends": backends, "modelTypeRouting": {"visual": "old"}}
    after, [warning] = upgraded(document)
    assert after.get("backends") == backends
    assert after["taskRouting"] == {}
    assert warning.startswith("modelTypeRouting.visual: there is no machine named")


@pytest.mark.parametrize("name", ["old", "", None])
def test_a_default_that_is_gone_is_an_error(name: str | None) -> None:
    """There is no next level, and nobody should guess one."""
    with pytest.raises(ConfigError) as refused:
        parsed(defaultBackend=name, modelTypeRouting={})
    assert refused.value.field == "defaultBackend"


@pytest.mark.parametrize("name", ["old", "", None])
def test_elsewhere_a_backend_that_is_gone_is_an_error(name: str | None) -> None:
    """Whoever writes such a configuration now has misspelled it."""
    with pytest.raises(ConfigError) as refused:
        parsed(taskRouting={"ocr": name})
    assert refused.value.field == "taskRouting.ocr"
    with pytest.raises(ConfigError) as refused:
        parsed(taskRouting={"ocr": ["gpu", "old"]}, modelTypeRouting={})
    assert refused.value.field == "taskRouting.ocr[1]"


NO_MAPS: list[Any] = [[], "gpu", 3, False]
NO_POLICIES: list[Any] = ["Strict", "", None, True, [], {"x": 1}]


@pytest.mark.parametrize(
    ("fields", "field", "reason"),
    [
        *(
            ({name: value}, name, "must be an object")
            for name in ("taskRoutingPolicy", "modelTypeRouting")
            for value in NO_MAPS
        ),
        ({"modelTypeRoutingPolicy": "strict"}, "modelTypeRoutingPolicy", "an object"),
        ({"taskRouting": [], "modelTypeRouting": {}}, "taskRouting", "an object"),
        *(
            ({policies: {"clip": value}}, f"{policies}.clip", '"strict" or "fallback"')
            for _, policies, _ in PAIRS
            for value in NO_POLICIES
        ),
        (
            {"taskRoutingPolicy": {"clip/visual": "?"}},
            'taskRoutingPolicy["clip/visual"]',
            '"strict" or "fallback"',
        ),
        (
            {
                "backends": BACKENDS,
                "taskRouting": {"clip/visual": "gpu"},
                "modelTypeRouting": {"visual": "nas"},
            },
            "modelTypeRouting.visual",
            "another route",
        ),
        (
            {
                "backends": BACKENDS,
                "taskRouting": {"clip/a b": "gpu"},
                "modelTypeRouting": {"a b": "gpu"},
                "modelTypeRoutingPolicy": {"a b": "fallback"},
            },
            'modelTypeRouting["a b"]',
            "another route",
        ),
    ],
)
def test_what_cannot_be_meant_is_refused(
    fields: dict[str, Any], field: str, reason: str
) -> None:
    """The error names the field as it stands in the file."""
    with pytest.raises(ConfigError) as refused:
        upgraded(fields)
    assert refused.value.field == field
    assert reason in refused.value.reason


def test_two_spellings_in_two_maps_are_one_key() -> None:
    """Of two routes for the same work one would be ignored."""
    with pytest.raises(ConfigError) as refused:
        routes_of(taskRouting={"clip/a-b": "gpu"}, modelTypeRouting={"a_b": "nas"})
    assert refused.value.field == 'taskRouting["clip/a_b"]'


KEYS = st.sampled_from(["clip", "visual", "ocr", "a/b", "clip/visual"])
NAMES = st.sampled_from(["nas", "gpu", "mac", "gone", ""])
ROUTES = st.none() | st.dictionaries(KEYS, NAMES | st.just(["nas", "gpu"]))
POLICIES = st.none() | st.dictionaries(KEYS, st.sampled_from(["strict", "fallback"]))


@given(
    st.fixed_dictionaries(
        {
            "defaultBackend": st.just("nas"),
            "backends": st.just(BACKENDS),
            "modelTypeRouting": ROUTES,
        },
        optional={
            "taskRouting": ROUTES,
            "taskRoutingPolicy": POLICIES,
            "modelTypeRoutingPolicy": POLICIES,
        },
    )
)
def test_an_upgrade_is_done_once_and_for_all(document: dict[str, Any]) -> None:
    """The result needs no other, and every route is kept or told; nothing changes."""
    given_before = copy.deepcopy(document)
    try:
        after, warnings = upgraded(document)
    except ConfigError as refused:
        assert refused.field.startswith("modelTypeRouting")
        return
    finally:
        assert document == given_before
    assert upgraded(after) == (after, [])
    good = routes_of(**after)
    told = iter(warnings)
    for routes, policies, before in PAIRS:
        for key, value in (document.get(routes) or {}).items():
            if value in ("gone", ""):
                assert next(told).startswith(routes)
                continue
            route = good[before + key]
            names = [value] if isinstance(value, str) else value
            assert list(route.backends[: len(names)]) == names
            policy = (document.get(policies) or {}).get(key)
            more = len(route.backends) > len(names)
            if policy != "fallback":
                assert not (more or route.fallback)
    assert list(told) == []
