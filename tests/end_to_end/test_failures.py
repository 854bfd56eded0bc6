"""Backends that fail in every way there is, behind the real proxy."""

from __future__ import annotations

import json
import re
import signal
import socket
import threading
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPConnection
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from tests.end_to_end import immich
from tests.end_to_end.processes import Proxy, config_for, until
from tests.end_to_end.test_import import StartProxy, StartServer, check
from tests.pictures import jpeg, pictures

BOUNDARY = "----formdata-undici-012345678901"
SEARCH = {"clip": {"textual": {"modelName": "ViT-B-32__openai"}}}
FACES = {
    "facial-recognition": {
        "detection": {"modelName": "buffalo_l"},
        "recognition": {"modelName": "buffalo_l"},
    }
}


def form(entries: Any, image: bytes | None = None, text: str | None = None) -> bytes:
    """Return the bytes of a form, as Immich's client builds it."""
    parts = [f'name="entries"\r\n\r\n{json.dumps(entries)}\r\n'.encode()]
    if image is not None:
        head = 'name="image"; filename="blob"\r\nContent-Type: application/octet-stream'
        parts.append(f"{head}\r\n\r\n".encode() + image + b"\r\n")
    if text is not None:
        parts.append(f'name="text"\r\n\r\n{text}\r\n'.encode())
    opening = f"--{BOUNDARY}\r\nContent-Disposition: form-data; ".encode()
    return b"".join(opening + part for part in parts) + f"--{BOUNDARY}--\r\n".encode()


def predict(proxy: Proxy, body: bytes) -> tuple[int, Any]:
    """Send a form; return status and JSON."""
    content_type = f"multipart/form-data; boundary={BOUNDARY}"
    request = urllib.request.Request(
        f"{proxy.url}/predict", body, {"Content-Type": content_type}
    )
    status, answer = proxy.ask(request)
    return status, json.loads(answer)


@contextmanager
def black_hole() -> Iterator[str]:
    """Yield the URL of a port whose queue of connections is full: nothing answers."""
    with socket.socket() as full:
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        callers = []
        for _ in range(3):
            caller = socket.socket()
            caller.setblocking(False)
            caller.connect_ex(full.getsockname())
            callers.append(caller)
        yield f"http://127.0.0.1:{full.getsockname()[1]}"
        for caller in callers:
            caller.close()


def test_ping_answers_in_time_whatever_backends_do(
    start_server: StartServer, start_proxy: StartProxy
) -> None:
    """
    Immich gives a ping 2 s: refusing, hanging, black-holed and unknown hosts do not
    make ours take longer. What a busy machine adds is allowed for; it is far from the
    minutes after which a system itself gives such hosts up.
    """
    hanging = start_server("hanging")
    with black_hole() as hole:
        config = config_for(hanging, healthCheckInterval=60)
        config["backends"] += [
            {"name": "refusing", "url": "http://127.0.0.1:1"},
            {"name": "hole", "url": hole},
            {"name": "nowhere", "url": "http://no-such-host.invalid:3003"},
        ]
        proxy = start_proxy({**config, "backends": config["backends"][:1]})
        assert proxy.post("/api/config", config)[0] == 200
        hanging.signal(signal.SIGSTOP)
        # One that was well is out after two pings that nobody has answered.
        for _ in range(2):
            began = time.monotonic()
            status, body = proxy.get("/ping")
            took = time.monotonic() - began
        hanging.signal(signal.SIGCONT)
    assert status == 503
    assert b"default" in body
    assert took < 30.0
    told = proxy.json("/api/health")
    assert told["refusing"]["error"] == "connection refused"
    # It tells the time that was taken: on a busy machine a little more than the limit.
    for name in ("hanging", "hole"):
        assert re.fullmatch(r"timed out after 1\.[5-9]\d? s", told[name]["error"])
    assert told["nowhere"]["status"] == "unhealthy"


