"""Requests that end in an unusual way, or never: they keep nobody from a server."""

from __future__ import annotations

import json
import socket
import threading
from urllib.parse import urlsplit

from tests.end_to_end.processes import Proxy, config_for, until
from tests.end_to_end.test_failures import BOUNDARY, SEARCH, form, predict
from tests.end_to_end.test_import import StartProxy, StartServer
from tests.end_to_end.test_reliability import in_flight
from tests.pictures import jpeg

VISUAL = {"clip": {"visual": {"modelName": "ViT-B-32__openai"}}}


def post(proxy: Proxy, body: bytes, part: int, host: str = "proxy") -> socket.socket:
    """Send a predict, or the first bytes of its body, and return the connection."""
    address = urlsplit(proxy.url)
    client = socket.create_connection((address.hostname or "", address.port or 0))
    head = (
        f"POST /predict HTTP/1.1\r\nHost: {host}\r\nContent-Length: {len(body)}\r\n"
        f"Content-Type: multipart/form-data; boundary={BOUNDARY}\r\n\r\n"
    )
    client.sendall(head.encode() + body[:part])
    client.settimeout(60)
    return client


def test_a_host_that_is_no_name_keeps_no_place(
    start_server: StartServer, start_proxy: StartProxy
) -> None:
    """Six at once, and no connection to the server is warm: all are served."""
    proxy = start_proxy(config_for(start_server(), healthCheckInterval=600))
    until(lambda: in_flight(proxy, "ml") == 0, "nothing is under way")
    body = form(VISUAL, jpeg(1, 320, 200))
    clients = [post(proxy, body, len(body), "a..b") for _ in range(6)]
    assert {client.recv(15) for client in clients} == {b"HTTP/1.1 200 OK"}
    assert in_flight(proxy, "ml") == 0
    for client in clients:
        client.close()


def test_a_stalled_upload_keeps_no_place_from_others(
    start_server: StartServer, start_proxy: StartProxy
) -> None:
    """600 bytes come, then nothing; they are served when the rest does come."""
    config = config_for(start_server(), healthCheckInterval=600)
    config["backends"][0]["maxConcurrent"] = 1
    proxy = start_proxy(config)
    body = form(VISUAL, jpeg(1, 320, 200))
    stalled = post(proxy, body, 600)
    until(lambda: in_flight(proxy, "ml") == 1, "it has a place")
    status, _ = predict(proxy, form(SEARCH, text="a dog"))
    assert status == 200
    stalled.sendall(body[600:])
    assert stalled.recv(15) == b"HTTP/1.1 200 OK"
    stalled.close()
    until(lambda: in_flight(proxy, "ml") == 0, "nothing is left")


def test_a_crowd_of_stalled_uploads_keeps_no_place_from_others(
    start_server: StartServer, start_proxy: StartProxy
) -> None:
    """Four times as many as it has places; the others are served all the same."""
    config = config_for(start_server(places=2), healthCheckInterval=600)
    config["backends"][0]["maxConcurrent"] = 2
    proxy = start_proxy(config)
    body = form(VISUAL, jpeg(1, 320, 200))
    stalled = [post(proxy, body, 600) for _ in range(8)]
    until(lambda: in_flight(proxy, "ml") == 2, "they have the places")
    answers: list[int] = []
    asking = [
        threading.Thread(
            target=lambda: answers.append(
                predict(proxy, form(VISUAL, jpeg(2, 320, 200)))[0]
            )
        )
        for _ in range(4)
    ]
    for thread in asking:
        thread.start()
    for thread in asking:
        thread.join()
    assert answers == [200] * 4
    for client in stalled:
        client.close()

    def left() -> int:
        told = json.loads(proxy.get("/api/status")[1])
        waiting = told["routes"]["default"]["waiting"]
        return int(told["backends"]["ml"]["inFlight"]) + int(waiting)

    until(lambda: left() == 0, "nothing is left")
