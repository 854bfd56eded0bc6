"""Tries an address before it is saved, and tells others what this is."""

from __future__ import annotations

from typing import Any

import msgspec
from klein import Klein

from immich_ml_proxy.downstream.request import ProxyRequest
from immich_ml_proxy.errors import BadRequest
from immich_ml_proxy.trial.samples import KINDS
from immich_ml_proxy.trial.trial import Trial
from immich_ml_proxy.web.answers import json_answer
from immich_ml_proxy.web.origin import read


class _Try(msgspec.Struct, forbid_unknown_fields=True):
    url: str
    samples: list[str] = []


class TrialEndpoints:
    """
    ``/api/try`` and ``/api/proxy``.

    :param trial: asks an address what it is.
    :param version: of the proxy.
    :param own: names this run of it.
    """

    def __init__(self, trial: Trial, version: str, own: str) -> None:
        self._trial = trial
        self._version = version
        self._own = own

    def add_to(self, app: Klein) -> None:
        """Add the routes to ``app``."""
        app.route("/api/try", methods=["POST"])(self.attempt)
        app.route("/api/proxy", methods=["GET"])(self.proxy)

    async def attempt(self, request: ProxyRequest) -> bytes:
        """What answers at an address, in a sentence; see the README."""
        wanted = read(request, _Try, '{"url": "http://gpu:3003"}')
        kinds = list(dict.fromkeys(wanted.samples))
        unknown = [kind for kind in kinds if kind not in KINDS]
        if unknown:
            raise BadRequest(f"samples: must be some of {', '.join(KINDS)}")
        told: Any = await self._trial.of(wanted.url, kinds, request.trace_id)
        return json_answer(request, told)

    def proxy(self, request: ProxyRequest) -> bytes:
        """What this is, for another proxy that is given its address."""
        told = {"proxy": "immich-ml-proxy", "version": self._version, "id": self._own}
        return json_answer(request, told)
