"""The servers of ``--demo``: three of different speeds, and their troubles."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from typing import Any

from attrs import evolve
from twisted.application.service import MultiService
from twisted.internet.defer import Deferred
from twisted.internet.task import LoopingCall

from .behaviour import Behaviour
from .incidents import SLOWER, Incident, at
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

    They listen on free loopback ports.

    :param reactor: the reactor.
    :ivar on: whether any of them is in the configuration in force.
    :ivar alone: whether no other server is: none may be given invented work.
    :ivar incident: what is wrong with them right now, if trouble is simulated.
    :ivar until: when that ends, in seconds of the reactor's clock.
    """

    def __init__(self, reactor: IDemoReactor) -> None:
        super().__init__()
        self.on = self.alone = True
        self.incident: Incident | None = None
        self.until = 0.0
        self._reactor = reactor
        self._listeners = [
            Listener(reactor, SimulatedServer(reactor, name, behaviour))
            for name, behaviour in _SERVERS.items()
        ]
        for listener in self._listeners:
            listener.setServiceParent(self)
        self._began = 0.0
        self._watch = LoopingCall(self._look)
        self._watch.clock = reactor

    @property
    def trouble(self) -> bool:
        """Whether things go wrong now and then; setting it shows at once."""
        return self._watch.running

    @trouble.setter
    def trouble(self, wanted: bool) -> None:
        if wanted and not self._watch.running and self.running:
            self._began = self._reactor.seconds()
            self._watch.start(1.0)
        elif not wanted and self._watch.running:
            self._watch.stop()
            self._befall(None)

    def stopService(self) -> Deferred[Any]:
        """End the trouble, and the servers."""
        if self._watch.running:
            self._watch.stop()
        self.incident = None
        stopped: Deferred[Any] = super().stopService()
        return stopped

    def reconfigured(self, urls: Iterable[str]) -> None:
        """
        A configuration with servers at ``urls`` is in force.

        Without any of the simulated ones the demo is over for good.
        """
        ours = [url in self.urls for url in urls]
        self.alone = self.on and any(ours) and all(ours)
        if self.on and not any(ours):
            self.on = self.trouble = False
            self.disownServiceParent()

    @property
    def urls(self) -> frozenset[str]:
        """Where they listen."""
        return frozenset(each.url for each in self._listeners)

    def _look(self) -> None:
        now = self._reactor.seconds()
        incident, left = at(now - self._began)
        self._befall(incident)
        self.until = now + left

    def _befall(self, incident: Incident | None) -> None:
        """Have them be as ``incident`` wants it, and well otherwise."""
        before, self.incident = self.incident, incident
        for listener in self._listeners:
            name = listener.server.name
            if incident and incident.machine == name and incident.what == "down":
                listener.switch_off()
            else:
                # A port that somebody else has taken is tried again a second later.
                with suppress(OSError):
                    listener.switch_on()
        if incident == before:
            return
        for one, factor in ((before, 1.0), (incident, SLOWER)):
            if one is not None and one.what == "slow":
                usual = _SERVERS[one.machine]
                seconds = usual.seconds_for(()) * factor
                self.servers[one.machine].behaviour = evolve(usual, seconds=seconds)

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
