"""Two programs change the configuration of a real proxy at once, and undo it."""

from __future__ import annotations

import json
import urllib.request
from collections.abc import Callable
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest

from tests.end_to_end.processes import Process, Proxy

CONFIG: dict[str, Any] = {
    "defaultBackend": ["nas", "gpu"],
    "backends": [
        {"name": "nas", "url": "http://127.0.0.1:1"},
        {"name": "gpu", "url": "http://127.0.0.1:2", "headers": {"X-Key": "a-secret"}},
    ],
    "taskRouting": {"ocr": "nas"},
}


class Saver:
    """
    A program that has loaded the configuration.

    :ivar document: what it will save.
    """

    def __init__(self, proxy: Proxy) -> None:
        self._url = f"{proxy.url}/api/config"
        self._proxy = proxy
        with urllib.request.urlopen(self._url) as answer:
            self.version = answer.headers["ETag"]
            self.document = json.loads(answer.read())

    def machine(self, name: str) -> dict[str, Any]:
        """Return a machine of the document."""
        machines = self.document["backends"]
        return next(one for one in machines if one["name"] == name)

    def save(self) -> tuple[int, Any]:
        """Return status and JSON of saving it."""
        request = urllib.request.Request(
            self._url,
            json.dumps(self.document).encode(),
            {"Content-Type": "application/json", "If-Match": self.version},
        )
        status, body = self._proxy.ask(request)
        return status, json.loads(body)


@pytest.fixture
def start(tmp_path: Path, processes: list[Process]) -> Callable[[], Proxy]:
    """Starts the proxy, with what stands in its file."""
    (tmp_path / "config.json").write_text(json.dumps(CONFIG))

    def start_proxy() -> Proxy:
        proxy = Proxy(tmp_path)
        processes.append(proxy)
        return proxy

    return start_proxy


def test_nothing_of_two_savers_is_lost(start: Callable[[], Proxy]) -> None:
    """Different fields both survive, the same field is asked about, a state is kept."""
    proxy = start()
    one, two, three = Saver(proxy), Saver(proxy), Saver(proxy)
    one.machine("gpu")["weight"] = 4
    one.document["taskRouting"]["clip"] = "gpu"
    assert one.save()[0] == 200
    assert proxy.post("/api/backends/nas", {"state": "drain"})[0] == 200
    two.machine("gpu")["maxConcurrent"] = 2
    two.document["pingTimeout"] = 3
    status, answer = two.save()
    assert (status, answer["merged"]) == (200, True)
    expected = deepcopy(CONFIG)
    expected["backends"][0]["state"] = "drain"
    expected["backends"][1] |= {"weight": 4, "maxConcurrent": 2}
    expected["taskRouting"]["clip"] = "gpu"
    expected["pingTimeout"] = 3
    assert json.loads(proxy.config.read_text()) == expected

    three.machine("gpu")["weight"] = 5
    status, refused = three.save()
    assert status == 412
    assert refused["conflicts"] == [
        {
            "path": "backends.gpu.weight",
            "words": "the weight of gpu",
            "base": None,
            "mine": 5,
            "theirs": 4,
        }
    ]
    assert "a-secret" not in json.dumps(refused)
    assert json.loads(proxy.config.read_text()) == expected
    three.version = f'"{refused["version"]}"'
    three.document = refused["current"]
    three.machine("gpu")["weight"] = 5
    assert three.save()[0] == 200
    expected["backends"][1]["weight"] = 5
    assert json.loads(proxy.config.read_text()) == expected
    assert "Traceback" not in proxy.output


def test_the_last_save_is_undone(start: Callable[[], Proxy]) -> None:
    """But for a state set since; undoing is undone as well; a restart forgets it."""
    proxy = start()
    assert proxy.json("/api/status")["undo"] is None
    saver = Saver(proxy)
    saver.document["taskRouting"] = {"cilp": "gpu"}
    _, saved = saver.save()
    assert saved["warnings"] == ["cilp: no task of Immich's; did you mean clip?"]
    assert saved["warningsAt"][0]["path"] == "taskRouting.cilp"
    assert proxy.json("/api/status")["undo"]["savedBy"] == "127.0.0.1"
    proxy.post("/api/backends/gpu", {"state": "disabled"})
    expected = deepcopy(CONFIG)
    expected["backends"][1]["state"] = "disabled"
    assert proxy.post("/api/config/undo", {})[0] == 200
    assert json.loads(proxy.config.read_text()) == expected
    assert proxy.post("/api/config/undo", {})[0] == 200
    again = json.loads(proxy.config.read_text())
    assert again == {**expected, "taskRouting": {"cilp": "gpu"}}
    assert proxy.stop() == 0
    proxy = start()
    status, refused = proxy.post("/api/config/undo", {})
    assert status == 409
    assert refused["error"].startswith("there is no save to undo")
    late = Saver(proxy)
    late.version = saver.version
    late.document["pingTimeout"] = 4
    assert late.save()[0] == 412
