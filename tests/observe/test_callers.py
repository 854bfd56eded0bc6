"""Who calls a demo as Immich does."""

from __future__ import annotations

from immich_ml_proxy.observe.callers import Callers


def test_without_a_call_there_is_nothing_to_warn_about() -> None:
    """Most demos are only looked at."""
    assert (Callers().warning, Callers().told()) == ("", None)


def test_the_first_call_is_news() -> None:
    """What comes after it is counted, and not said again."""
    callers = Callers()
    news = [
        callers.called(10.5, "192.168.1.5", for_vectors=False),
        callers.called(40.5, "192.168.1.5", for_vectors=False),
        callers.called(41.0, "192.168.1.5", for_vectors=True),
        callers.called(42.0, "192.168.1.6", for_vectors=True),
        callers.called(70.5, "192.168.1.6", for_vectors=False),
    ]
    assert news == [True, False, False, False, False]
    told = callers.told()
    assert told is not None
    assert told.pop("text") == callers.warning
    assert told == {
        "address": "192.168.1.6",
        "first": 10,
        "last": 70,
        "calls": 5,
        "answered": 2,
    }


def test_the_warning_says_what_to_do() -> None:
    """Who reads it in the log may never see the page."""
    callers = Callers()
    callers.called(1.0, "192.168.1.5", for_vectors=False)
    assert callers.warning == (
        "Immich at 192.168.1.5 calls this demo. These vectors are invented: "
        "take this address out of Immich, and have done again what it got here."
    )
