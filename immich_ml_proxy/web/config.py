"""What the config page and scripts see: the configuration and the backends' health."""

from __future__ import annotations

from collections.abc import Callable

from klein import Klein
from twisted.internet.interfaces import IReactorTime

from immich_ml_proxy.config_store import ConfigStore
from immich_ml_proxy.core import config
from immich_ml_proxy.core.config import Config
from immich_ml_proxy.core.pool import Pool
from immich_ml_proxy.web.answers import json_answer, json_text
from immich_ml_proxy.web.origin import body_of
from immich_ml_proxy.web.request import ProxyRequest


class ConfigEndpoints:
    """
    ``/api/config``, ``/api/health`` and ``/api/status``.

    :param clock: source of time.
    :param pool: the backends.
    :param store: saves a configuration.
    :param apply: puts one in force.
    """

    def __init__(
        self,
        clock: IReactorTime,
        pool: Pool,
        store: ConfigStore,
        apply: Callable[[Config], None],
    ) -> None:
        self._clock = clock
        self._pool = pool
        self._store = store
        self._apply = apply

    def add_to(self, app: Klein) -> None:
        """Add the routes to ``app``."""
        app.route("/api/config", methods=["GET"])(self.current)
        app.route("/api/config", methods=["POST"])(self.save)
        app.route("/api/health", methods=["GET"])(self.health)
        app.route("/api/status", methods=["GET"])(self.status)

    def current(self, request: ProxyRequest) -> bytes:
        """The configuration in force, as it was saved."""
        return json_text(request, self._pool.config.document)

    def save(self, request: ProxyRequest) -> bytes:
        """Check, save and put in force; answered with what is in force then."""
        new = config.parse(body_of(request))
        self._store.save(new)
        self._apply(new)
        return json_text(request, new.document)

    def health(self, request: ProxyRequest) -> bytes:
        """Every backend's state by its name."""
        now = self._clock.seconds()
        told = {}
        for member in self._pool:
            health = member.reported(now)
            told[member.name] = {
                "status": health.status,
                "lastCheck": int(health.last_check),
                "error": health.error,
            }
        return json_answer(request, told)

    def status(self, request: ProxyRequest) -> bytes:
        """What is wrong with the configuration file, and each backend's load."""
        told = {
            "configError": self._store.error,
            "backends": {
                member.name: {"inFlight": member.in_flight} for member in self._pool
            },
        }
        return json_answer(request, told)
