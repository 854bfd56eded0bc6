"""A demo says that it is one: to the pages, in its answers, and in the log."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from twisted.logger import capturedLogs, formatEvent

from tests.conftest import Logged
from tests.demo_requests import TEXTUAL
from tests.fakes import document, serve
from tests.memory_proxy import Proxy, http, posted, text_form
from tests.network import Network

MARK = "x-immich-ml-demo"
NODE = {"User-Agent": "node"}


@pytest.fixture
def demo(start_proxy: Callable[..., Proxy]) -> Iterator[Proxy]:
    """A proxy with ``--demo``, started."""
    proxy = start_proxy(None, "--demo")
    proxy.start_checks()
    yield proxy
    proxy.service.stopService()


def told(proxy: Proxy) -> Any:
    """Return the state of the demo."""
    return proxy.get("/api/demo").json()["demo"]


def search(proxy: Proxy, agent: str) -> Any:
    """Send a search, and return what is answered, if anything is."""
    client = proxy.send(posted(text_form(TEXTUAL), User_Agent=agent))
    proxy.network.advance(60)
    return client.answer


def test_without_a_demo_there_is_nothing_to_see(
    network: Network, start_proxy: Callable[..., Proxy]
) -> None:
    """No mark, no switch, and nobody is warned about."""
    serve(network, "nas")
    proxy = start_proxy(document("nas"))
    proxy.start_checks()
    answer = proxy.get("/api/demo")
    assert (answer.status, answer.json()) == (200, {"demo": None})
    refused = proxy.post("/api/demo", {"trouble": True})
    assert refused.status == 400
    assert refused.error == "no demo is running: start the proxy with --demo for one"
    with capturedLogs() as events:
        answer = proxy.ask(posted(text_form(TEXTUAL), User_Agent="node"))
    assert answer.status == 200 and MARK not in answer.headers
    assert MARK not in proxy.get("/ping").headers
    assert not [event for event in events if "warning" in event]


def test_a_demo_says_what_it_is(demo: Proxy) -> None:
    """Which machines are simulated, that they have work, and that all is invented."""
    state = told(demo)
    assert "invented" in state.pop("text")
    assert state == {
        "simulated": True,
        "machines": ["simulated-gpu", "simulated-mac", "simulated-nas"],
        "playing": True,
        "trouble": {"on": False, "machine": None, "what": None, "until": None},
        "caller": None,
    }


def test_trouble_is_switched_on_and_off(demo: Proxy) -> None:
    """With the machine that it befalls, and the time of day at which it ends."""
    network = demo.network
    network.ahead = 1000.0
    switched = demo.post("/api/demo", {"trouble": True}).json()["demo"]
    assert switched == told(demo)
    assert switched["trouble"] == {
        "on": True,
        "machine": "simulated-gpu",
        "what": "down",
        "until": round(network.wall() + 35),
    }
    network.advance(10)
    assert told(demo) == switched, "it changes only when something happens"
    assert demo.post("/api/demo", {"trouble": False}).json()["demo"]["trouble"] == {
        "on": False,
        "machine": None,
        "what": None,
        "until": None,
    }


@pytest.mark.parametrize(
    "wish",
    [{}, {"trouble": True, "end": True}, {"trouble": 1}, [], {"more": 1}, {"end": "1"}],
)
def test_a_wish_that_is_none_is_refused(demo: Proxy, wish: object) -> None:
    """The error shows what would be right."""
    refused = demo.post("/api/demo", wish)
    assert refused.status == 400
    assert '{"trouble": true}' in refused.error
    assert told(demo)["trouble"]["on"] is False


def test_no_other_page_switches_anything(demo: Proxy) -> None:
    """As with all that changes something."""
    foreign = {"Origin": "http://elsewhere"}
    assert demo.post("/api/demo", {"end": True}, **foreign).status == 403
    assert told(demo) is not None


def test_every_answer_that_may_be_invented_is_marked(demo: Proxy) -> None:
    """Whatever the answer, for whoever asks."""
    assert search(demo, "curl/8").headers[MARK] == "simulated"
    client = demo.send(http("GET", "/ping"))
    demo.network.advance(5)
    assert client.answer.headers[MARK] == "simulated"
    assert told(demo)["caller"] is None


@pytest.mark.parametrize("agent", ["node", "undici"])
def test_immich_is_warned_about_once(demo: Proxy, agent: str) -> None:
    """In the log at its first call; the pages count on."""
    with capturedLogs() as events:
        for _ in range(3):
            demo.send(http("GET", "/ping", headers={"User-Agent": agent}))
            demo.network.advance(5)
        for _ in range(3):
            search(demo, agent)
    lines = [formatEvent(event) or "" for event in events if "warning" in event]
    [line] = lines
    assert "take this address out of Immich" in line
    caller = told(demo)["caller"]
    assert caller["text"] == line
    assert (caller["calls"], caller["answered"]) == (6, 3)
    assert 0 <= caller["first"] < caller["last"] <= demo.network.wall()


def test_the_end_of_a_demo_is_an_empty_configuration(
    demo: Proxy, tmp_path: Path
) -> None:
    """Nothing is written, answers are marked no more, and there is no way back."""
    demo.post("/api/demo", {"trouble": True})
    assert demo.post("/api/demo", {"end": True}).json() == {"demo": None}
    assert told(demo) is None
    config = demo.get("/api/config").json()
    assert (config["backends"], config["defaultBackend"]) == ([], "")
    assert list(tmp_path.iterdir()) == []
    assert MARK not in search(demo, "node").headers
    assert demo.post("/api/demo", {"trouble": True}).status == 400


def test_the_end_of_a_demo_is_what_the_file_says(demo: Proxy) -> None:
    """Who began with a demo beside their own configuration gets that."""
    own = document("nas")
    demo.file.write_text(json.dumps(own))
    demo.post("/api/demo", {"end": True})
    assert demo.get("/api/config").json() == own
    demo.post("/api/backends/nas", {"state": "drain"})
    assert json.loads(demo.file.read_text())["backends"][0]["state"] == "drain"


def test_a_file_that_cannot_be_used_is_told_at_the_end_of_a_demo(
    demo: Proxy, logged: Logged
) -> None:
    """As it would have been at the start."""
    demo.file.write_text("{")
    demo.post("/api/demo", {"end": True})
    assert "not JSON" in demo.get("/api/status").json()["configError"]
    [line] = logged.expect()
    assert "until one is saved at /config" in line


def test_other_servers_end_the_demo_and_get_no_invented_work(demo: Proxy) -> None:
    """Beside simulated ones it stays a demo, without work; alone they end it."""
    mixed = demo.get("/api/config").json()
    mixed["backends"].append({"name": "nas", "url": "http://nas:3003"})
    demo.post("/api/config", mixed)
    assert told(demo)["playing"] is False
    demo.post("/api/config", document("nas"))
    assert told(demo) is None


def test_the_state_of_a_demo_is_not_recorded(demo: Proxy) -> None:
    """Every page asks for it again and again."""
    demo.post("/api/debug/toggle", {"enabled": True})
    told(demo)
    assert demo.get("/api/debug/records").json() == []


def test_every_route_has_a_name_of_its_own(demo: Proxy) -> None:
    """Klein would answer with the one that was added last, without a word."""
    app = demo.site.resource._app
    names = Counter(rule.endpoint for rule in app.url_map.iter_rules())
    assert [name for name, count in names.items() if count > 1] == []
