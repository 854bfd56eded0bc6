"""The fields of the configuration that are about scheduling."""

from __future__ import annotations

import json
from typing import Any

import pytest

from immich_ml_proxy.config import document as config_document
from immich_ml_proxy.config import model as config
from immich_ml_proxy.config.model import Backend, Config, Route, WakeOnLan
from immich_ml_proxy.errors import ConfigError

MAC = "00:11:22:aa:bb:cc"


def parsed(backend: dict[str, Any] | None = None, **route: Any) -> Config:
    """Return a configuration of one backend, with these fields of it and its route."""
    document = {
        "defaultBackend": "a",
        "backends": [{"name": "a", "url": "http://a:3003", **(backend or {})}],
        "taskRouting": {"ocr": {"backends": ["a"], **route}},
    }
    return config_document.parse(json.dumps(document).encode())


def backend(**fields: Any) -> Backend:
    """Return the backend that a configuration with these fields has."""
    [one] = parsed(fields).backends
    return one


def route(**fields: Any) -> Route:
    """Return the route that a configuration with these fields has."""
    return parsed(**fields).routes["ocr"]


def refusal(fields: dict[str, Any] | None = None, **more: Any) -> ConfigError:
    """Return why a configuration is refused."""
    with pytest.raises(ConfigError) as refused:
        parsed(fields, **more)
    return refused.value


def test_a_backend_is_used_as_it_is_by_default() -> None:
    """Who writes nothing gets a limit that is found, and nobody woken."""
    one = backend()
    assert (one.state, one.weight, one.max_concurrent) == ("enabled", 1.0, "auto")
    assert (one.limits, one.wake_on_lan) == ({}, None)


def test_a_route_waits_by_default() -> None:
    """A thousand may wait; how long work is held is ``auto``, none is asked twice."""
    one = route()
    assert (one.strategy, one.spill, one.max_waiting) == ("round_robin", False, 1000)
    assert (one.hold, one.hedge_after) == (None, None)
    default = parsed().default
    assert default is not None
    assert (default.max_waiting, default.hold) == (1000, None)


def test_how_long_work_is_held_can_be_left_to_the_proxy() -> None:
    """That promises nobody anything, while a number does."""
    assert route(holdSeconds="auto") == route()
    assert (route().hold, route().hold_seconds) == (None, 0.0)
    assert (route(holdSeconds=0).hold, route(holdSeconds=0).hold_seconds) == (0, 0)
    assert (route(holdSeconds=60).hold, route(holdSeconds=60).hold_seconds) == (60, 60)


@pytest.mark.parametrize("state", ["enabled", "drain", "disabled"])
def test_states(state: str) -> None:
    """There are three."""
    assert backend(state=state).state == state


@pytest.mark.parametrize("most", ["auto", 1, 4, 10_000])
def test_places(most: int | str) -> None:
    """A number, or ``auto``."""
    assert backend(maxConcurrent=most).max_concurrent == most


@pytest.mark.parametrize("weight", [0.1, 1, 2.5, 1000])
def test_weights(weight: float) -> None:
    """Above nothing."""
    assert backend(weight=weight).weight == weight


def test_limits_by_task() -> None:
    """Under one name, however the task is spelled."""
    limits = {"ocr": 1, "facial_recognition": 10_000}
    assert backend(limits=limits).limits == {"ocr": 1, "facial-recognition": 10_000}
    assert backend(limits={}).limits == {}


@pytest.mark.parametrize(
    "mac", [MAC, "00-11-22-AA-BB-CC", "001122aabbcc", "FF:FF:FF:FF:FF:FF"]
)
def test_wake_on_lan(mac: str) -> None:
    """A MAC address is enough; the packet then goes to everybody's port 9."""
    one = backend(wakeOnLan={"mac": mac}).wake_on_lan
    assert one == WakeOnLan(mac=mac, broadcast="255.255.255.255", port=9)
    there = {"mac": mac, "broadcast": "192.168.1.255", "port": 7}
    two = backend(wakeOnLan=there).wake_on_lan
    assert two == WakeOnLan(mac=mac, broadcast="192.168.1.255", port=7)


