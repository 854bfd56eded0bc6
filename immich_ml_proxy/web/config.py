"""What the config page and scripts see: the configuration and the backends' health."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any

import msgspec
from klein import Klein
from twisted.internet.interfaces import IReactorTime

from immich_ml_proxy.balancer.hedging import HedgeBudget
from immich_ml_proxy.balancer.place import Places
from immich_ml_proxy.balancer.pool import Pool
from immich_ml_proxy.config import document as config_document
from immich_ml_proxy.config import immich, takers, version
from immich_ml_proxy.config.model import Config, State
from immich_ml_proxy.config.power import LONGEST
from immich_ml_proxy.config.store import ConfigStore
from immich_ml_proxy.downstream.request import ProxyRequest
from immich_ml_proxy.errors import BadRequest
from immich_ml_proxy.observe.kinds import key_in_words
from immich_ml_proxy.observe.status import status
from immich_ml_proxy.web.answers import json_answer, json_text
from immich_ml_proxy.web.origin import body_of, read, who

NOT_KEPT = (
    "This is in force, but was not saved: the simulated machines end with this proxy. "
    "It is saved once they are all removed."
)


class _State(msgspec.Struct, forbid_unknown_fields=True):
    state: State
    seconds: Annotated[float, msgspec.Meta(ge=1, le=LONGEST)] | None = None


class _Taker(msgspec.Struct, forbid_unknown_fields=True):
    add: str | None = None
    remove: str | None = None


class ConfigEndpoints:
    """
    ``/api/config``, ``/api/health``, ``/api/status``, ``/api/backends/`` and
    ``/api/routes/``.

    :param clock: source of time.
    :param wall: what time it is, in Unix seconds.
    :param pool: the backends.
    :param places: knows who waits.
    :param hedges: counts extra requests.
    :param store: saves a configuration.
    :param apply: puts one in force; it is told who has saved it.
    :param check: raises ``ConfigError`` for what is not as one says it is.
    :param version_key: see :func:`~immich_ml_proxy.config.version.version`.
    :param notified: how it goes with those who are told what happens, as JSON.
    """

    def __init__(
        self,
        clock: IReactorTime,
        wall: Callable[[], float],
        pool: Pool,
        places: Places,
        hedges: HedgeBudget,
        store: ConfigStore,
        apply: Callable[[Config, str], None],
        check: Callable[[Config], None],
        version_key: bytes,
        notified: Callable[[], list[dict[str, Any]]],
    ) -> None:
        self._clock = clock
        self._wall = wall
        self._pool = pool
        self._places = places
        self._hedges = hedges
        self._store = store
        self._apply = apply
        self._check = check
        self._version_key = version_key
        self._notified = notified

    def add_to(self, app: Klein) -> None:
        """Add the routes to ``app``."""
        app.route("/api/config", methods=["GET"])(self.current)
        app.route("/api/config", methods=["POST"])(self.save)
        app.route("/api/health", methods=["GET"])(self.health)
        app.route("/api/status", methods=["GET"])(self.status)
        app.route("/api/backends/<path:name>", methods=["POST"])(self.set_state)
        app.route("/api/routes/<path:key>", methods=["POST"])(self.set_taker)

    def current(self, request: ProxyRequest) -> bytes:
        """The configuration in force, as it was saved, but for what is secret."""
        self._tell_version(request)
        return _pretty(request, config_document.shown(self._pool.config))

    def save(self, request: ProxyRequest) -> bytes:
        """
        Check, save and put in force; answered with what is in force then.

        What had to be mended is told beside it, under ``warnings``. Secrets that come
        back as they were shown are kept. One of simulated servers is put in force and
        not saved: they end with this process.
        """
        current = self._pool.config
        if_match = request.requestHeaders.getRawHeaders(b"if-match", ())
        self._tell_version(request)
        version.check(
            (line.decode("latin-1") for line in if_match), self._version(current)
        )
        sent = body_of(request)
        given = immich.unmasked(sent, current.document)
        new = config_document.parse(given, current)
        if given is not sent:
            immich.check_host(current.immich, new.immich)
        self._check(new)
        warnings = [*new.warnings]
        if self._store.keeps(new):
            self._store.save(new)
        else:
            warnings.append(NOT_KEPT)
        self._apply(new, who(request))
        self._tell_version(request)
        told = {"warnings": warnings} if warnings else {}
        return _pretty(request, {**config_document.saved(new), **told})

    def _version(self, config: Config) -> str:
        return version.version(config, self._version_key)

    def _tell_version(self, request: ProxyRequest) -> None:
        tag = f'"{self._version(self._pool.config)}"'
        request.setHeader(b"ETag", tag.encode("ascii"))

    def health(self, request: ProxyRequest) -> bytes:
        """
        Every backend's state by its name, with a note where there is one.

        The time of the last check is told by today's wall clock: it was seconds ago
        as many as have passed since, whatever the wall clock has been set to meanwhile.
        """
        now = self._clock.seconds()
        ahead = self._wall() - now
        told: dict[str, dict[str, str | int]] = {}
        for server in self._pool:
            health = server.reported(now)
            told[server.name] = {
                "status": health.status,
                "lastCheck": int(health.last_check and health.last_check + ahead),
                "error": health.error,
            }
            notes = [one for one in server.notes(now) if one not in health.error]
            if notes:
                told[server.name]["note"] = "; ".join(notes)
        return json_answer(request, told)

    def status(self, request: ProxyRequest) -> bytes:
        """What is wrong with the configuration, and what is going on."""
        now = self._clock.seconds()
        numbers = status(self._pool, self._places.scheduler, now)
        return json_answer(
            request,
            {
                "configError": self._store.error,
                "configWarnings": self._pool.config.warnings,
                **numbers,
                "notify": self._notified(),
                "hedged": self._hedges.hedged,
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
        if self._store.is_kept and self._store.keeps(new):
            self._store.save(new)
        self._apply(new, who(request))


def _told(name: str, key: str, is_added: bool) -> str:
    work = key_in_words(key)
    return f"{name} does {work}, too." if is_added else f"{name} does no {work} now."


def _pretty(request: ProxyRequest, value: object) -> bytes:
    """Answer with JSON that a person can read."""
    text = msgspec.json.format(msgspec.json.encode(value), indent=2)
    return json_text(request, text)