def test_requests_that_hang_at_one_backend_delay_no_others(
    start_server: StartServer, start_proxy: StartProxy
) -> None:
    """Twenty requests wait for a backend that never answers; searches go on."""
    gpu, nas = start_server("gpu"), start_server("nas")
    routing = {"clip": "nas", "facial-recognition": "gpu"}
    config = config_for(gpu, nas, healthCheckInterval=600, taskRouting=routing)
    config["backends"][0]["maxConcurrent"] = 20
    proxy = start_proxy(config)
    gpu.signal(signal.SIGSTOP)
    picture = jpeg(1, 320, 200)
    answers: list[int] = []
    waiting = [
        threading.Thread(
            target=lambda: answers.append(predict(proxy, form(FACES, picture))[0])
        )
        for _ in range(20)
    ]
    for thread in waiting:
        thread.start()
    until(
        lambda: proxy.json("/api/status")["backends"]["gpu"]["inFlight"] == 20,
        "twenty requests hang",
    )
    for number in range(20):
        status, _ = predict(proxy, form(SEARCH, text=f"a cat {number}"))
        assert status == 200
    assert answers == []
    gpu.signal(signal.SIGCONT)
    for thread in waiting:
        thread.join()
    assert answers == [200] * 20


def test_a_search_of_a_stopped_server_is_answered_by_another(
    start_server: StartServer, start_proxy: StartProxy, tmp_path: Path
) -> None:
    """Stale connections and refused ones cost nobody an answer."""
    one, two = start_server("one"), start_server("two")
    proxy = start_proxy(config_for(one, two, healthCheckInterval=600))
    picture = str(next(pictures(1, tmp_path)))
    jobs = [{"id": n, "kind": "image", "file": picture} for n in range(8)]
    check(jobs, list(immich.run(proxy.url, jobs, 4, tmp_path)))
    one.kill()
    check(jobs, list(immich.run(proxy.url, jobs, 4, tmp_path)))
    one.restart()
    two.kill()
    check(jobs, list(immich.run(proxy.url, jobs, 4, tmp_path)))


def test_a_broken_picture_is_told_and_takes_no_backend_out(
    start_server: StartServer, start_proxy: StartProxy
) -> None:
    """What breaks two servers is the request's fault: 502 for it, health for them."""
    one, two = start_server("one"), start_server("two")
    proxy = start_proxy(config_for(one, two, healthCheckInterval=600))
    status, answer = predict(proxy, form(FACES, b"no picture"))
    assert status == 502
    assert "answered 500" in answer["error"]
    assert "facial-recognition/detection+recognition" in answer["error"]
    proxy.await_health("one", "healthy")
    proxy.await_health("two", "healthy")
    assert predict(proxy, form(FACES, jpeg(1, 320, 200)))[0] == 200


def test_a_client_that_leaves_frees_the_backend(
    start_server: StartServer, start_proxy: StartProxy
) -> None:
    """A backend request does not outlive the client that it is for."""
    server = start_server("slow", 600.0)
    proxy = start_proxy(config_for(server, healthCheckInterval=600))
    address = urlsplit(proxy.url)
    client = HTTPConnection(address.hostname or "", address.port)
    client.request(
        "POST",
        "/predict",
        form(SEARCH, text="a dog"),
        {"Content-Type": f"multipart/form-data; boundary={BOUNDARY}"},
    )

    def in_flight() -> int:
        return int(proxy.json("/api/status")["backends"]["slow"]["inFlight"])

    until(lambda: in_flight() == 1, "the request is under way")
    client.close()
    until(lambda: in_flight() == 0, "it is cancelled")
    assert proxy.health("slow") == "healthy"


def test_an_oversized_body_is_refused_before_it_is_read(
    start_server: StartServer, start_proxy: StartProxy
) -> None:
    """The answer comes although the body never does."""
    proxy = start_proxy(config_for(start_server(), maxBodySize=1_000_000))
    address = urlsplit(proxy.url)
    client = HTTPConnection(address.hostname or "", address.port)
    client.putrequest("POST", "/predict")
    client.putheader("Content-Type", f"multipart/form-data; boundary={BOUNDARY}")
    client.putheader("Content-Length", "1000001")
    client.endheaders()
    answer = client.getresponse()
    assert answer.status == 413
    assert "maxBodySize" in json.loads(answer.read())["error"]
    client.close()
