"""The servers of ``--demo``: three of different speeds, on free loopback ports."""

from __future__ import annotations

from typing import Any

from twisted.application.service import MultiService

from .behaviour import Behaviour
from .listener import IDemoReactor, Listener
from .server import SimulatedServer

_SERVERS = {
    "simulated-gpu": Behaviour(seconds=0.030, places=4),
    "simulated-mac": Behaviour(seconds=0.080, places=2),
    "simulated-nas": Behaviour(seconds=0.300, places=1),
}


class DemoServers(MultiService):
    """
    The simulated servers as one service, and the configuration that uses them.

    They listen from construction on (the kernel queues who connects) and answer
    from ``startService`` on. Not to be started again after ``stopService``.

    :param reactor: the reactor.
    """

    def __init__(self, reactor: IDemoReactor) -> None:
        super().__init__()
        self._listeners = [
            Listener(reactor, SimulatedServer(reactor, name, behaviour))
            for name, behaviour in _SERVERS.items()
        ]
        for listener in self._listeners:
            listener.setServiceParent(self)

    @property
    def servers(self) -> dict[str, SimulatedServer]:
        """The servers by name, for their switches and counters."""
        return {each.server.name: each.server for each in self._listeners}

    def configuration(self) -> dict[str, Any]:
        """Return a configuration document, in the form of ``config.json``."""
        gpu, mac, nas = self.servers
        return {
            "defaultBackend": [gpu, mac, nas],
            "backends": [
                {"name": each.server.name, "url": each.url} for each in self._listeners
            ],
            "taskRouting": {
                "clip": [gpu, mac],
                "facial-recognition": [gpu, mac],
                "ocr": [gpu, nas],
            },
        }
