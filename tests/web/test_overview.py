"""``/api/overview`` and its buttons, over HTTP."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from typing import Any

import pytest

from tests.conftest import Logged
from tests.demo_requests import FACES, VISUAL
from tests.deployment import Deployment
from tests.fakes import FakeBackend, document, serve
from tests.memory_proxy import Answer, Proxy, http, photo_form, posted
from tests.network import Network

Start = Callable[..., Proxy]
Deploy = Callable[..., Deployment]
WAKE = {"wakeOnLan": {"mac": "00:11:22:aa:bb:cc"}}


@pytest.fixture
def fakes(network: Network) -> dict[str, FakeBackend]:
    """Two ML servers."""
    return serve(network, "a", "b")


@pytest.fixture
def proxy(start_proxy: Start, fakes: dict[str, FakeBackend]) -> Proxy:
    """A proxy in front of them, with all that runs by itself."""
    proxy = start_proxy(document("a", "b"))
    proxy.start_checks()
    return proxy


@pytest.fixture
def deploy(network: Network, start_proxy: Start) -> Deploy:
    """Builds a deployment."""
    return lambda backends, **more: Deployment(network, start_proxy, backends, **more)


def overview(proxy: Proxy, query: str = "", **headers: str) -> Any:
    """Return what a page is told."""
    return proxy.get(f"/api/overview{query}", **headers).json()


def test_what_is_answered_shows(proxy: Proxy) -> None:
    """A second later; and then only what is new."""
    for _ in range(4):
        assert proxy.ask(posted(photo_form(VISUAL))).status == 200
    proxy.network.advance(1.1)
    told = overview(proxy)
    assert told["full"] is True
    assert {one["name"]: one["perMinute"] for one in told["machines"]} == {
        "a": {"clip": 2},
        "b": {"clip": 2},
    }
    assert told["plot"]["images"] == {"a": [2], "b": [2]}
    assert told["left"]["kinds"]["clip"]["done"] == 4
    later = overview(proxy, f"?since={told['cursor']}")
    assert later["full"] is False
    assert later["plot"]["images"] == {}
    assert overview(proxy, "?plot=24h")["plot"]["images"] == {"a": [2], "b": [2]}


def test_a_page_that_has_it_all_is_told_so(proxy: Proxy) -> None:
    """304, by the tag; whether it takes gzip makes another tag."""
    proxy.network.advance(1.1)
    cursor = overview(proxy)["cursor"]
    path = f"/api/overview?since={cursor}"
    cursor = proxy.get(path).json()["cursor"]
    path = f"/api/overview?since={cursor}"
    plain = proxy.get(path)
    assert plain.headers["cache-control"] == "no-cache"
    assert plain.headers["vary"] == "Accept-Encoding"
    again = _conditional(proxy, path, plain.headers["etag"])
    assert (again.status, again.body) == (304, b"")
    packed = proxy.get(path, **{"Accept-Encoding": "gzip, br"})
    assert packed.headers["content-encoding"] == "gzip"
    assert packed.headers["etag"] != plain.headers["etag"]
    assert json.loads(gzip.decompress(packed.body)) == plain.json()
    proxy.ask(posted(photo_form(VISUAL)))
    proxy.network.advance(1.1)
    assert proxy.get(path, **{"If-None-Match": plain.headers["etag"]}).status == 200


def _conditional(proxy: Proxy, path: str, tag: str) -> Answer:
    return proxy.get(path, **{"If-None-Match": tag})


def test_a_plot_that_there_is_not(proxy: Proxy) -> None:
    """It is the asker's mistake."""
    answer = proxy.get("/api/overview?plot=1y")
    assert (answer.status, answer.error) == (400, "plot: must be one of 15m, 24h")


def test_nonsense_in_the_address_is_no_trouble(proxy: Proxy) -> None:
    """The page gets all."""
    for query in ("?since=%FF%00", "?since=", "?since=1&since=2", "?other=3"):
        assert overview(proxy, query)["full"] is True


def test_immichs_first_call_is_seen(proxy: Proxy) -> None:
    """By what Node's ``fetch`` sends; a page or a script is somebody else."""
    proxy.ask(http("GET", "/ping", headers={"User-Agent": "curl/8.5"}))
    assert overview(proxy)["immich"]["firstCall"] is None
    proxy.network.advance(5)
    proxy.ask(http("GET", "/ping", headers={"User-Agent": "node"}))
    first = overview(proxy)["immich"]["firstCall"]
    assert first == pytest.approx(proxy.network.wall(), abs=0.2)
    proxy.network.advance(5)
    proxy.ask(posted(photo_form(VISUAL), User_Agent="node"))
    assert overview(proxy)["immich"]["firstCall"] == first


def test_a_picture_is_immichs_first_call_as_well(proxy: Proxy) -> None:
    """Its pings may be switched off."""
    proxy.ask(posted(photo_form(VISUAL), User_Agent="node"))
    assert overview(proxy)["immich"]["firstCall"] is not None


