"""Servers that cannot do all that the others can, behind the real proxy."""

from __future__ import annotations

import pytest

from tests.demo_requests import CLIP, FACES, OCR, VISUAL
from tests.end_to_end.asks import Ask, mixed, search
from tests.end_to_end.fleet import Fleet
from tests.end_to_end.processes import until
from tests.pictures import jpeg

LARGE = {"clip": {"textual": {"modelName": "ViT-L-14__openai"}}}
PHOTO = jpeg(1, 64, 48)


def test_servers_that_are_alike_cost_no_extra_try(fleet: Fleet) -> None:
    """Two of Immich's own, v2 and v3: each request goes to one of them."""
    fleet.play({"v2": "v2", "v3": "v3"})
    fleet.serve(mixed(24))
    assert fleet.extra_tries(24) == 0
    assert fleet.predicts("v2") == fleet.predicts("v3") == 12
    assert fleet.told("v3")["notes"] == fleet.told("v2")["notes"] == []


def test_what_a_strict_server_refuses_another_serves(fleet: Fleet) -> None:
    """v3 answers 422 to fields that it does not know; it goes on with the rest."""
    fleet.play({"v2": "v2", "v3": "v3"})
    fleet.serve([search(number) for number in range(4)])
    odd = {"clip": {"textual": CLIP | {"device": "cpu"}}}
    fleet.serve([search(number, odd) for number in range(8)])
    fleet.serve([Ask(FACES, PHOTO) for _ in range(4)])
    assert fleet.came("v3", "clip") == {"200": 2, "422": 3}
    told = fleet.told("v3")
    assert told["cannot"] == ["clip/textual (ViT-B-32__openai)"]
    assert (told["ejections"], fleet.health("v3")) == (0, ("healthy", ""))
    assert fleet.came("v3", "facial-recognition") == {"200": 2}


@pytest.mark.parametrize("kind", ["kepler", "fallback"])
def test_what_a_small_server_lacks_goes_to_another(fleet: Fleet, kind: str) -> None:
    """One CLIP model, no faces, no OCR, 400 or 501: each is learned by one refusal."""
    fleet.play({"small": kind, "nas": "v2"})
    fleet.serve(mixed(80))
    # Another model of what it can do: 400, or 409.
    fleet.serve([search(number, LARGE) for number in range(8)])
    told = fleet.told("small")
    lacks = [
        "facial-recognition (buffalo_l)",
        "ocr (PP-OCRv5_mobile)",
        "clip/textual (ViT-L-14__openai)",
    ]
    if kind == "fallback":
        lacks.insert(0, "clip/visual (ViT-B-32__openai)")
    assert sorted(told["cannot"]) == sorted(lacks)
    assert fleet.extra_tries(88) == len(lacks)
    assert told["served"] >= 10
    assert (told["failed"], told["ejections"]) == (0, 0)
    assert fleet.health("small") == ("healthy", "")


def test_another_model_under_a_name_is_asked_no_more(fleet: Fleet) -> None:
    """768 numbers where Immich's list has 512: told in words, and learned."""
    fleet.play({"odd": "other-model", "nas": "v2"})
    fleet.serve(mixed(40))
    assert fleet.extra_tries(40) == 2
    told = fleet.told("odd")
    assert sorted(told["cannot"]) == [
        "clip/textual (ViT-B-32__openai)",
        "clip/visual (ViT-B-32__openai)",
    ]
    assert (told["failed"], told["ejections"]) == (0, 0)
    assert (
        "odd answers 768 numbers where ViT-B-32__openai has 512: another model under "
        "this name"
    ) in fleet.proxy.output
    # It is the right one for this name.
    fleet.serve([search(number, LARGE) for number in range(4)])
    assert fleet.came("odd", "clip")["200"] == 2 + 2


def test_of_a_model_that_nobody_lists_most_servers_are_right(fleet: Fleet) -> None:
    """Two answer 512 numbers, one 768."""
    fleet.play({"nas": "hailo", "mac": "hailo", "odd": "other-model"})
    entries = {"clip": {"textual": {"modelName": "My-Own-CLIP"}}}
    gots = [fleet.ask(search(number, entries)) for number in range(9)]
    assert [got.status for got in gots] == [200] * 9
    assert all(got.json()["clip"].count(",") == 511 for got in gots)
    assert fleet.extra_tries(9) == 1
    assert fleet.told("odd")["cannot"] == ["clip/textual (My-Own-CLIP)"]
    assert "odd answers 768 numbers where nas and mac answer 512" in fleet.proxy.output


def test_plain_arrays_become_strings(fleet: Fleet) -> None:
    """An older server's answers are put into today's form, and counted."""
    fleet.play({"old": "list"})
    fleet.serve(mixed(8))
    got = fleet.ask(search(1))
    assert isinstance(got.json()["clip"], str)
    faces = fleet.ask(Ask(FACES, PHOTO)).json()["facial-recognition"]
    assert all(isinstance(face["embedding"], str) for face in faces)
    told = fleet.told("old")
    assert told["normalised"] >= 5 + len(faces)
    assert (told["served"], told["failed"]) == (10, 0)


def test_nothing_found_is_an_answer(fleet: Fleet) -> None:
    """No text and no faces are no failures of who finds none."""
    fleet.play({"blind": {"empty": ["facial-recognition", "ocr"]}, "nas": "v2"})
    fleet.serve(mixed(24))
    assert fleet.extra_tries(24) == 0
    blind = fleet.told("blind")
    assert (blind["served"], blind["failed"], blind["cannot"]) == (12, 0, [])


