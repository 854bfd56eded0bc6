"""Sends a recorded request once more, to one machine, and counts it nowhere."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from twisted.internet.defer import CancelledError, Deferred
from twisted.internet.defer import TimeoutError as TooLong
from twisted.internet.interfaces import IReactorTime
from twisted.web.http_headers import Headers

from immich_ml_proxy.balancer.demand import Demand, demand_of
from immich_ml_proxy.balancer.place import Place, Places
from immich_ml_proxy.balancer.pool import Pool
from immich_ml_proxy.balancer.server import Server
from immich_ml_proxy.config.model import Route
from immich_ml_proxy.errors import (
    CannotRepeat,
    NoSuchBackend,
    ProxyError,
    Unavailable,
)
from immich_ml_proxy.protocol import routing
from immich_ml_proxy.protocol.body import Body
from immich_ml_proxy.protocol.form import scanner
from immich_ml_proxy.protocol.routing import Group, Tasks
from immich_ml_proxy.records.record import content_type
from immich_ml_proxy.records.row import Content, Row, unpacked
from immich_ml_proxy.trial.comparison import Asked, Said, compared
from immich_ml_proxy.upstream.body_producer import BodyProducer
from immich_ml_proxy.upstream.client import BackendClient, Outgoing
from immich_ml_proxy.upstream.reply import ExchangeFailed

#: Seconds that a place at a machine is waited for that has none.
WAIT = 30.0
#: No route of the configuration has this key.
KEY = "(sent again)"


class Repeat:
    """
    :param clock: source of time.
    :param client: sends it.
    :param pool: the machines.
    :param places: gives a place at one.
    :param new_trace_id: names what is sent.
    :param via: the ``Via`` that it goes with.
    """

    def __init__(
        self,
        clock: IReactorTime,
        client: BackendClient,
        pool: Pool,
        places: Places,
        new_trace_id: Callable[[], str],
        via: bytes,
    ) -> None:
        self._clock = clock
        self._client = client
        self._pool = pool
        self._places = places
        self._new_trace_id = new_trace_id
        self._via = via

    async def of(self, row: Row, machine: str) -> dict[str, Any]:
        """
        Return what a machine answers to a request, and how that is like the first.

        It takes a place there. That it is well or not, fast or slow, able or not is
        nothing that is learned: nobody but who asks will know.

        :raises CannotRepeat: when what was sent is not kept, or the machine is not
            enabled; ``NoSuchBackend``, and ``Unavailable`` when there is no place.
        """
        found = next((one for one in self._pool.machines if one.name == machine), None)
        if found is None:
            raise NoSuchBackend(f"there is no machine named {machine[:100]!r}")
        if not found.is_enabled:
            state = {"drain": "drained"}.get(found.backend.state, "disabled")
            raise CannotRepeat(f"{machine} is {state}; enable it first")
        content = _kept(row)
        kind = content_type(unpacked(content.head)) or ""
        tasks, has_image = _tasks(content, kind)
        group = Group(Route(KEY, (machine,)), tasks)
        place = await self._place(machine, demand_of(group, content.size))
        try:
            said = await self._ask(place.server, content, kind)
        finally:
            place.give_back()
        answer = content.answer if row.status == 200 else b""
        return compared(Asked(tasks, has_image, answer, row.backend or ""), said)

    async def _place(self, machine: str, demand: Demand) -> Place:
        """Return a place there, at a replica that is up if there is one."""
        now, servers = self._clock.seconds(), self._pool.servers_of(demand.route)
        for server in sorted(servers, key=lambda one: not one.is_healthy(now)):
            place = self._places.take_at(server, demand)
            if place is not None:
                return place
        until = self._clock.seconds() + WAIT
        waiting: Deferred[Place | None] = self._places.take(demand, (), until)
        waited: Place | None
        try:
            waited = await waiting.addTimeout(WAIT, self._clock)
        except TooLong:
            waited = None
        if waited is None:
            raise Unavailable(f"{machine} has no place for it; try again later")
        return waited

    async def _ask(self, server: Server, content: Content, kind: str) -> Said:
        body = Body(content.size)
        for chunk in content.chunks:
            body.append(chunk)
        began = self._clock.seconds()
        body.finish(began)
        headers = {
            b"Content-Type": [kind.encode("latin-1")],
            b"Accept": [b"*/*"],
            b"Via": [self._via] if self._via else [],
        }
        outgoing = Outgoing(
            b"POST",
            "/predict",
            Headers(headers),
            self._new_trace_id(),
            make_body=lambda: BodyProducer(body),
            body=body,
            is_recorded=False,
        )
        timeout = self._pool.config.request_timeout
        try:
            reply = await self._client.send(
                server.backend, outgoing, lambda taken: timeout - taken
            )
        except CancelledError:
            raise
        except ExchangeFailed as failed:
            took = self._clock.seconds() - began
            return Said(server.name, None, b"", str(failed), took)
        took = self._clock.seconds() - began
        return Said(server.name, reply.status, reply.body, None, took)


def _kept(row: Row) -> Content:
    """Return all that was sent; :raises CannotRepeat: when some of it is gone."""
    content = row.content
    if row.kind != "predict" or (row.order and not row.record):
        raise CannotRepeat("only work can be sent again")
    if not row.order:
        raise CannotRepeat("it is still under way; wait until it is answered")
    if content is None:
        raise CannotRepeat("what was sent is not kept any more")
    if content.picture is not None and not content.has_picture:
        raise CannotRepeat("its picture is not kept any more")
    if sum(map(len, content.chunks)) != content.size:
        raise CannotRepeat("it was too large to be kept whole")
    return content


def _tasks(content: Content, kind: str) -> tuple[Tasks, bool]:
    """Return what is asked for, and whether there is a picture."""
    try:
        scan = scanner(kind.encode("latin-1"))
        for chunk in content.chunks:
            scan.feed(chunk)
        return routing.read(scan.finish().value), scan.has_image
    except ProxyError as error:
        raise CannotRepeat(f"it was no request that can be sent on: {error}") from None
