"""The wall clock is set, forward and back, while the proxy works."""

from __future__ import annotations

import json
import threading
import time
from datetime import datetime
from pathlib import Path

import pytest

from tests.end_to_end.pretending import PRETENDING
from tests.end_to_end.processes import Process, Proxy, config_for, until
from tests.end_to_end.test_failures import SEARCH, form, predict
from tests.end_to_end.test_import import StartServer

PROGRAMS = {
    "twistd": ["twistd", "--nodaemon", "--pidfile=", "immich-ml-proxy"],
    "poll": ["twistd", "--reactor=poll", "--nodaemon", "--pidfile=", "immich-ml-proxy"],
    "command": ["immich-ml-proxy"],
}


@pytest.mark.parametrize("program", PROGRAMS)
def test_no_timer_cares_what_time_it_is(
    tmp_path: Path, processes: list[Process], start_server: StartServer, program: str
) -> None:
    """
    400 s forward fails no request under way, two hours back stop no health checks;
    what people are shown is told by the clock as it is set.
    """
    server = start_server("ml", 1.0)
    (tmp_path / "config.json").write_text(json.dumps(config_for(server)))
    listen = "--listen=tcp:0:interface=127.0.0.1"
    command = [*PRETENDING, *PROGRAMS[program], listen, "--debug"]
    proxy = Proxy(tmp_path, command=command)
    processes.append(proxy)
    proxy.await_health("ml", "healthy")

    answers: list[int] = []
    asking = threading.Thread(
        target=lambda: answers.append(predict(proxy, form(SEARCH, text="a dog"))[0])
    )
    asking.start()
    until(
        lambda: proxy.json("/api/status")["backends"]["ml"]["inFlight"] == 1,
        "the request is under way",
    )
    (tmp_path / "wall").write_text("400")
    asking.join()
    assert answers == [200]

    (tmp_path / "wall").write_text("-7200")
    server.kill()
    proxy.await_health("ml", "unhealthy")
    told = time.time() - 7200
    assert abs(proxy.json("/api/health")["ml"]["lastCheck"] - told) < 600
    server.restart()
    proxy.await_health("ml", "healthy")
    [*_, record] = proxy.json("/api/debug/records")
    began = datetime.fromisoformat(record["timestamp"]).timestamp()
    assert abs(began - told) < 600
