"""One proxy for all that is done to it."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from tests.end_to_end.processes import Proxy
from tests.hostile.backend import RawBackend
from tests.hostile.door import Door


@pytest.fixture(scope="module")
def door(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Door]:
    """A proxy for all tests of a module."""
    backend = RawBackend()
    folder = tmp_path_factory.mktemp("raw")
    config = {
        "defaultBackend": "ml",
        "checkAnswers": "off",
        "taskRouting": {},
        "backends": [{"name": "ml", "url": backend.url}],
    }
    (folder / "config.json").write_text(json.dumps(config))
    proxy = Proxy(folder)
    proxy.await_health("ml", "healthy")
    yield Door(proxy, backend)
    proxy.kill()
    backend.shutdown()
    backend.server_close()
