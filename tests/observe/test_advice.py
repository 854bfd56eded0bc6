"""What is said when a machine has nothing to do while Immich has work."""

from __future__ import annotations

from typing import Any

import pytest

from immich_ml_proxy.observe.advice import OVER, Machine, advice, idle_share

GAMING = Machine("gaming-pc", 6, 0.6)
MAC = Machine("mac", 2, 0.1)


def said(**more: Any) -> list[dict[str, Any]]:
    """Return what is said when two are sent at once, or as ``more`` says."""
    usual = {
        "kind": "clip",
        "under_way": [2] * OVER,
        "waiting": [0] * OVER,
        "machines": [GAMING, MAC],
    }
    return advice(**{**usual, **more})


def test_immich_sends_too_few_at_once() -> None:
    """The idlest machine is named, and what to set where."""
    assert said() == [
        {
            "machine": "gaming-pc",
            "kind": "clip",
            "idle": 0.6,
            "atOnce": 2,
            "raiseTo": 8,
            "text": "gaming-pc is idle 60 % of the time because Immich sends 2 at "
            "once; raise Smart Search concurrency to 8",
        }
    ]


@pytest.mark.parametrize(("kind", "job"), [("faces", "Face Detection"), ("ocr", "OCR")])
def test_jobs_are_called_as_in_immich(kind: str, job: str) -> None:
    """There it is set."""
    assert f"raise {job} concurrency" in said(kind=kind)[0]["text"]


@pytest.mark.parametrize(
    "more",
    [
        {"kind": "search"},
        {"kind": "other"},
        {"machines": []},
        {"machines": [Machine("busy", 6, 0.2)]},
        {"machines": [Machine("small", 2, 0.9)]},
        {"waiting": [1] * 30 + [0] * (OVER - 30)},
        {"under_way": [2] * 60 + [0] * (OVER - 60)},
        {"under_way": [8] * OVER},
    ],
)
def test_nothing_is_said_without_reason(more: dict[str, Any]) -> None:
    """Of what Immich does not queue, of busy machines, or when enough is sent."""
    assert said(**more) == []


def test_no_more_is_advised_than_is_of_use() -> None:
    """However many machines there are."""
    many = [Machine(f"m{n}", 8, 0.5) for n in range(10)]
    assert said(machines=many)[0]["raiseTo"] == 16


def test_a_rare_peak_is_not_what_immich_sends() -> None:
    """It is what it mostly has under way."""
    told = said(under_way=[9] + [2] * (OVER - 1))
    assert told[0]["atOnce"] == 2


def test_idle_is_only_counted_while_there_is_work() -> None:
    """A machine that nobody needs is no waste."""
    assert idle_share([100, 50, 0, 0], [2, 2, 0, 0]) == 0.25
    assert idle_share([130], [1]) == 0.0
    assert idle_share([0, 0], [0, 0]) == 0.0
