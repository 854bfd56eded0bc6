"""A bug of ours ends the request that meets it, and nothing else."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from immich_ml_proxy.protocol import routing
from immich_ml_proxy.web import config as config_endpoints
from tests.conftest import Logged
from tests.demo_requests import TEXTUAL
from tests.fakes import Fleet, document, serve
from tests.memory_proxy import Proxy, posted, text_form
from tests.network import Network

Start = Callable[..., Proxy]
SEARCH = posted(text_form(TEXTUAL), X_Request_ID="t1")


class Bug(Exception):
    """Something nobody has thought of."""


def fail(*arguments: Any, **options: Any) -> Any:
    """Be a bug."""
    raise Bug("oh")


@pytest.fixture
def proxy(network: Network, start_proxy: Start) -> Proxy:
    """A proxy with one server."""
    serve(network, "ml")
    return start_proxy(document("ml"))


def test_a_bug_in_the_api_is_answered_and_logged_once(
    proxy: Proxy, monkeypatch: pytest.MonkeyPatch, logged: Logged
) -> None:
    """With the name of the request, and without a traceback in the answer."""
    with monkeypatch.context() as patched:
        patched.setattr(config_endpoints, "status", fail)
        client = proxy.send(
            b"GET /api/status HTTP/1.1\r\nHost: a\r\nX-Request-ID: t1\r\n\r\n"
        )
    assert client.answer.status == 500
    assert client.answer.error == (
        "the proxy has a bug; what is known of it stands in its log, at t1"
    )
    [told] = logged.expect()
    assert told.startswith("t1: a bug of the proxy ended GET /api/status\n")
    assert "Bug: oh" in told
    client.send(b"GET /api/status HTTP/1.1\r\nHost: a\r\n\r\n")
    assert client.answers()[-1].status == 200


@pytest.mark.parametrize("pieces", [1, 3])
def test_a_bug_in_a_predict_gives_everything_back(
    proxy: Proxy, monkeypatch: pytest.MonkeyPatch, logged: Logged, pieces: int
) -> None:
    """Its place, its body, its connection; whether it met it early or late."""
    with monkeypatch.context() as patched:
        patched.setattr(routing, "groups", fail)
        size = len(SEARCH) // pieces + 1
        client = proxy.send(
            *(SEARCH[at : at + size] for at in range(0, len(SEARCH), size))
        )
    assert client.answer.status == 500
    [told] = logged.expect(Bug)
    assert told.startswith("t1: a bug of the proxy ended POST /predict\n")
    assert proxy.site.admission.budget.used == 0
    assert not proxy.site.active
    assert client.send(SEARCH).answers()[-1].status == 200


def test_a_bug_in_a_round_of_pings_is_not_the_last_round(
    monkeypatch: pytest.MonkeyPatch, logged: Logged
) -> None:
    """It is told, and the next round comes in its time."""
    fleet = Fleet("a", "b")
    with monkeypatch.context() as patched:
        patched.setattr(fleet.checker, "_new_trace_id", fail)
        fleet.checker.startService()
        fleet.network.advance(25)
    assert len(logged.expect(Bug)) == 3
    assert [fake.pings for fake in fleet.fakes.values()] == [0, 0]
    fleet.network.advance(10)
    assert [fake.pings for fake in fleet.fakes.values()] == [1, 1]


def test_a_bug_in_one_ping_is_told_and_keeps_no_other(logged: Logged) -> None:
    """What comes of a ping is looked at by many; one that fails is no silence."""
    fleet = Fleet("a", "b")

    def observe(server: Any) -> None:
        if server.name == "a":
            raise Bug("oh")

    fleet.checker.observers.append(observe)
    fleet.checker.startService()
    fleet.network.advance(15)
    told = logged.expect(Bug)
    assert len(told) == 2
    assert all(one.startswith("pinging a\n") for one in told)
    assert [fake.pings for fake in fleet.fakes.values()] == [2, 2]
    assert fleet.health("b").status == "healthy"
