"""Who waits, for whom, and who could take it over."""

from __future__ import annotations

from typing import Any
from unittest.mock import patch

from immich_ml_proxy.config.model import Backend, StatedAbilities
from tests.balancer.demands import image, search
from tests.observe.watching import START, UNIX, Waits, Watched

GAMING, MAC, NAS = ({"name": name} for name in ("gaming-pc", "mac-mini", "nas"))


def waiting(watched: Watched, key: str = "default") -> list[dict[str, Any]]:
    """Return what a page is told of those who wait on a route."""
    routes = watched.ask()["routes"]
    found: list[dict[str, Any]] = next(
        one["waiting"] for one in routes if one["key"] == key
    )
    return found


def test_what_is_held_for_a_machine_that_is_down() -> None:
    """Since when, until when, for whom, and who could do it."""
    watched = Watched(
        GAMING, MAC, NAS, defaultBackend="nas", taskRouting={"ocr": ["gaming-pc"]}
    )
    demand = image(watched.route("ocr"), "ocr")
    watched.under_way = [
        Waits(demand, START - 50 + n, START + 70 + n) for n in range(3)
    ]
    watched.down("gaming-pc")
    assert waiting(watched, "ocr") == [
        {
            "kind": "ocr",
            "waiting": 3,
            "held": 3,
            "oldest": UNIX - 50,
            "givesUp": UNIX + 70,
            "for": ["gaming-pc"],
            "takers": ["mac-mini", "nas"],
            "task": "ocr",
        }
    ]
    assert [one["alone"] for one in watched.ask()["machines"]] == [3, 0, 0]
    assert watched.ask()["routes"][1]["down"] is True


def test_what_waits_for_a_place_is_not_held() -> None:
    """Somebody is well: nobody is waited for, and nobody needs to take it over."""
    watched = Watched(GAMING, MAC)
    watched.down("mac-mini")
    route = watched.route()
    watched.under_way = [
        Waits(image(route), START - 2),
        Waits(image(route), START - 1),
        Waits(search(route), START),
        Waits(image(route), is_waiting=False),
    ]
    told = waiting(watched)
    assert [(one["kind"], one["waiting"], one["held"]) for one in told] == [
        ("clip", 2, 0),
        ("search", 1, 0),
    ]
    assert [one["oldest"] for one in told] == [UNIX - 2, UNIX]
    assert {one["givesUp"] for one in told} == {None}
    assert [one["for"] + one["takers"] for one in told] == [[], []]
    assert [one["task"] for one in told] == ["clip/visual", "clip/textual"]


def test_who_cannot_do_it_is_no_taker() -> None:
    """Nor who is put aside, nor who is down."""
    watched = Watched(
        GAMING,
        MAC,
        NAS,
        {"name": "old", "state": "drain"},
        defaultBackend="gaming-pc",
    )
    mac = watched.pool["mac-mini"]
    assert isinstance(mac.backend, Backend)
    mac.abilities.stated = StatedAbilities(tasks=("ocr",))
    watched.under_way = [Waits(image(watched.route()))]
    watched.down("gaming-pc")
    assert [one["takers"] for one in waiting(watched)] == [["nas"]]


def test_a_machine_that_is_put_aside_is_not_waited_for() -> None:
    """It comes back when its owner says so."""
    watched = Watched({**GAMING, "state": "drain"}, MAC, defaultBackend="gaming-pc")
    watched.under_way = [Waits(image(watched.route()))]
    [told] = waiting(watched)
    assert (told["held"], told["for"], told["takers"]) == (1, [], ["mac-mini"])


def test_other_work_has_no_key() -> None:
    """There is no button for what nobody has a word for, but on a route of its own."""
    watched = Watched(GAMING, taskRouting={"captions": ["gaming-pc"]})
    demands = [image(watched.route(key), "captions") for key in ("default", "captions")]
    watched.under_way = [Waits(one) for one in demands]
    assert waiting(watched)[0]["task"] is None
    assert waiting(watched, "captions")[0]["task"] == "captions"


def test_those_who_need_the_same_are_looked_at_once() -> None:
    """Thousands may wait, and they are looked at every second."""
    watched = Watched(GAMING, MAC)
    demand = image(watched.route())
    with patch.object(watched.pool, "able", wraps=watched.pool.able) as able:
        watched.under_way = [Waits(demand)] * 5000
        watched.advance()
    assert able.call_count == 1
