"""A whole proxy in memory with its backends, and clients that send work."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tests.demo_requests import TEXTUAL, VISUAL
from tests.fakes import FakeBackend, QuietSite, document, serve
from tests.memory_proxy import (
    Answer,
    Client,
    Proxy,
    http,
    photo_form,
    posted,
    text_form,
)
from tests.network import Network


class Deployment:
    """
    :param backends: fields of each by its name.
    :param more: fields of the configuration; ``default`` those of the default route.
    """

    def __init__(
        self,
        network: Network,
        start_proxy: Callable[..., Proxy],
        backends: dict[str, dict[str, Any]],
        default: dict[str, Any] | None = None,
        **more: Any,
    ) -> None:
        self.network = network
        self.fakes = serve(network, *backends)
        more = {"healthCheckInterval": 600, **more}
        more.setdefault("defaultBackend", {"backends": [*backends], **(default or {})})
        config = document(*backends, **more)
        for one in config["backends"]:
            one |= backends[one["name"]]
        self.proxy = start_proxy(config)
        self.proxy.start_checks()

    def __getitem__(self, name: str) -> FakeBackend:
        return self.fakes[name]

    def image(self, entries: object = VISUAL) -> Client:
        """Send a picture."""
        return self.proxy.send(posted(photo_form(entries)))

    def search(self) -> Client:
        """Send a search."""
        return self.proxy.send(posted(text_form(TEXTUAL)))

    def turn(self, name: str) -> int:
        """Have a backend answer what it holds; return how much. It goes on holding."""
        held = self[name].holds
        self[name].speak()
        self[name].silent = True
        self.network.flush()
        return held

    def stop(self, name: str) -> None:
        """Have a backend refuse."""
        self.network.close(name)

    def start(self, name: str) -> None:
        """Have it listen again."""
        self[name].silent = False
        self.network.serve(name, QuietSite(self[name], self.network))

    def ping(self) -> Answer:
        """Return the answer to Immich's ping."""
        client = self.proxy.send(http("GET", "/ping"))
        self.network.advance(1.9)
        return client.answer

    @property
    def status(self) -> Any:
        """The numbers of ``/api/status``."""
        return self.proxy.get("/api/status").json()

    @property
    def waiting(self) -> int:
        """How many wait on the default route."""
        count = self.status["routes"]["default"]["waiting"]
        assert isinstance(count, int)
        return count