@pytest.mark.parametrize("strategy", config.STRATEGIES)
def test_strategies(strategy: str) -> None:
    """There are four; the first backend of ``in_order`` may be spilt over."""
    one = route(strategy=strategy, spill=True)
    assert (one.strategy, one.spill) == (strategy, True)


def test_waiting_holding_and_hedging() -> None:
    """From nothing to the most: a client waits 300 s."""
    one = route(maxWaiting=0, holdSeconds=0, hedgeAfterMs=1)
    assert (one.max_waiting, one.hold_seconds, one.hedge_after) == (0, 0, 0.001)
    one = route(maxWaiting=1_000_000, holdSeconds=280, hedgeAfterMs=60_000)
    assert (one.max_waiting, one.hold_seconds, one.hedge_after) == (1e6, 280, 60)
    assert route(holdSeconds=0.5).hold_seconds == 0.5
    assert route(hedgeAfterMs=None).hedge_after is None


@pytest.mark.parametrize("field", ["defaultBackend", "taskRouting.ocr"])
def test_the_default_route_has_the_same_fields(field: str) -> None:
    """Its long form is the one of every route."""
    long = {"backends": ["a"], "holdSeconds": 60, "maxWaiting": 5}
    document: dict[str, Any] = {
        "defaultBackend": "a",
        "backends": [{"name": "a", "url": "http://a:3003"}],
        "taskRouting": {"ocr": "a"},
    }
    if field == "defaultBackend":
        document[field] = long
    else:
        document["taskRouting"]["ocr"] = long
    read = config_document.parse(json.dumps(document).encode())
    one = read.default if field == "defaultBackend" else read.routes["ocr"]
    assert one is not None
    assert (one.hold_seconds, one.max_waiting) == (60, 5)


BAD_BACKENDS: list[tuple[dict[str, Any], str]] = [
    ({"state": "off"}, "state"),
    ({"state": None}, "state"),
    ({"state": True}, "state"),
    ({"weight": 0}, "weight"),
    ({"weight": -1}, "weight"),
    ({"weight": 1001}, "weight"),
    ({"weight": "2"}, "weight"),
    ({"maxConcurrent": 0}, "maxConcurrent"),
    ({"maxConcurrent": -4}, "maxConcurrent"),
    ({"maxConcurrent": 10_001}, "maxConcurrent"),
    ({"maxConcurrent": 2.5}, "maxConcurrent"),
    ({"maxConcurrent": "many"}, "maxConcurrent"),
    ({"maxConcurrent": None}, "maxConcurrent"),
    ({"maxConcurrent": True}, "maxConcurrent"),
    ({"max_concurrent": 1}, "max_concurrent"),
    ({"limits": []}, "limits"),
    ({"limits": {"ocr": 0}}, "limits.ocr"),
    ({"limits": {"ocr": "auto"}}, "limits.ocr"),
    ({"limits": {"ocr": 1, "clip": None}}, "limits.clip"),
    ({"limits": {"a task": 0}}, 'limits["a task"]'),
    ({"wakeOnLan": MAC}, "wakeOnLan"),
    ({"wakeOnLan": {}}, "wakeOnLan.mac"),
    ({"wakeOnLan": {"mac": ""}}, "wakeOnLan.mac"),
    ({"wakeOnLan": {"mac": "00:11:22:aa:bb"}}, "wakeOnLan.mac"),
    ({"wakeOnLan": {"mac": "00:11:22:aa:bb:cc:dd"}}, "wakeOnLan.mac"),
    ({"wakeOnLan": {"mac": "00:11:22:aa:bb:cg"}}, "wakeOnLan.mac"),
    ({"wakeOnLan": {"mac": "00:11-22:aa:bb:cc"}}, "wakeOnLan.mac"),
    ({"wakeOnLan": {"mac": 17}}, "wakeOnLan.mac"),
    ({"wakeOnLan": {"mac": MAC, "port": 0}}, "wakeOnLan.port"),
    ({"wakeOnLan": {"mac": MAC, "port": 65536}}, "wakeOnLan.port"),
    ({"wakeOnLan": {"mac": MAC, "broadcast": ""}}, "wakeOnLan.broadcast"),
    ({"wakeOnLan": {"mac": MAC, "broadcast": "nas"}}, "wakeOnLan.broadcast"),
    ({"wakeOnLan": {"mac": MAC, "broadcast": "1.2.3"}}, "wakeOnLan.broadcast"),
    ({"wakeOnLan": {"mac": MAC, "broadcast": "ff02::1"}}, "wakeOnLan.broadcast"),
    ({"wakeOnLan": {"mac": MAC, "broadcast": 5}}, "wakeOnLan.broadcast"),
    ({"wakeOnLan": {"mac": MAC, "ports": 9}}, "wakeOnLan.ports"),
]


