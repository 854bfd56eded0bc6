"""A real Prometheus scrapes a running proxy, answers a query, and raises the alert."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any
from urllib.error import URLError

import pytest

from tests.end_to_end.immich import need
from tests.end_to_end.processes import PATIENCE, Proxy, Server, config_for, until
from tests.end_to_end.programs import ROOT
from tests.end_to_end.test_failures import SEARCH, form, predict

TOKEN = "correct-horse-battery"
ALERTS = ROOT / "deploy" / "prometheus" / "alerts.yml"


class Prometheus:
    """
    A Prometheus that scrapes a proxy every second.

    :param proxy: the proxy.
    :param folder: for its files.
    """

    def __init__(self, proxy: Proxy, folder: Path) -> None:
        folder.mkdir()
        shutil.copy(ALERTS, folder)
        (folder / "token").write_text(TOKEN)
        target = urllib.parse.urlsplit(proxy.url).netloc
        job = {
            "job_name": "immich-ml-proxy",
            "authorization": {"credentials_file": "token"},
            "static_configs": [{"targets": [target]}],
        }
        config = {
            "global": {"scrape_interval": "1s", "evaluation_interval": "1s"},
            "rule_files": ["alerts.yml"],
            "scrape_configs": [job],
        }
        # JSON is YAML, too.
        (folder / "prometheus.yml").write_text(json.dumps(config))
        self._log = folder / "prometheus.log"
        with self._log.open("wb") as output:
            self._child = subprocess.Popen(
                [
                    need("prometheus"),
                    "--config.file=prometheus.yml",
                    "--storage.tsdb.path=data",
                    "--web.listen-address=127.0.0.1:0",
                ],
                cwd=folder,
                stdout=output,
                stderr=output,
            )
        self.url = f"http://{until(self._address, 'Prometheus listens')}"

    def _address(self) -> str | None:
        told = self._log.read_text("utf-8", "replace")
        found = re.search(r"Listening on\"? address=(127\.0\.0\.1:\d+)", told)
        assert self._child.poll() is None, told
        return None if found is None else found[1]

    def ask(self, path: str, **query: str) -> Any:
        """Return the data of an answer of its API; ``None`` while there is none."""
        url = f"{self.url}/api/v1/{path}?{urllib.parse.urlencode(query)}"
        try:
            with urllib.request.urlopen(url, timeout=PATIENCE) as answer:
                return json.load(answer)["data"]
        except (URLError, ConnectionError):
            return None

    def value(self, query: str) -> float | None:
        """Return what a query comes to; ``None``: to nothing yet."""
        found = self.ask("query", query=query)
        result = found["result"] if found else []
        return float(result[0]["value"][1]) if result else None

    def alerts(self) -> dict[str, str]:
        """Return the state of every alert that is pending or firing, by its name."""
        found = self.ask("alerts")
        return {
            one["labels"]["alertname"]: one["state"]
            for one in (found["alerts"] if found else [])
        }

    def end(self) -> None:
        """End it."""
        self._child.kill()
        self._child.wait()


@pytest.fixture
def prometheus(tmp_path: Path) -> Iterator[Callable[[Proxy], Prometheus]]:
    """Starts a Prometheus, which ends with the test."""
    with ExitStack() as stack:

        def start(proxy: Proxy) -> Prometheus:
            made = Prometheus(proxy, tmp_path / "prometheus")
            stack.callback(made.end)
            return made

        yield start


@pytest.mark.waits
def test_prometheus_scrapes_answers_and_warns_of_a_dead_server(
    start_server: Callable[..., Server],
    start_proxy: Callable[..., Proxy],
    prometheus: Callable[[Proxy], Prometheus],
    tmp_path: Path,
) -> None:
    """With the token; the alert is pending soon after the server has died."""
    need("prometheus")
    servers = [start_server("gpu"), start_server("nas")]
    file = tmp_path / "token"
    file.write_text(TOKEN)
    file.chmod(0o600)
    (tmp_path / "config.json").write_text(json.dumps(config_for(*servers)))
    proxy = start_proxy(None, f"--admin-token-file={file}")
    for _ in range(6):
        assert predict(proxy, form(SEARCH, text="a dog"))[0] == 200
    scraping = prometheus(proxy)
    total = 'sum(immich_ml_proxy_requests_total{outcome="served"})'
    assert until(lambda: scraping.value(total), "a query has an answer") == 6
    healthy = "sum(immich_ml_proxy_backend_healthy)"
    until(lambda: scraping.value(healthy) == 2, "both are well")
    assert scraping.value('up{job="immich-ml-proxy"}') == 1
    rules = scraping.ask("rules")["groups"][0]["rules"]
    assert {one["health"] for one in rules} <= {"ok", "unknown"}
    assert scraping.alerts() == {}
    servers[0].kill()
    told = until(scraping.alerts, "the alert is raised", patience=30)
    assert told == {"ImmichMlBackendDown": "pending"}
    assert scraping.value('immich_ml_proxy_backend_healthy{backend="gpu"}') == 0
