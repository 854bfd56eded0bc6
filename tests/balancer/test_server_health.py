"""Whether a backend should be asked, and what people are told of it."""

from __future__ import annotations

import pytest

from immich_ml_proxy.balancer.abilities import TRY_AGAIN_AFTER
from immich_ml_proxy.balancer.breaker import TRIP_AFTER
from immich_ml_proxy.balancer.demand import Demand
from immich_ml_proxy.balancer.health import Health
from immich_ml_proxy.balancer.server import Server
from immich_ml_proxy.config.model import Backend, StatedAbilities
from tests.balancer.demands import image, needing, search, server

NOW = 10.0
OCR = image(task="ocr")
LOGIN = "needs a login: 401 at /predict"
OUT = (
    "ocr: failed 3 requests in a row that other machines then answered; "
    "tried again in 5 s"
)


def failing(one: Server, *tasks: str, now: float = NOW) -> Server:
    """Have a backend fail a task until it is out."""
    for _ in range(TRIP_AFTER):
        one.breakers.failed(tasks, now)
    return one


def after(*served: Demand) -> Server:
    """Return a backend that has served these."""
    one = server()
    for demand in served:
        one.has_served(demand, 1.0)
    return one


def ready(one: Server, demand: Demand | None = None, now: float = NOW) -> bool:
    """Return whether a picture, or ``demand``, should go there."""
    return one.is_ready(demand or image(), now)


@pytest.mark.parametrize(
    ("state", "shown"),
    [("enabled", "healthy"), ("drain", "healthy"), ("disabled", "unknown")],
)
def test_only_an_enabled_backend_takes_requests(state: str, shown: str) -> None:
    """What is shown of one that drains is what pings tell."""
    one = server(state=state)
    assert one.is_healthy(2.0) == one.is_enabled == (state == "enabled")
    assert one.reported(2.0).status == shown
    assert one.reported(2.0).last_check == 1.0
    assert one.reported(2.0).error == ("disabled" if state == "disabled" else "")
    assert ready(one) == (state == "enabled")


def test_a_backend_that_is_down_or_unknown_is_not_ready() -> None:
    """Whatever it has served."""
    one = after(image())
    one.observe("timed out", 2.0)
    assert not ready(one)
    assert not one.is_healthy(NOW)
    assert one.reported(NOW) == Health("unhealthy", 2.0, "timed out")
    fresh = Server(Backend(name="a", url="http://a"))
    assert not ready(fresh)
    assert fresh.reported(NOW) == Health()


def test_a_backend_is_busy_until_its_time_has_come() -> None:
    """It is well, and it is said for how long."""
    one = server()
    one.busy_until = NOW + 2
    assert one.is_healthy(NOW)
    assert not ready(one)
    assert not ready(one, now=NOW + 1.9)
    assert ready(one, now=NOW + 2)
    assert one.reported(NOW).status == "healthy"
    assert one.notes(NOW) == ["busy: wants nothing for 2 s more"]
    assert one.notes(NOW + 2) == []


def test_a_task_that_is_out_leaves_the_others() -> None:
    """If it serves another one it is healthy, with a note."""
    one = failing(after(image()), "ocr")
    assert one.is_healthy(NOW)
    assert ready(one)
    assert not ready(one, OCR)
    assert ready(one, OCR, NOW + 5)
    assert one.reported(NOW).status == "healthy"
    assert one.notes(NOW) == [OUT]
    assert one.notes(NOW + 5) == []


@pytest.mark.parametrize("served", [(), (OCR,)])
def test_a_backend_that_fails_all_it_does_is_unhealthy(
    served: tuple[Demand, ...],
) -> None:
    """
    In these words, until its time has come; a ping does not bring it back. A task that
    it has not been asked for yet it may do: that is tried.
    """
    one = failing(after(*served), "ocr")
    one.observe(None, 3.0)
    assert not one.is_healthy(NOW)
    assert not ready(one, OCR)
    assert ready(one)
    assert one.reported(NOW) == Health("unhealthy", 3.0, OUT)
    assert one.is_healthy(NOW + 5)
    assert one.reported(NOW + 5).status == "healthy"


def test_all_that_it_fails_is_told() -> None:
    """Each task with its own time; long names are cut."""
    one = failing(failing(server(), "ocr"), "t" * 99, now=NOW + 1)
    told = one.reported(NOW + 1).error.split("; ")
    assert told[0].startswith("ocr: failed 3 requests")
    assert told[1] == "tried again in 4 s"
    assert told[2].startswith("t" * 59 + "\u2026: failed 3")
    assert told[3] == "tried again in 5 s"
    assert len(one.notes(NOW + 1)) == 2