@pytest.mark.parametrize(("fields", "path"), BAD_BACKENDS)
def test_a_backends_bad_field_is_named(fields: dict[str, Any], path: str) -> None:
    """By its whole path, so that the page can show the error where it belongs."""
    refused = refusal(fields)
    assert refused.field == f"backends[0].{path}"
    assert refused.reason
    assert str(refused) == f"backends[0].{path}: {refused.reason}"


BAD_ROUTES: list[tuple[str, Any]] = [
    ("strategy", "fair"),
    ("strategy", None),
    ("spill", "yes"),
    ("spill", 1),
    ("maxWaiting", -1),
    ("maxWaiting", 1_000_001),
    ("maxWaiting", 1.5),
    ("maxWaiting", None),
    ("holdSeconds", -0.1),
    ("holdSeconds", 280.1),
    ("holdSeconds", "60"),
    ("holdSeconds", "Auto"),
    ("holdSeconds", ""),
    ("holdSeconds", True),
    ("holdSeconds", []),
    ("holdSeconds", None),
    ("hedgeAfterMs", 0),
    ("hedgeAfterMs", 0.5),
    ("hedgeAfterMs", 60_001),
    ("hedgeAfterMs", "100"),
    ("hold", 60),
]


@pytest.mark.parametrize(("field", "value"), BAD_ROUTES)
def test_a_routes_bad_field_is_named(field: str, value: Any) -> None:
    """By its whole path, too."""
    refused = refusal(**{field: value})
    assert refused.field == f"taskRouting.ocr.{field}"
    assert refused.reason


def test_two_spellings_of_one_task_have_one_limit() -> None:
    """Which of the two would hold nobody could tell."""
    refused = refusal({"limits": {"facial_recognition": 1, "facial-recognition": 2}})
    assert refused.field.startswith("backends[0].limits")


@pytest.mark.parametrize("state", ["enabled", "drain", "disabled"])
@pytest.mark.parametrize("before", ["enabled", "drain", "disabled", None])
def test_a_state_can_be_changed_alone(before: str | None, state: Any) -> None:
    """The document says it then, and everything else it says as before."""
    fields: dict[str, Any] = {"limits": {"ocr": 1}, "weight": 2.0}
    current = parsed(fields | ({"state": before} if before else {}), holdSeconds=60)
    new = config_document.with_state(current, "a", state)
    assert new.backends[0].state == state
    assert config_document.parse(new.document) == new
    was, now = json.loads(current.document), json.loads(new.document)
    was["backends"][0]["state"] = state
    assert now == was
    assert current.backends[0].state == (before or "enabled")


def test_only_the_named_backend_changes_its_state() -> None:
    """And a name that is none is refused."""
    current = config_document.parse(
        json.dumps(
            {
                "defaultBackend": ["a", "b c/d"],
                "backends": [
                    {"name": "a", "url": "http://a:3003"},
                    {"name": "b c/d", "url": "http://b:3003"},
                ],
                "taskRouting": {},
            }
        ).encode()
    )
    new = config_document.with_state(current, "b c/d", "drain")
    assert [one.state for one in new.backends] == ["enabled", "drain"]
    with pytest.raises(ConfigError) as refused:
        config_document.with_state(current, "b", "drain")
    assert (refused.value.field, refused.value.reason) == (
        "",
        "there is no machine named 'b'",
    )
