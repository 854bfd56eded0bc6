"""A host that has lost its power says as little as one that is at work."""

from __future__ import annotations

from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import urlsplit

from tests.end_to_end.processes import config_for, until
from tests.end_to_end.test_failures import BOUNDARY, SEARCH, form
from tests.end_to_end.test_import import StartProxy, StartServer

#: In /proc/net/tcp: the timer that is running for a connection is keep-alive's.
KEEP_ALIVE = "02"
#: The kernel counts in hundredths of a second there.
HZ = 100


def timers(port: int) -> list[tuple[str, float]]:
    """Return the kernel's timer of each connection to a port, and its seconds left."""
    table = Path("/proc/net/tcp").read_text().splitlines()[1:]
    fields = [line.split() for line in table]
    return [
        (timer[5][:2], int(timer[5][3:], 16) / HZ)
        for timer in fields
        if timer[2].endswith(f":{port:04X}") and timer[3] == "01"
    ]


def test_the_kernel_asks_a_silent_host_whether_it_is_there(
    start_server: StartServer, start_proxy: StartProxy
) -> None:
    """Within 10 s, while a request is under way and nothing comes."""
    server = start_server("busy", 600.0)
    proxy = start_proxy(config_for(server, healthCheckInterval=600))
    address = urlsplit(proxy.url)
    client = HTTPConnection(address.hostname or "", address.port)
    content_type = f"multipart/form-data; boundary={BOUNDARY}"
    body = form(SEARCH, text="a dog")
    client.request("POST", "/predict", body, {"Content-Type": content_type})

    def silent() -> list[tuple[str, float]]:
        return timers(int(server.url.rpartition(":")[2]))

    until(
        lambda: any(kind == KEEP_ALIVE and left <= 10 for kind, left in silent()),
        "the timer runs",
    )
    client.close()
