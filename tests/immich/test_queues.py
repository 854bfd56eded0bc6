"""Immich is asked while somebody looks at the overview, and only then."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from twisted.web.resource import Resource

from immich_ml_proxy.immich.queues import PERIOD, TIMEOUT
from tests.fakes import QuietSite, document, serve
from tests.memory_proxy import Proxy
from tests.network import Network

KEY = "s3cret"
ASKED = {"immich": {"url": "immich:2283", "apiKey": KEY}}


class FakeImmich(Resource):
    """
    Immich's API, as far as it tells of queues.

    :ivar version: with ``queues``, or ``jobs`` before 2.3.
    :ivar key: that it knows.
    :ivar waiting: jobs of smart search.
    :ivar asked: paths, in order.
    """

    isLeaf = True

    def __init__(self) -> None:
        super().__init__()
        self.version = "queues"
        self.key = KEY
        self.waiting = 80
        self.asked: list[str] = []

    def render(self, request: Any) -> bytes:
        """Answer; see ``Resource``."""
        path = request.path.decode()
        self.asked.append(path)
        counts = {"active": 2, "waiting": self.waiting}
        told: Any = {"message": "not found"}
        if request.getHeader("x-api-key") != self.key:
            request.setResponseCode(401)
        elif path == "/api/queues" and self.version == "queues":
            queue = {"name": "smartSearch", "isPaused": False, "statistics": counts}
            told = [queue]
        elif path == "/api/jobs":
            status = {"isPaused": True}
            told = {"smartSearch": {"jobCounts": counts, "queueStatus": status}}
        else:
            request.setResponseCode(404)
        return json.dumps(told).encode()


@pytest.fixture
def immich(network: Network) -> FakeImmich:
    """An Immich at ``immich:2283``."""
    fake = FakeImmich()
    network.serve("immich", QuietSite(fake, network), 2283)
    return fake


@pytest.fixture
def proxy(
    network: Network, start_proxy: Callable[..., Proxy], immich: FakeImmich
) -> Proxy:
    """A proxy that may ask it."""
    serve(network, "a")
    return start_proxy({**document("a"), **ASKED})


def left(proxy: Proxy, wait: float = 0.0) -> Any:
    """Return what a page is told a moment after it has asked."""
    proxy.get("/api/overview")
    proxy.network.advance(wait or 0.1)
    told = proxy.get("/api/overview").json()["left"]
    assert told["source"] == "immich"
    return told


def test_it_tells_how_much_is_left(proxy: Proxy) -> None:
    """What is under way, and what waits."""
    proxy.network.advance(1)
    told = left(proxy, 1.0)
    assert told["error"] is None
    assert told["kinds"]["clip"]["left"] == 82
    assert told["asked"] == pytest.approx(proxy.network.wall(), abs=1.2)


def test_nobody_looks_nobody_asks(proxy: Proxy, immich: FakeImmich) -> None:
    """And of all who look only one, every ten seconds."""
    proxy.network.advance(60)
    assert immich.asked == []
    for _ in range(30):
        left(proxy, 1.0)
    assert 3 <= len(immich.asked) <= 4
    assert PERIOD == 10


def test_an_immich_before_version_2_3(proxy: Proxy, immich: FakeImmich) -> None:
    """It has another path and another form."""
    immich.version = "jobs"
    told = left(proxy, 1.0)
    assert told["kinds"]["clip"]["left"] == 82
    assert told["kinds"]["clip"]["paused"] is True
    assert immich.asked == ["/api/queues", "/api/jobs"]


def test_a_key_that_is_not_known(proxy: Proxy, immich: FakeImmich) -> None:
    """A sentence; later it may be."""
    immich.key = "another"
    assert "does not know the API key" in left(proxy, 1.0)["error"]
    immich.key = KEY
    proxy.network.advance(PERIOD)
    assert left(proxy, 1.0)["error"] is None


def test_an_immich_that_is_away(proxy: Proxy, network: Network) -> None:
    """Or does not answer in time."""
    network.close("immich", 2283)
    assert "cannot be asked at http://immich:2283" in left(proxy, 2.0)["error"]
    network.unreachable.add("immich")
    network.advance(PERIOD)
    proxy.get("/api/overview")
    assert "timed out" in left(proxy, TIMEOUT + 0.1)["error"]


def test_another_immich_is_asked_at_once(proxy: Proxy, immich: FakeImmich) -> None:
    """And none when it is taken out; what is under way then is given up."""
    proxy.get("/api/overview")
    proxy.post("/api/config", document("a"))
    proxy.network.advance(1)
    assert proxy.get("/api/overview").json()["left"]["source"] == "counts"
    proxy.post("/api/config", {**document("a"), **ASKED})
    assert left(proxy, 1.0)["kinds"]["clip"]["left"] == 82


def test_the_key_is_shown_to_nobody(proxy: Proxy, immich: FakeImmich) -> None:
    """It stands in the file; pages see a mask, and save it without harm."""
    proxy.post("/api/debug/toggle", {"enabled": True})
    left(proxy, 1.0)
    shown = proxy.get("/api/config")
    assert shown.json()["immich"] == {"url": "immich:2283", "apiKey": "***"}
    saved = proxy.post("/api/config", shown.json())
    assert saved.status == 200
    proxy.post("/api/backends/a", {"state": "drain"})
    bad = proxy.post("/api/config", {**shown.json(), "backends": 3})
    texts = [one.body for one in (shown, saved, bad)]
    for path in ("/api/debug/records", "/api/overview", "/api/status"):
        texts.append(proxy.get(path).body)
    assert not any(KEY.encode() in text for text in texts)
    assert json.loads(proxy.file.read_text())["immich"]["apiKey"] == KEY
    assert left(proxy, PERIOD)["error"] is None
