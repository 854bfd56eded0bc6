"""What scripts and pages see of the machines, and change about one of them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any

import msgspec
from klein import Klein
from twisted.internet.interfaces import IReactorTime
from twisted.logger import Logger

from immich_ml_proxy.balancer.hedging import HedgeBudget
from immich_ml_proxy.balancer.place import Places
from immich_ml_proxy.balancer.pool import Pool
from immich_ml_proxy.config import document as config_document
from immich_ml_proxy.config import takers
from immich_ml_proxy.config.model import Config, State
from immich_ml_proxy.config.power import LONGEST
from immich_ml_proxy.config.store import ConfigStore
from immich_ml_proxy.config.words import key_in_words
from immich_ml_proxy.downstream.request import ProxyRequest
from immich_ml_proxy.errors import BadRequest, ProxyError
from immich_ml_proxy.observe.status import health_of_all, status
from immich_ml_proxy.web.answers import json_answer
from immich_ml_proxy.web.origin import read, who


class _State(msgspec.Struct, forbid_unknown_fields=True):
    state: State
    seconds: Annotated[float, msgspec.Meta(ge=1, le=LONGEST)] | None = None


class _Taker(msgspec.Struct, forbid_unknown_fields=True):
    add: str | None = None
    remove: str | None = None


class ConfigEndpoints:
    """
    ``/api/health``, ``/api/status``, ``/api/backends/`` and ``/api/routes/``.

    :param clock: source of time.
    :param wall: what time it is, in Unix seconds.
    :param pool: the backends.
    :param places: knows who waits.
    :param hedges: counts extra requests.
    :param store: saves a configuration.
    :param apply: puts one in force; it is told who has saved it.
    :param undo: returns what save can be undone, as JSON tells it.
    :param notified: returns how it goes with those who are told what happens.
    """

    _log = Logger()

    def __init__(
        self,
        clock: IReactorTime,
        wall: Callable[[], float],
        pool: Pool,
        places: Places,
        hedges: HedgeBudget,
        store: ConfigStore,
        apply: Callable[[Config, str], None],
        undo: Callable[[], dict[str, Any] | None],
        notified: Callable[[], list[dict[str, Any]]],
    ) -> None:
        self._clock = clock
        self._wall = wall
        self._pool = pool
        self._places = places
        self._hedges = hedges
        self._store = store
        self._apply = apply
        self._undo = undo
        self._notified = notified

    def add_to(self, app: Klein) -> None:
        """Add the routes to ``app``."""
        app.route("/api/health", methods=["GET"])(self.health)
        app.route("/api/status", methods=["GET"])(self.status)
        app.route("/api/backends/<path:name>", methods=["POST"])(self.set_state)
        app.route("/api/routes/<path:key>", methods=["POST"])(self.set_taker)

    def health(self, request: ProxyRequest) -> bytes:
        """
        Every backend's state by its name, with a note where there is one.

        The time of the last check is told by today's wall clock: it was seconds ago
        as many as have passed since, whatever the wall clock has been set to meanwhile.
        """
        now = self._clock.seconds()
        return json_answer(request, health_of_all(self._pool, now, self._wall() - now))

    def status(self, request: ProxyRequest) -> bytes:
        """What is wrong with the configuration, and what is going on."""
        now = self._clock.seconds()
        numbers = status(self._pool, self._places.scheduler, now)
        return json_answer(
            request,
            {
                "configError": self._store.error,
                "readOnly": self._store.refusal,
                "configWarnings": self._pool.config.warnings,
                **numbers,
                "notify": self._notified(),
                "hedged": self._hedges.hedged,
                "undo": self._undo(),
            },
        )

    def set_state(self, request: ProxyRequest, name: str) -> bytes:
        """
        Enable, drain or disable one backend, the latter for so many seconds if that is
        said, and save that.

        A configuration that nobody has saved yet, a demo's, stays in memory.
        """
        wanted = read(request, _State, '{"state": "drain"}')
        until = None
        if wanted.seconds is not None:
            if wanted.state != "disabled":
                raise BadRequest("seconds: is for the state disabled only")
            until = self._wall() + wanted.seconds
        new = config_document.with_state(self._pool.config, name, wanted.state, until)
        self._change(request, new)
        return self.status(request)

    def end_break(self, name: str) -> None:
        """Use one backend again that was disabled until now, be it saved or not."""
        new = config_document.with_state(self._pool.config, name, "enabled")
        try:
            self._store.check_change()
            self._save(new)
        except ProxyError as error:
            self._log.warn(
                "{machine} is used again: {error}", machine=name, error=error
            )
        self._apply(new, "its time limit")

    def set_taker(self, request: ProxyRequest, key: str) -> bytes:
        """
        Have one more backend do what has a routing key, or one less, and save that.

        What waits for a place goes its new way at once.
        """
        wanted = read(request, _Taker, '{"add": "mac-mini"}')
        if (wanted.add is None) == (wanted.remove is None):
            raise BadRequest("the body must have one of add and remove")
        config, name = self._pool.config, wanted.add or wanted.remove or ""
        new = takers.with_taker(config, key, name, wanted.add is not None)
        self._change(request, new)
        told = {
            "text": _told(name, key, wanted.add is not None),
            "taskRouting": config_document.shown(new)["taskRouting"],
        }
        return json_answer(request, told)

    def _change(self, request: ProxyRequest, new: Config) -> None:
        """Put a small change in force, and save it where there is a file."""
        self._store.check_change()
        self._save(new)
        self._apply(new, who(request))

    def _save(self, new: Config) -> None:
        if self._store.is_kept and self._store.keeps(new):
            self._store.save(new)


def _told(name: str, key: str, is_added: bool) -> str:
    work = key_in_words(key)
    return f"{name} does {work}, too." if is_added else f"{name} does no {work} now."
