"""What is learned of what a server can do, and when it is forgotten."""

from __future__ import annotations

from immich_ml_proxy.balancer.abilities import (
    IN_A_ROW,
    MODELS,
    TRY_AGAIN_AFTER,
    Abilities,
)
from immich_ml_proxy.balancer.need import Need
from immich_ml_proxy.config.model import StatedAbilities
from tests.balancer.able import (
    LATER,
    NOW,
    OCR,
    TEXTUAL,
    VISUAL,
    can,
    model,
    refusing,
)
from tests.balancer.demands import needing


def test_the_numbers_are_those_of_the_design() -> None:
    """Ten minutes, three in a row, three models."""
    assert (TRY_AGAIN_AFTER, IN_A_ROW, MODELS) == (600.0, 3, 3)


def test_whoever_nothing_is_known_of_can_do_anything() -> None:
    """Until it has shown otherwise."""
    known = Abilities()
    assert all(can(known, needs) for needs in (VISUAL, TEXTUAL, OCR))
    assert can(known, VISUAL, size=10**9)
    assert not known.has_served(VISUAL[-1])
    assert known.cannot(NOW) == []


def test_what_it_never_served_is_learned_at_once() -> None:
    """One refusal of what another then served is enough; of nothing else."""
    known = Abilities()
    assert known.refused(VISUAL[-1], NOW)
    assert not can(known, VISUAL)
    assert can(known, TEXTUAL)
    assert can(known, OCR)
    assert known.cannot(NOW) == ["clip/visual (ViT-B-32__openai)"]


def test_that_it_was_learned_is_told_once() -> None:
    """A request that was under way at the time says nothing new."""
    known = Abilities()
    assert [known.refused(VISUAL[-1], NOW) for _ in range(4)] == [True] + [False] * 3


def test_what_it_has_served_is_learned_after_three_in_a_row() -> None:
    """One broken picture proves nothing."""
    known = refusing(served=VISUAL)
    assert [known.refused(VISUAL[-1], NOW) for _ in range(2)] == [False, False]
    assert can(known, VISUAL)
    assert known.cannot(NOW) == []
    assert known.refused(VISUAL[-1], NOW)
    assert not can(known, VISUAL)
    assert can(known, TEXTUAL)


def test_they_must_be_in_a_row() -> None:
    """Served in between, it begins anew."""
    known = refusing(VISUAL, VISUAL, served=VISUAL)
    known.served(VISUAL, 1)
    assert [known.refused(VISUAL[-1], NOW) for _ in range(3)] == [False, False, True]


def test_it_is_tried_again_after_ten_minutes() -> None:
    """To the second; then one more refusal is enough, and is told again."""
    known = refusing(*[VISUAL] * 3, served=VISUAL)
    assert not can(known, VISUAL, LATER - 0.1)
    assert can(known, VISUAL, LATER)
    assert known.cannot(LATER - 0.1) != []
    assert known.cannot(LATER) == []
    assert known.refused(VISUAL[-1], LATER)
    assert not can(known, VISUAL, LATER + TRY_AGAIN_AFTER - 0.1)
    assert can(known, VISUAL, LATER + TRY_AGAIN_AFTER)


def test_what_it_serves_after_all_is_forgotten() -> None:
    """At once, and only that."""
    known = refusing(VISUAL, TEXTUAL)
    known.served(VISUAL, 1)
    assert can(known, VISUAL)
    assert not can(known, TEXTUAL)
    assert known.has_served(VISUAL[-1])
    assert not known.has_served(TEXTUAL[-1])


def test_three_models_refused_and_none_served_are_a_task() -> None:
    """It is not asked for any model of it, nor for another type."""
    known = refusing(model(1), model(2))
    assert can(known, model(3))
    assert known.refused(model(3)[-1], NOW)
    assert not can(known, model(4))
    assert not can(known, TEXTUAL)
    assert can(known, OCR)
    assert known.cannot(NOW) == ["clip"]


def test_the_same_model_refused_three_times_is_no_task() -> None:
    """Nor for three types of it."""
    known = refusing(*[VISUAL] * 5, TEXTUAL, needing("clip", "other"))
    assert can(known, model(1))


def test_a_task_of_which_it_serves_a_model_is_never_learned() -> None:
    """It lacks the models, however many they are."""
    known = refusing(*map(model, range(9)), served=TEXTUAL)
    assert can(known, model(10))
    assert not can(known, model(8))
    assert len(known.cannot(NOW)) == 9


