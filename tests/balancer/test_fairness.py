"""Who goes first, and that nobody waits for ever."""

from __future__ import annotations

import pytest

from tests.balancer.demands import image, pool_of
from tests.balancer.requests import Requests, one_at_a_time


def test_searches_go_before_images() -> None:
    """Among them, first come first served."""
    requests = one_at_a_time()
    for name in ("i1", "i2", "s1", "i3", "s2"):
        requests.ask(name)
    order = [requests.release(name)[0] for name in ("i1", "s1", "s2", "i2")]
    assert order == ["s1>a", "s2>a", "i2>a", "i3>a"]


def two_routes() -> Requests:
    """Return requests for one backend that two routes use."""
    backend = {"name": "a", "maxConcurrent": 1}
    return Requests(
        pool_of(backend, taskRouting={"faces": "a", "ocr": {"backends": ["a"]}})
    )


def test_searches_of_one_route_go_before_images_of_another() -> None:
    """What matters is the backend that they share."""
    requests = two_routes()
    faces = requests.route("faces")
    requests.ask("i1", image(faces))
    requests.ask("i2", image(faces))
    requests.ask("s1")
    assert requests.release("i1") == ["s1>a"]


def test_images_of_two_routes_take_turns() -> None:
    """First come first served: an import of faces does not keep OCR waiting."""
    requests = two_routes()
    faces, ocr = requests.route("faces"), requests.route("ocr")
    requests.ask("i0", image(faces))
    for n in range(3):
        requests.ask(f"f{n}", image(faces))
        requests.ask(f"o{n}", image(ocr))
    order = [requests.release(name)[0] for name in ("i0", "f0", "o0", "f1", "o1", "f2")]
    assert order == ["f0>a", "o0>a", "f1>a", "o1>a", "f2>a", "o2>a"]


@pytest.mark.parametrize("key", ["default", "ocr"])
def test_after_eight_searches_an_image_goes(key: str) -> None:
    """Also when it waits in another line than the searches."""
    requests = two_routes()
    requests.ask("first", image(requests.route("faces")))
    requests.ask("i", image(requests.route(key)))
    for n in range(20):
        requests.ask(f"s{n}")
    order, last = [], "first"
    while "i" not in requests.at:
        [granted] = requests.release(last)
        last = granted.split(">")[0]
        order.append(last)
    assert order == [*(f"s{n}" for n in range(8)), "i"]


def test_searches_that_never_stop_do_not_starve_an_image() -> None:
    """Where they may go beyond the limit, too: it was found, not written."""
    requests = Requests(pool_of({"name": "a"}))
    requests.pool["a"].limiter.limit = 1
    requests.ask("first")
    requests.ask("i", image(requests.route()))
    assert requests.granted == ["first>a"]
    requests.ask("s0")
    requests.release("first")
    count = 0
    while "i" not in requests.at and count < 500:
        count += 1
        requests.ask(f"s{count}")
        here = [name for name in requests.at if name[0] == "s"]
        requests.release(here[0])
    assert "i" in requests.at


def test_who_waits_is_held_up_by_its_own_kind_only() -> None:
    """OCR is full: pictures for clip go on, though OCR came first."""
    pool = pool_of({"name": "a", "maxConcurrent": 2, "limits": {"ocr": 1}})
    requests = Requests(pool)
    ocr = [image(requests.route(), "ocr") for _ in range(2)]
    requests.ask("o1", ocr[0])
    requests.ask("o2", ocr[1])
    requests.ask("i1")
    assert requests.granted == ["o1>a", "i1>a"]
    requests.ask("i2")
    assert requests.release("i1") == ["i2>a"]
    assert requests.release("o1") == ["o2>a"]


def test_who_may_not_go_everywhere_holds_nobody_up_who_may() -> None:
    """A request that ``a`` has failed waits for ``b``; those behind it take ``a``."""
    pool = pool_of({"name": "a", "maxConcurrent": 1}, {"name": "b", "maxConcurrent": 1})
    requests = Requests(pool)
    requests.ask("i1")
    requests.ask("i2")
    requests.ask("retried", tried=frozenset({pool["a"]}))
    requests.ask("i3")
    assert requests.release("i1") == ["i3>a"]
    assert requests.release("i2") == ["retried>b"]
