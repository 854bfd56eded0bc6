"""Tries whether somebody who wants to know what happens is reached."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import attrs
import msgspec
from klein import Klein

from immich_ml_proxy.balancer.pool import Pool
from immich_ml_proxy.config import document as config_document
from immich_ml_proxy.config import notify
from immich_ml_proxy.config.model import Config
from immich_ml_proxy.config.notify import Target
from immich_ml_proxy.downstream.request import ProxyRequest
from immich_ml_proxy.errors import BadRequest
from immich_ml_proxy.notify.sender import Sender
from immich_ml_proxy.web.answers import json_answer
from immich_ml_proxy.web.origin import read

_EXAMPLE = '{"index": 0}, or {"entry": {"url": "https://ntfy.sh/my-topic"}}'


class _Test(msgspec.Struct, forbid_unknown_fields=True):
    index: int | None = None
    entry: dict[str, Any] | None = None


class NotifyEndpoints:
    """
    ``/api/notify/test``.

    :param pool: has the configuration in force.
    :param sender: sends messages.
    :param in_force: returns a configuration with the environment's secrets.
    """

    def __init__(
        self, pool: Pool, sender: Sender, in_force: Callable[[Config], Config]
    ) -> None:
        self._pool = pool
        self._sender = sender
        self._in_force = in_force

    def add_to(self, app: Klein) -> None:
        """Add the routes to ``app``."""
        app.route("/api/notify/test", methods=["POST"])(self.test)

    async def test(self, request: ProxyRequest) -> bytes:
        """Send a message that says that it is a test, and tell what came of it."""
        target = self._target(read(request, _Test, _EXAMPLE))
        return json_answer(request, await self._sender.test(target))

    def _target(self, wanted: _Test) -> Target:
        config = self._pool.config
        if (wanted.index is None) == (wanted.entry is None):
            raise BadRequest(f"the body must have one of index and entry: {_EXAMPLE}")
        if wanted.entry is not None:
            saved = msgspec.json.decode(config.document)
            entry = notify.unmasked_entry(wanted.entry, saved, "entry")
            target = notify.entry(entry, "entry")
            alone = attrs.evolve(config_document.empty(), notify=(target,))
            return self._in_force(alone).notify[0]
        index = wanted.index or 0
        if not 0 <= index < len(config.notify):
            count = len(config.notify)
            raise BadRequest(f"index: notify has {count} entries, counted from 0")
        return config.notify[index]
