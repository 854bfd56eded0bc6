"""What Immich and the pages see of a demo: marked answers, its state, its switches."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, Protocol

import msgspec
from klein import Klein
from twisted.internet.interfaces import IReactorTime
from twisted.logger import Logger

from immich_ml_proxy.downstream.request import ProxyRequest
from immich_ml_proxy.errors import BadRequest
from immich_ml_proxy.observe.callers import Callers
from immich_ml_proxy.protocol.caller import is_immich
from immich_ml_proxy.web.answers import json_answer
from immich_ml_proxy.web.origin import read, who

#: The mark on answers while a simulated server is in the configuration.
MARK = (b"X-Immich-ML-Demo", [b"simulated"])

TEXT = (
    "The machines are simulated, their vectors invented: do not give this address "
    "to Immich yet."
)


class Stage(Protocol):
    """
    The simulated servers.

    :ivar servers: by name.
    :ivar on: whether any of them is in the configuration in force.
    :ivar alone: whether no other server is, so that there is simulated work.
    :ivar trouble: the switch.
    :ivar incident: what is wrong right now: ``machine``, and ``what``.
    :ivar until: when that ends, in seconds of the clock.
    """

    @property
    def servers(self) -> Iterable[str]: ...
    @property
    def on(self) -> bool: ...
    @property
    def alone(self) -> bool: ...
    @property
    def incident(self) -> Any: ...
    @property
    def until(self) -> float: ...
    @property
    def trouble(self) -> bool: ...
    @trouble.setter
    def trouble(self, wanted: bool) -> None: ...


class _Wish(msgspec.Struct, forbid_unknown_fields=True):
    """Exactly one of them is set."""

    trouble: bool | None = None
    end: bool | None = None


class DemoEndpoints:
    """
    ``/api/demo``.

    :param clock: source of time.
    :param wall: what time it is, in Unix seconds.
    :param stage: the simulated servers; ``None`` without ``--demo``.
    :param end: puts the users' own configuration in force, which ends the demo; it
        is told who wants that.
    """

    _log = Logger()

    def __init__(
        self,
        clock: IReactorTime,
        wall: Callable[[], float],
        stage: Stage | None,
        end: Callable[[str], None],
    ) -> None:
        self._clock = clock
        self._wall = wall
        self._stage = stage
        self._end = end
        self._callers = Callers()

    def add_to(self, app: Klein) -> None:
        """Add the routes to ``app``."""
        app.route("/api/demo", methods=["GET"])(self.demo)
        app.route("/api/demo", methods=["POST"])(self.change_demo)

    @property
    def is_on(self) -> bool:
        """Whether answers may be invented."""
        return self._stage is not None and self._stage.on

    def told(self) -> dict[str, Any] | None:
        """
        Return the state of the demo as JSON values, ``None`` if there is none.

        Times are Unix seconds. It changes only when something has happened.
        """
        stage = self._stage
        if stage is None or not stage.on:
            return None
        incident = stage.incident
        until = stage.until - self._clock.seconds() + self._wall()
        return {
            "simulated": True,
            "machines": [*stage.servers],
            "playing": stage.alone,
            "trouble": {
                "on": stage.trouble,
                "machine": incident and incident.machine,
                "what": incident and incident.what,
                "until": incident and round(until),
            },
            "caller": self._callers.told(),
            "text": TEXT,
        }

    def demo(self, request: ProxyRequest) -> bytes:
        """``{"demo": ...}``, ``null`` without one."""
        return json_answer(request, {"demo": self.told()})

    def change_demo(self, request: ProxyRequest) -> bytes:
        """
        Switch trouble on or off, or end the demo; answered with its state then.

        :raises BadRequest: when there is none, or the body says neither.
        """
        wish = read(request, _Wish, '{"trouble": true} or {"end": true}')
        stage = self._stage
        if stage is None or not stage.on:
            raise BadRequest("no demo is running: start the proxy with --demo for one")
        if wish.end and wish.trouble is None:
            self._end(who(request))
            self._log.info("The demo is over; machines are added at /config")
        elif wish.trouble is not None and wish.end is None:
            stage.trouble = wish.trouble
        else:
            raise BadRequest('the body must be {"trouble": true} or {"end": true}')
        return self.demo(request)

    def heard(self, request: ProxyRequest) -> None:
        """Mark the answer to a call that an ML server gets; see who makes it."""
        if not self.is_on:
            return
        request.responseHeaders.setRawHeaders(*MARK)
        if is_immich(request.getHeader(b"user-agent")):
            for_vectors = request.path.startswith(b"/predict")
            if self._callers.called(self._wall(), who(request), for_vectors):
                self._log.warn("{warning}", warning=self._callers.warning)