def test_what_is_too_large_for_one_goes_to_another(fleet: Fleet) -> None:
    """413 is learned as a size: small pictures still go there."""
    fleet.play({"nginx": {"max_body": 20_000}, "nas": "v2"})
    large = [Ask(VISUAL, jpeg(seed, 480, 360, 1.0)) for seed in range(6)]
    large.sort(key=lambda ask: len(ask.body))
    assert len(large[0].body) > 20_000
    fleet.serve(large)
    fleet.serve(mixed(8))
    assert fleet.came("nginx", "")["413"] == fleet.extra_tries(14) == 1
    told = fleet.told("nginx")
    assert told["served"] >= 4
    assert [one.partition(" of ")[0] for one in told["cannot"]] == ["bodies"]
    assert (told["failed"], told["ejections"]) == (0, 0)


def test_everything_is_too_large_for_everybody(fleet: Fleet) -> None:
    """The first refusal is passed on, as it came."""
    fleet.play({"one": {"max_body": 900}, "two": {"max_body": 900}})
    got = fleet.ask(Ask(VISUAL, PHOTO))
    assert got.status == 413
    assert b"<html>" in got.body


def test_stated_abilities_cost_no_try(fleet: Fleet) -> None:
    """What the configuration knows need not be found out."""
    abilities = {"tasks": ["clip"], "models": {"clip": ["ViT-B-32__openai"]}}
    fleet.play({"small": "kepler", "nas": "v2"}, {"small": {"abilities": abilities}})
    fleet.serve(mixed(24))
    fleet.serve([search(number, LARGE) for number in range(4)])
    assert fleet.extra_tries(28) == 0
    assert 4 <= fleet.told("small")["served"] <= 12


def test_what_nobody_can_is_503_that_says_so(fleet: Fleet) -> None:
    """Stated or learned; the one that can is disabled."""
    fleet.play(
        {"stated": "kepler", "learned": "kepler", "nas": "v2"},
        {"stated": {"abilities": {"tasks": ["clip"]}}},
    )
    fleet.serve([Ask(OCR, PHOTO)] * 3)
    status, _ = fleet.proxy.post("/api/backends/nas", {"state": "disabled"})
    assert status == 200
    before = fleet.extra_tries(0)
    got = fleet.ask(Ask(OCR, PHOTO))
    assert got.status == 503
    assert got.json() == {
        "error": "ocr/detection+recognition: stated and learned cannot do this"
    }
    assert fleet.extra_tries(0) == before
    fleet.serve([search(1)])


def test_what_everybody_refuses_is_the_first_ones_answer(fleet: Fleet) -> None:
    """Nobody has learned anything by it: they may all be right."""
    fleet.play({"one": "kepler", "two": "kepler"})
    got = fleet.ask(Ask(OCR, PHOTO))
    assert got.status == 400
    assert "not supported by this server" in got.json()["detail"]
    assert fleet.told("one")["cannot"] == fleet.told("two")["cannot"] == []


@pytest.mark.parametrize(
    "kinds", [("v2", "v2"), ("v3", "v3", "v3"), ("v3", "v2", "kepler")]
)
def test_a_truly_bad_request_costs_one_extra_try_at_most(
    fleet: Fleet, kinds: tuple[str, ...]
) -> None:
    """A picture that is none is refused by two, and nobody is blamed."""
    names = [f"{kind}-{number}" for number, kind in enumerate(kinds)]
    fleet.play(dict(zip(names, kinds, strict=True)))
    fleet.serve([Ask(VISUAL, PHOTO)] * 6)
    before = fleet.extra_tries(0)
    for number in range(6):
        got = fleet.ask(Ask(VISUAL, b"no picture %d" % number))
        assert got.status in (400, 422, 502)
    assert fleet.extra_tries(0) - before <= 12
    for name in names:
        told = fleet.told(name)
        assert (told["cannot"], told["ejections"]) == ([], 0)
        assert fleet.health(name) == ("healthy", "")
    fleet.serve(mixed(8))


def test_a_kind_that_is_known_to_be_wrong_costs_no_extra_try(fleet: Fleet) -> None:
    """Every server has refused the model; from then on one refusal is enough."""
    fleet.play({"one": "v3", "two": "v3"})
    fleet.serve(mixed(8))
    entries = {"clip": {"textual": {"modelName": "No-Such-Model"}}}
    tries = []
    for number in range(5):
        before = fleet.extra_tries(0)
        assert fleet.ask(search(number, entries)).status == 422
        tries.append(fleet.extra_tries(0) - before)
    assert tries == [2, 1, 1, 1, 1]


def test_work_is_held_for_the_one_that_can(fleet: Fleet) -> None:
    """While it is away, for those that are there cannot."""
    fleet.play(
        {"small": "kepler", "idle": {"idle_exit": 0.05, "restart_seconds": 0.5}},
        {"small": {"abilities": {"tasks": ["clip"]}}},
        defaultBackend={"backends": ["small", "idle"], "holdSeconds": 60},
        healthCheckInterval=1,
    )
    fleet.serve([Ask(OCR, PHOTO)])
    until(lambda: fleet.has_exited("idle"), "it exits")
    fleet.serve([Ask(OCR, PHOTO)])
    assert fleet.told("idle")["served"] == 2
    assert fleet.predicts("small") == 0
