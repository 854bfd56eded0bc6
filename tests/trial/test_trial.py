"""An address is tried, over a network in memory."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from immich_ml_proxy.trial.trial import LONGEST
from tests.fakes import FakeBackend, Script, serve
from tests.memory_proxy import Proxy, http
from tests.network import Network

Start = Callable[..., Proxy]


@pytest.fixture
def fakes(network: Network) -> dict[str, FakeBackend]:
    """Two ML servers."""
    return serve(network, "gpu", "nas")


@pytest.fixture
def proxy(start_proxy: Start, fakes: dict[str, FakeBackend]) -> Proxy:
    """A proxy that knows neither."""
    return start_proxy(None)


def tried(proxy: Proxy, url: str, *samples: str, wait: float = 4.9) -> Any:
    """Return what is found at an address, in less than five seconds."""
    client = proxy.send(_request(url, samples))
    if not client.got:
        proxy.network.advance(wait)
    return client.answer.json()


def _request(url: str, samples: tuple[str, ...]) -> bytes:
    body = json.dumps({"url": url, "samples": samples}).encode()
    return http("POST", "/api/try", body)


def test_an_ml_server(proxy: Proxy) -> None:
    """The address as people type it is told as it is to be saved."""
    told = tried(proxy, " gpu:3003/predict ")
    assert told["ok"] is True
    assert told["kind"] == "ml"
    assert told["url"] == "http://gpu:3003"
    assert (told["correction"], told["samples"]) == (None, [])
    assert told["version"] == "2"


def test_an_ml_server_at_another_port(proxy: Proxy) -> None:
    """Nothing listens at the usual one of the web: the usual one of ML is tried."""
    told = tried(proxy, "http://gpu")
    assert (told["ok"], told["kind"]) == (False, "refused")
    assert told["correction"] == "http://gpu:3003"
    assert told["text"].endswith("An ML server answers at http://gpu:3003.")


def test_this_proxy_itself(proxy: Proxy, network: Network) -> None:
    """By whatever address."""
    network.serve("nas", proxy.site, 3004)
    assert tried(proxy, "http://nas:3004")["kind"] == "this"


def test_another_proxy(network: Network, start_proxy: Start, tmp_path: Any) -> None:
    """It works, too."""
    (tmp_path / "other").mkdir()
    other = Proxy(network, tmp_path / "other", None)
    network.serve("other", other.site, 3004)
    told = tried(start_proxy(None), "http://other:3004")
    assert (told["ok"], told["kind"]) == (True, "proxy")


def test_https_where_there_is_none(
    proxy: Proxy, fakes: dict[str, FakeBackend], network: Network
) -> None:
    """A server that waits for the end of the greeting is as plain as one that errs."""
    told = tried(proxy, "https://gpu:3003")
    assert told["kind"] == "tls-to-plain"
    assert told["correction"] == "http://gpu:3003"


def test_no_answer(proxy: Proxy, network: Network) -> None:
    """Within the time; the same for a machine that is off."""
    network.serve("mute", Script(b""))
    network.unreachable.add("nas")
    for name in ("mute", "nas"):
        told = tried(proxy, f"http://{name}:3003")
        assert (told["kind"], told["correction"]) == ("no-answer", None)


def test_an_unknown_name(proxy: Proxy) -> None:
    """And an address that is none."""
    assert tried(proxy, "http://nowhere:3003")["kind"] == "unknown-name"
    told = tried(proxy, "what is this")
    assert told["kind"] == "bad-url"
    assert told["url"] == "what is this"


def test_what_speaks_no_http(proxy: Proxy, network: Network) -> None:
    """Something listens."""
    network.serve("ssh", Script(b"SSH-2.0-OpenSSH_9\r\n", hang_up=True))
    assert tried(proxy, "http://ssh:3003")["kind"] == "other"


def test_samples_are_answered(proxy: Proxy, fakes: dict[str, FakeBackend]) -> None:
    """Each has a sentence and its time, and what works is an ability."""
    fakes["gpu"].answer = b'{"clip": "[0.5, 0.25]"}'
    told = tried(proxy, "http://gpu:3003", "search", "faces", "search")
    assert [(one["kind"], one["ok"]) for one in told["samples"]] == [
        ("search", True),
        ("faces", False),
    ]
    assert told["abilities"] == ["search"]
    assert told["samples"][0]["text"] == "A search was answered with 2 numbers."


def test_a_model_that_is_loaded_takes_too_long(
    proxy: Proxy, fakes: dict[str, FakeBackend]
) -> None:
    """The answer comes in time all the same, and says so."""
    fakes["gpu"].silent = fakes["gpu"].answers_pings = True
    # The other questions are held, too; what is no ping is a predict to the fake.
    told = tried(proxy, "http://gpu:3003", "ocr", wait=LONGEST + 0.1)
    assert told["kind"] == "ml"
    assert "try again" in told["samples"][0]["text"]


@pytest.mark.parametrize(
    "body", [{}, {"url": 3}, {"url": "x", "more": 1}, {"url": "x", "samples": ["no"]}]
)
def test_what_is_no_such_request(proxy: Proxy, body: object) -> None:
    """It is told how one looks."""
    answer = proxy.post("/api/try", body)
    assert answer.status == 400
    assert "must be" in answer.error


def test_what_this_is(proxy: Proxy) -> None:
    """For another proxy that is given its address."""
    told = proxy.get("/api/proxy").json()
    assert told["proxy"] == "immich-ml-proxy"