def test_a_pause_is_not_shown() -> None:
    """It is a second."""
    one = server()
    one.breakers.pause(["clip"], NOW + 1)
    assert not ready(one)
    assert ready(one, OCR)
    assert one.reported(NOW).status == "healthy"
    assert one.notes(NOW) == []


def test_where_another_was_faster_by_far_others_go_first() -> None:
    """For a while, for this task; that makes it no worse in people's eyes."""
    one = server()
    one.detours.failed(["clip"], NOW)
    assert not ready(one)
    assert ready(one, OCR)
    assert one.is_healthy(NOW)
    assert one.reported(NOW).status == "healthy"
    assert ready(one, now=NOW + 5)
    one.has_served(image(), 1.0)
    assert ready(one)


def test_a_server_that_denies_all_is_unhealthy() -> None:
    """In its own words; tried again after ten minutes."""
    one = server()
    one.denied(LOGIN, NOW)
    assert not one.is_healthy(NOW)
    assert not ready(one)
    assert one.reported(NOW) == Health("unhealthy", 1.0, LOGIN)
    later = NOW + TRY_AGAIN_AFTER
    assert not one.is_healthy(later - 0.1)
    assert one.is_healthy(later)
    assert one.reported(later).status == "healthy"
    assert one.notes(later) == []


def test_a_server_that_denies_some_is_healthy_with_a_note() -> None:
    """What it serves it goes on with."""
    one = after(image())
    one.denied(LOGIN, NOW)
    assert one.is_healthy(NOW)
    assert ready(one)
    assert one.reported(NOW).status == "healthy"
    assert one.notes(NOW) == [LOGIN]


def test_who_was_away_may_be_another() -> None:
    """What it cannot, denies and does is forgotten; a mere ping forgets nothing."""
    one = after(image())
    one.abilities.refused(OCR.need, NOW)
    one.denied(LOGIN, NOW)
    one.observe(None, NOW)
    assert not ready(one, OCR)
    assert one.notes(NOW) == ["cannot: ocr/visual (ViT-B-32__openai)", LOGIN]
    one.observe("timed out", NOW)
    one.observe("timed out", NOW)
    assert not one.can(OCR, NOW)
    one.observe(None, NOW)
    assert one.notes(NOW) == []
    assert ready(one, OCR)
    one.denied(LOGIN, NOW)
    assert one.reported(NOW).error == LOGIN


def test_nothing_is_held_against_who_is_untroubled() -> None:
    """Neither breaker, nor detour, nor denial."""
    assert server().is_untroubled
    assert not Server(Backend(name="a", url="http://a")).is_untroubled
    assert not failing(server(), "ocr").is_untroubled
    slow = server()
    slow.detours.failed(["clip"], NOW)
    assert not slow.is_untroubled
    denied = server()
    denied.denied(LOGIN, NOW)
    assert not denied.is_untroubled


def test_what_it_cannot_do_is_not_asked_of_it() -> None:
    """It is well, and it is said what it cannot do."""
    one = server()
    one.abilities.refused(OCR.need, NOW)
    one.abilities.refused(search().need, NOW)
    assert not ready(one, OCR)
    assert ready(one)
    assert one.reported(NOW).status == "healthy"
    assert one.notes(NOW) == [
        "cannot: ocr/visual (ViT-B-32__openai), clip/textual (ViT-B-32__openai)"
    ]


def test_bodies_that_are_too_large_are_not_sent_there() -> None:
    """By the size of the demand; what is served says that it is none."""
    one = server()
    one.abilities.too_large(image().size, NOW)
    assert not one.can(image(), NOW)
    assert one.can(search(), NOW)
    one.has_served(image(), 1.0)
    assert one.can(image(), NOW)


def test_what_is_stated_is_taken_from_the_configuration() -> None:
    """Also from a new one."""
    stated = StatedAbilities(tasks=("clip",))
    one = server(abilities=stated)
    assert one.can(image(), NOW)
    assert not one.can(OCR, NOW)
    one.reconfigure(Backend(name="a", url=one.backend.url))
    assert one.can(OCR, NOW)
    one.reconfigure(Backend(name="a", url=one.backend.url, abilities=stated))
    assert not one.can(OCR, NOW)


def test_what_is_served_forgives() -> None:
    """The breakers of its tasks, and what was thought impossible; it is counted."""
    one = failing(server(), "clip", "ocr")
    one.abilities.refused(image().need, NOW)
    one.has_served(image(), 1.0)
    assert one.served == 1
    assert not one.breakers.is_open(["clip"], NOW)
    assert one.breakers.is_open(["ocr"], NOW)
    assert one.can(image(), NOW)
    assert one.abilities.has_served(image().need)
    assert not one.abilities.has_served(needing("clip", "visual", model="m")[-1])
