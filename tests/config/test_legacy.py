"""Reading what the Go original writes into its ``config.json``."""

from __future__ import annotations

import copy
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from immich_ml_proxy.config import document as config_document
from immich_ml_proxy.config.legacy import upgrade
from immich_ml_proxy.config.model import Route
from immich_ml_proxy.errors import ConfigError

BACKENDS = [
    {"name": "nas", "url": "http://nas:3003"},
    {"name": "gpu", "url": "http://gpu:3003"},
]

#: Each pair of fields: the routes, and the policies that belong to them.
PAIRS = [
    ("taskRouting", "taskRoutingPolicy"),
    ("modelTypeRouting", "modelTypeRoutingPolicy"),
]


def routes_of(**fields: Any) -> dict[str, Route]:
    """Return the routes of a configuration that has these fields."""
    document = {"defaultBackend": "nas", "backends": BACKENDS, **fields}
    return dict(config_document.parse(json.dumps(document).encode()).routes)


@pytest.mark.parametrize(
    "document",
    [
        {},
        {"defaultBackend": "nas", "backends": BACKENDS},
        {"taskRouting": {"clip": ["gpu", "nas"]}, "requestTimeout": 5, "x": [None]},
        {"taskRouting": {"clip": None}},
        {"defaultBackend": None},
    ],
)
def test_a_document_without_the_old_fields_stays_as_it_is(
    document: dict[str, Any],
) -> None:
    """Whatever is wrong with it is for others to tell."""
    assert upgrade(document) == document
    assert list(upgrade(document)) == list(document)


@pytest.mark.parametrize(
    "field",
    ["backends", *(field for pair in PAIRS for field in pair)],
)
def test_null_is_an_empty_map_or_list(field: str) -> None:
    """Go writes ``null`` for one that was never filled."""
    assert upgrade({"defaultBackend": "nas", field: None}) == {"defaultBackend": "nas"}


@pytest.mark.parametrize(("routes", "policies"), PAIRS)
@pytest.mark.parametrize(
    ("route", "policy", "meant"),
    [
        ("gpu", None, Route("clip", ("gpu",))),
        ("gpu", "strict", Route("clip", ("gpu",))),
        ("gpu", "fallback", Route("clip", ("gpu",), fallback=True)),
        (["gpu", "nas"], "strict", Route("clip", ("gpu", "nas"))),
        (["gpu", "nas"], "fallback", Route("clip", ("gpu", "nas"), fallback=True)),
        (
            {"backends": ["gpu"], "fallback": True},
            "fallback",
            Route("clip", ("gpu",), fallback=True),
        ),
    ],
)
def test_a_policy_becomes_part_of_its_route(
    routes: str, policies: str, route: Any, policy: str | None, meant: Route
) -> None:
    """``fallback`` is kept, ``strict`` is how a route is anyway."""
    fields = {routes: {"clip": route}}
    if policy is not None:
        fields[policies] = {"clip": policy}
    assert routes_of(**fields) == {"clip": meant}


def test_routes_by_type_are_routes_like_any_other() -> None:
    """They follow those by task, and the old fields are gone."""
    upgraded = upgrade(
        {
            "modelTypeRouting": {"visual": "gpu"},
            "modelTypeRoutingPolicy": {"visual": "strict"},
            "defaultBackend": "nas",
            "taskRouting": {"ocr": "nas"},
            "taskRoutingPolicy": {"ocr": "strict"},
        }
    )
    assert upgraded == {
        "defaultBackend": "nas",
        "taskRouting": {"ocr": "nas", "visual": "gpu"},
    }
    assert list(upgraded["taskRouting"]) == ["ocr", "visual"]


def test_a_policy_is_for_its_own_map_only() -> None:
    """One for a task says nothing of a type, nor does one without a route."""
    upgraded = upgrade(
        {
            "taskRouting": {"clip": "gpu"},
            "taskRoutingPolicy": {"visual": "fallback", "ocr": "fallback"},
            "modelTypeRouting": {"visual": "gpu"},
            "modelTypeRoutingPolicy": {"clip": "fallback"},
        }
    )
    assert upgraded == {"taskRouting": {"clip": "gpu", "visual": "gpu"}}


def test_both_maps_may_say_the_same() -> None:
    """Nothing is lost by that."""
    same = {"taskRouting": {"clip": "gpu"}, "modelTypeRouting": {"clip": "gpu"}}
    assert upgrade(same) == {"taskRouting": {"clip": "gpu"}}


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
            for _, policies in PAIRS
            for value in NO_POLICIES
        ),
        (
            {"taskRoutingPolicy": {"clip/visual": "?"}},
            'taskRoutingPolicy["clip/visual"]',
            '"strict" or "fallback"',
        ),
        (
            {"taskRouting": {"clip": "gpu"}, "modelTypeRouting": {"clip": "nas"}},
            "modelTypeRouting.clip",
            "another route",
        ),
        (
            {
                "taskRouting": {"clip/visual": "gpu"},
                "modelTypeRouting": {"clip/visual": "gpu"},
                "modelTypeRoutingPolicy": {"clip/visual": "fallback"},
            },
            'modelTypeRouting["clip/visual"]',
            "another route",
        ),
    ],
)
def test_what_cannot_be_meant_is_refused(
    fields: dict[str, Any], field: str, reason: str
) -> None:
    """The error names the field as it stands in the file."""
    with pytest.raises(ConfigError) as refused:
        upgrade(fields)
    assert refused.value.field == field
    assert reason in refused.value.reason


def test_two_spellings_in_two_maps_are_one_key() -> None:
    """Of two routes for the same work one would be ignored."""
    with pytest.raises(ConfigError) as refused:
        routes_of(
            taskRouting={"facial-recognition": "gpu"},
            modelTypeRouting={"facial_recognition": "nas"},
        )
    assert refused.value.field == "taskRouting.facial_recognition"


ROUTES = st.dictionaries(
    st.sampled_from(["clip", "visual", "ocr", "a/b"]),
    st.sampled_from(["nas", "gpu"]) | st.just(["nas", "gpu"]),
)
POLICIES = st.dictionaries(
    st.sampled_from(["clip", "visual", "ocr", "a/b"]),
    st.sampled_from(["strict", "fallback"]),
)


@given(
    st.fixed_dictionaries(
        {"defaultBackend": st.just("nas"), "backends": st.just(BACKENDS)},
        optional={
            "taskRouting": st.none() | ROUTES,
            "taskRoutingPolicy": st.none() | POLICIES,
            "modelTypeRouting": st.none() | ROUTES,
            "modelTypeRoutingPolicy": st.none() | POLICIES,
        },
    )
)
def test_an_upgrade_is_done_once_and_for_all(document: dict[str, Any]) -> None:
    """The result needs no other, keeps every route, and what was given is unchanged."""
    given_before = copy.deepcopy(document)
    try:
        upgraded = upgrade(document)
    except ConfigError as refused:
        assert refused.field.startswith("modelTypeRouting")
        return
    finally:
        assert document == given_before
    assert upgrade(upgraded) == upgraded
    for routes, policies in PAIRS:
        for key, value in (document.get(routes) or {}).items():
            policy = (document.get(policies) or {}).get(key)
            route = routes_of(**upgraded)[key.replace("_", "-")]
            assert list(route.backends) == (
                [value] if value in ("nas", "gpu") else value
            )
            assert route.fallback == (policy == "fallback")