def test_a_demo_and_recording_are_told(start_proxy: Start) -> None:
    """Every page must say so."""
    assert overview(start_proxy(None))["demo"] is None
    proxy = start_proxy(document("a"), "--debug")
    assert overview(proxy)["recording"] is True
    proxy.post("/api/debug/toggle", {"enabled": False})
    assert overview(proxy)["recording"] is False


def test_a_machine_is_woken_by_hand(network: Network, start_proxy: Start) -> None:
    """As often as one likes, and it is told when."""
    config = document("a", "b")
    config["backends"][0] |= WAKE
    proxy = start_proxy(config)
    answer = proxy.post("/api/wake", {"machine": "a"})
    assert answer.json() == {"text": "a was sent a wake-up call."}
    told = overview(proxy)
    assert told["machines"][0]["woken"] == pytest.approx(network.wall(), abs=0.2)
    assert told["events"][-1]["kind"] == "woken"
    proxy.post("/api/wake", {"machine": "a"})
    assert [one[1:] for one in network.datagrams] == [("255.255.255.255", 9)] * 2


@pytest.mark.parametrize(
    ("body", "status", "error"),
    [
        ({"machine": "b"}, 400, "b has no wakeOnLan: set its MAC address at /config"),
        ({"machine": "z"}, 404, "there is no machine named 'z'"),
        ({}, 400, 'the body must be like {"machine": "gaming-pc"}'),
    ],
)
def test_who_cannot_be_woken(
    proxy: Proxy, body: object, status: int, error: str
) -> None:
    """Why, and what to do."""
    answer = proxy.post("/api/wake", body)
    assert answer.status == status
    assert answer.error.startswith(error)


def test_a_foreign_page_wakes_nobody(proxy: Proxy) -> None:
    """Nor does it try an address, or change a route."""
    for path in ("/api/wake", "/api/try", "/api/routes/ocr"):
        answer = proxy.post(path, {}, Origin="http://evil.example")
        assert answer.status == 403


def test_what_is_held_goes_to_another_machine_at_once(
    deploy: Deploy, network: Network
) -> None:
    """The button: the machine is put on the route, and what waits is its work now."""
    deployment = deploy(
        {"a": {}, "b": {}},
        defaultBackend=["b"],
        healthCheckInterval=10,
        taskRouting={"facial-recognition": {"backends": ["a"], "holdSeconds": 120}},
    )
    proxy = deployment.proxy
    deployment.stop("a")
    network.advance(11)
    clients = [proxy.send(posted(photo_form(FACES))) for _ in range(3)]
    network.advance(2)
    route = overview(proxy)["routes"][1]
    assert route["waiting"][0]["held"] == 3
    assert route["waiting"][0]["takers"] == ["b"]
    key = route["waiting"][0]["task"]
    answer = proxy.post(f"/api/routes/{key}", {"add": "b"})
    assert answer.json()["text"] == "b does faces, too."
    assert answer.json()["taskRouting"] == {
        "facial-recognition": {"backends": ["a", "b"], "holdSeconds": 120}
    }
    network.flush()
    assert [client.answer.status for client in clients] == [200] * 3
    assert overview(proxy)["routes"][1]["waiting"] == []
    answer = proxy.post(f"/api/routes/{key}", {"remove": "b"})
    assert answer.json()["text"] == "b does no faces now."
    saved = json.loads(proxy.file.read_text())["taskRouting"]["facial-recognition"]
    assert saved["backends"] == ["a"]


@pytest.mark.parametrize(
    ("body", "error"),
    [
        ({"add": "z"}, "there is no machine named 'z'"),
        ({"remove": "b", "add": "a"}, "the body must have one of add and remove"),
        ({}, "the body must have one of add and remove"),
        ({"add": 3}, 'the body must be like {"add": "mac-mini"}'),
    ],
)
def test_routes_that_cannot_be_changed_so(
    proxy: Proxy, body: object, error: str
) -> None:
    """Nothing is changed then."""
    answer = proxy.post("/api/routes/ocr", body)
    assert answer.status == 400
    assert answer.error.startswith(error)
    assert overview(proxy)["proxy"]["config"] == 0


def test_a_look_that_fails_ends_nothing(
    proxy: Proxy, logged: Logged, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is a mistake of ours: it is logged, and the next second is looked at."""
    looks = []

    def look(moment: object) -> None:
        looks.append(moment)
        raise RuntimeError("a mistake")

    ticker = next(one for one in proxy.service if type(one).__name__ == "Ticker")
    monkeypatch.setattr(ticker, "_look", look)
    proxy.network.advance(3)
    assert len(looks) >= 2
    assert logged.expect(RuntimeError)
    assert proxy.ask(posted(photo_form(VISUAL))).status == 200
