"""A proxy that leads back to itself says so, at once."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.demo_requests import FACES, TEXTUAL, VISUAL
from tests.fakes import document, serve
from tests.memory_proxy import Proxy, http, photo_form, posted, text_form
from tests.network import Network

Start = Callable[..., Proxy]

SEARCH = posted(text_form(TEXTUAL))


@pytest.fixture
def start(network: Network, tmp_path: Path) -> Callable[..., Proxy]:
    """Starts a proxy that is found by its name."""

    def start(name: str, *backends: str, **more: Any) -> Proxy:
        (tmp_path / name).mkdir()
        proxy = Proxy(network, tmp_path / name, document(*backends, **more))
        network.serve(name, proxy.site)
        return proxy

    return start


@pytest.mark.parametrize("sent", [SEARCH, posted(photo_form(VISUAL, bytes(300_000)))])
def test_its_own_backend_is_told_in_words(
    network: Network, start: Callable[..., Proxy], sent: bytes
) -> None:
    """After one round: without waiting, and with one connection."""
    proxy = start("one", "one")
    answer = proxy.ask(sent)
    assert answer.status == 508
    assert "one of its machines leads to the proxy itself" in answer.error
    assert answer.headers["x-immich-ml-backend"] == "one"
    assert len(network.to("one")) == 1


def test_over_several_hops_it_is_told_to_who_asked_first(
    network: Network, start: Callable[..., Proxy]
) -> None:
    """Whichever of them was asked."""
    proxies = [start("one", "two"), start("two", "three"), start("three", "one")]
    for asked, proxy in enumerate(proxies, 1):
        answer = proxy.ask(SEARCH)
        assert answer.status == 508
        assert "leads to the proxy itself" in answer.error
        names = ("one", "two", "three")
        assert sum(len(network.to(name)) for name in names) <= 3 * asked


def test_several_groups_are_told_too(start: Callable[..., Proxy]) -> None:
    """What was asked for at once."""
    both = {**VISUAL, **FACES}
    proxy = start("one", "one", taskRouting={"facial-recognition": "one"})
    assert proxy.ask(posted(photo_form(both))).status == 508


def test_another_server_of_the_route_serves(
    network: Network, start: Callable[..., Proxy]
) -> None:
    """And the one that leads back is not asked for it again, for a while."""
    fakes = serve(network, "ml")
    order = {"backends": ["one", "ml"], "strategy": "in_order"}
    proxy = start("one", "one", "ml", defaultBackend=order)
    for _ in range(3):
        answer = proxy.ask(SEARCH)
        assert (answer.status, answer.headers["x-immich-ml-backend"]) == (200, "ml")
    assert len(network.to("one")) == 1
    assert len(fakes["ml"].predicts) == 3
    told = proxy.get("/api/health").json()["one"]
    assert "leads back to this proxy" in f"{told['error']} {told.get('note')}"


def test_pings_go_round_no_more_than_once(
    network: Network, start: Callable[..., Proxy]
) -> None:
    """And tell what is wrong."""
    proxies = [start("one", "two", "one"), start("two", "one")]
    for proxy in proxies:
        proxy.start_checks()
    network.advance(12)
    assert len(network.to("one")) + len(network.to("two")) < 20
    health = proxies[0].get("/api/health").json()
    assert health["one"]["error"] == (
        "leads back to this proxy: give it the address of an ML server"
    )
    assert health["two"]["status"] == "unhealthy"
    client = proxies[1].send(http("GET", "/ping"))
    network.advance(1.9)
    assert client.answer.status == 503


def test_its_own_address_is_known_before_it_is_saved(
    network: Network, tmp_path: Path
) -> None:
    """Also where a token is needed to be told what this is."""
    (tmp_path / "token").write_text("correct-horse-battery")
    option = f"--admin-token-file={tmp_path / 'token'}"
    proxy = Proxy(network, tmp_path, document("ml"), option)
    network.serve("one", proxy.site)
    shown = {"Authorization": "Bearer correct-horse-battery"}
    body = b'{"url": "http://one:3003"}'
    client = proxy.send(http("POST", "/api/try", body, shown))
    network.advance(5)
    told = client.answer.json()
    assert told["ok"] is False
    assert "leads back to this proxy" in told["text"]


def test_where_it_has_been_is_told_to_servers(
    network: Network, start_proxy: Start
) -> None:
    """After whoever was asked before; with pings, too."""
    fakes = serve(network, "a")
    proxy = start_proxy(document("a"))
    proxy.start_checks()
    proxy.ask(posted(text_form(TEXTUAL), Via="1.1 edge (a comment)"))
    ping, predict = fakes["a"].received
    assert ping.headers["via"].startswith("1.1 immich-ml-proxy-")
    assert predict.headers["via"] == f"1.1 edge, {ping.headers['via']}"
