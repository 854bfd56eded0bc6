"""A backend that leads back to the proxy: told at once, and with few connections."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from tests.end_to_end.processes import Process, Proxy
from tests.end_to_end.test_failures import SEARCH, form, predict
from tests.end_to_end.test_import import StartProxy


def descriptors(proxy: Proxy) -> int:
    """How many files and sockets it has open."""
    return len(list(Path(f"/proc/{proxy.pid}/fd").iterdir()))


def leading_to(*urls: str) -> dict[str, Any]:
    """Return a configuration of these backends."""
    backends = [{"name": f"to-{n}", "url": url} for n, url in enumerate(urls)]
    return {"defaultBackend": [one["name"] for one in backends], "backends": backends}


def test_a_proxy_that_is_its_own_backend(start_proxy: StartProxy) -> None:
    """It is told in words, and pings do not pile up, either."""
    proxy = start_proxy(None)
    assert proxy.post("/api/config", leading_to(proxy.url))[0] == 200
    before = descriptors(proxy)
    for _ in range(5):
        status, answer = predict(proxy, form(SEARCH, text="a dog"))
        assert status == 508
        assert "leads to the proxy itself" in answer["error"]
    assert proxy.get("/ping")[0] == 503
    assert descriptors(proxy) < before + 10
    error = proxy.json("/api/health")["to-0"]["error"]
    assert error == "leads back to this proxy: give it the address of an ML server"


def test_two_proxies_that_lead_to_each_other(
    tmp_path: Path, processes: list[Process], start_proxy: StartProxy
) -> None:
    """Whichever is asked says so."""
    one = start_proxy(None)
    (tmp_path / "two").mkdir()
    other = leading_to(one.url)
    (tmp_path / "two" / "config.json").write_text(json.dumps(other))
    two = Proxy(tmp_path / "two")
    processes.append(two)
    assert one.post("/api/config", leading_to(two.url))[0] == 200
    for proxy in (one, two):
        status, answer = predict(proxy, form(SEARCH, text="a dog"))
        assert status == 508
        assert "leads to the proxy itself" in answer["error"]
        assert descriptors(proxy) < 40