def test_a_model_that_is_served_forgives_its_task() -> None:
    """The other models are still refused."""
    known = refusing(*map(model, range(3)))
    assert not can(known, model(7))
    known.served(model(0), 1)
    assert can(known, model(7))
    assert can(known, model(0))
    assert not can(known, model(1))
    assert known.cannot(NOW) == ["clip/visual (model 1)", "clip/visual (model 2)"]


def test_a_task_is_tried_again_after_ten_minutes_too() -> None:
    """By any model; if that is refused, none is asked for again."""
    known = refusing(*map(model, range(3)))
    assert not can(known, model(7), LATER - 0.1)
    assert can(known, model(7), LATER)
    assert known.cannot(LATER) == []
    assert known.refused(model(9)[-1], LATER)
    assert not can(known, model(7), LATER)
    assert known.cannot(LATER) == ["clip"]


def test_a_refusal_meanwhile_makes_it_longer() -> None:
    """It was asked since nobody else was there."""
    known = refusing(*map(model, range(3)))
    known.refused(model(3)[-1], NOW + 300)
    assert not can(known, model(7), LATER + 299)
    assert can(known, model(7), LATER + 300)


def test_tasks_that_come_together_are_one_thing() -> None:
    """What is refused may be just that: each by itself may be asked for."""
    both = (*VISUAL, *OCR, Need(("clip", "ocr"), ("m",), b"both", b"m", "both"))
    known = refusing(both)
    assert not can(known, both)
    assert can(known, VISUAL)
    assert can(known, OCR)
    assert known.cannot(NOW) == ["both"]
    for number in range(5):
        name = f"{number}".encode()
        known.refused(Need(("clip", "ocr"), (), name, name, "more"), NOW)
    assert can(known, model(1))


def test_who_lacks_one_of_the_tasks_cannot_do_them_together() -> None:
    """One that is refused is enough; all of them are served with the whole."""
    both = (*VISUAL, *OCR, Need(("clip", "ocr"), ("m",), b"both", b"m", "both"))
    known = refusing(OCR)
    assert not can(known, both)
    known.served(both, 1)
    assert can(known, both)
    assert all(known.has_served(need) for need in both)


def test_what_was_away_may_be_another() -> None:
    """Refusals are forgotten, tasks and sizes too; what it served is not."""
    known = refusing(*map(model, range(3)), OCR, served=TEXTUAL)
    known.refused(TEXTUAL[-1], NOW)
    known.too_large(2000, NOW)
    for task in map(str, range(3)):
        known.refused(model(int(task), "faces")[-1], NOW)
    known.forget_refusals()
    assert known.cannot(NOW) == []
    assert can(known, OCR, size=10**9)
    assert can(known, model(5, "faces"))
    assert known.has_served(TEXTUAL[-1])
    known.too_large(3000, NOW)
    assert not can(known, OCR, size=3000)


def test_what_is_stated_holds() -> None:
    """Nothing is learned beside it, but for sizes."""
    stated = StatedAbilities(tasks=("clip",), models={"clip": ("ViT-B-32__openai",)})
    known = Abilities(stated)
    assert can(known, VISUAL)
    assert not can(known, OCR)
    assert not can(known, model(1))
    assert not known.refused(VISUAL[-1], NOW)
    assert not any(known.refused(model(n)[-1], NOW) for n in range(3))
    assert can(known, VISUAL)
    assert known.cannot(NOW) == []
    known.too_large(2000, NOW)
    assert not can(known, VISUAL, size=2000)


def test_what_is_stated_is_asked_of_each_task_by_itself() -> None:
    """Of several tasks, and of several models, each must be there."""
    stated = StatedAbilities(models={"clip": ("ViT-B-32__openai",), "ocr": ("x",)})
    whole = Need(("clip", "ocr"), ("x", "y"), b"both", b"xy", "both")
    known = Abilities(stated)
    assert not can(known, (*VISUAL, *OCR, whole))
    known.stated = StatedAbilities(models={"clip": ("ViT-B-32__openai",)})
    assert can(known, (*VISUAL, *OCR, whole))
    two = (Need(("clip",), ("ViT-B-32__openai", "z"), b"two", b"z", "two"),)
    assert not can(known, two)
    nameless = (Need(("clip",), (), b"none", b"none", "clip"),)
    assert can(known, nameless)
    known.stated = StatedAbilities(tasks=("ocr",))
    assert not can(known, nameless)
