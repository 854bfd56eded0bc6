"""Servers that cannot now, or are no ML servers, behind the real proxy."""

from __future__ import annotations

import pytest

from tests.demo_requests import FACES, OCR
from tests.end_to_end.asks import Ask, mixed, search
from tests.end_to_end.fleet import Fleet
from tests.end_to_end.processes import until
from tests.pictures import jpeg

PHOTO = jpeg(1, 64, 48)


@pytest.mark.parametrize("status", [502, 503, 504, 521])
@pytest.mark.parametrize("at", ["all", "predict"])
def test_a_gateway_that_cannot_now_costs_nobody_an_answer(
    fleet: Fleet, status: int, at: str
) -> None:
    """Whether pings get through or not; what comes meanwhile goes to another."""
    fault = {"what": status, "at": "predict", "html": True}
    fleet.play({"gate": {"faults": [fault]}, "nas": "v2"})
    if at == "all":
        fleet.behave("gate", {"faults": [fault | {"at": "all"}]})
    fleet.serve(mixed(12))
    told = fleet.told("gate")
    # Three times a task at most, then it is out for a while.
    assert 1 <= told["failed"] == fleet.predicts("gate") <= 9
    assert told["cannot"] == []
    if at == "all":
        words = ("unhealthy", f"answered {status}")
        until(lambda: fleet.health("gate") == words, "it is pinged at once")


def test_work_is_held_for_a_gateway_that_is_alone(fleet: Fleet) -> None:
    """It is asked again a second later, and then serves."""
    fault = {"what": 502, "first": 1}
    fleet.play(
        {"gate": {"faults": [fault]}},
        defaultBackend={"backends": ["gate"], "holdSeconds": 30},
    )
    fleet.serve([search(1)])
    assert fleet.predicts("gate") == 2


@pytest.mark.parametrize(
    ("value", "seconds"), [("30", 30), ("date+40", 40), ("soon", 1), ("99999", 60)]
)
def test_a_busy_server_is_left_alone_so_long(
    fleet: Fleet, value: str, seconds: int
) -> None:
    """429 says until when; it is no failure, and moves no breaker."""
    fault = {"what": 429, "retry_after": value, "first": 1}
    fleet.play({"busy": {"faults": [fault]}, "nas": "v2"})
    fleet.serve(mixed(1))
    notes = fleet.told("busy")["notes"]
    fleet.serve(mixed(8))
    told = fleet.told("busy")
    if seconds > 1:
        assert fleet.predicts("busy") == 1
        assert notes[0].startswith("busy: wants nothing for ")
        left = int(notes[0].split()[4])
        assert seconds - 15 <= left <= seconds
    assert fleet.extra_tries(9) == 1
    assert (told["failed"], told["ejections"], told["cannot"]) == (0, 0, [])
    assert fleet.health("busy") == ("healthy", "")


def test_a_busy_server_that_is_alone_is_waited_for(fleet: Fleet) -> None:
    """Nobody gets its 429."""
    fleet.play({"busy": {"faults": [{"what": 429, "retry_after": "1", "first": 1}]}})
    fleet.serve([search(1), search(2)])
    assert fleet.predicts("busy") == 3


def test_a_login_before_everything_is_told(fleet: Fleet) -> None:
    """A redirect, a page with 200, 401: in words, and asked no more."""
    login = {"what": 401, "at": "predict"}
    fleet.play(
        {
            "sso": "login",
            "page": "login-page",
            "basic": {"faults": [login]},
            "nas": "v2",
        }
    )
    fleet.serve(mixed(24))
    seems = "answers, but is no Immich ML server: it "
    assert fleet.health("sso")[1].startswith(f"{seems}redirects to https://login.")
    assert fleet.health("basic") == ("unhealthy", "needs a login: 401 at /predict")
    assert fleet.health("page") == ("unhealthy", f"{seems}wants a login first")
    assert fleet.predicts("sso") == 0
    assert fleet.predicts("basic") == 1
    assert fleet.predicts("page") <= 9
    assert fleet.told("basic")["ejections"] == fleet.told("sso")["ejections"] == 0


def test_immich_itself_is_told_from_an_ml_server(fleet: Fleet) -> None:
    """It answers pings with a page, and 404 to what it is asked."""
    fleet.play({"wrong": "immich", "nas": "v2"})
    fleet.serve(mixed(24))
    assert fleet.extra_tries(24) <= 2
    status, words = fleet.health("wrong")
    assert status == "unhealthy"
    assert "no Immich ML server: it is Immich itself" in words
    told = fleet.told("wrong")
    assert (told["failed"], told["ejections"], told["served"]) == (0, 0, 0)


FLAWS = {
    "clip": ("absent", "type", "nan", "null", "zero", "lengths"),
    "facial-recognition": ("absent", "type", "box", "member", "nan", "zero"),
    "ocr": ("absent", "type", "box", "member", "lengths", "null"),
}


@pytest.mark.parametrize("task", FLAWS)
def test_what_is_no_answer_goes_to_another(fleet: Fleet, task: str) -> None:
    """However it is wrong; the server is put out of this task and does the others."""
    asks = {
        "clip": search(1),
        "facial-recognition": Ask(FACES, PHOTO),
        "ocr": Ask(OCR, PHOTO),
    }
    others = [asks[other] for other in asks if other != task] * 2
    for flaw in FLAWS[task]:
        fleet.play({"odd": {"broken": {task: flaw}}, "nas": "v2"})
        fleet.serve([asks[task]] * 8)
        fleet.serve(others)
        told = fleet.told("odd")
        learned = bool(told["cannot"])
        assert (told["failed"], told["ejections"]) == ((0, 0) if learned else (3, 1))
        assert fleet.came("odd", task) == {"200": 1 if learned else 3}, flaw
        assert told["served"] == 2, flaw
        assert learned == (flaw == "lengths" and task == "clip"), flaw
        assert fleet.health("odd") == ("healthy", "")
