"""What programs see that want to know what the API is, and a configuration."""

from __future__ import annotations

from functools import cache
from importlib.metadata import version
from typing import Any

import msgspec
from klein import Klein

from immich_ml_proxy.config import schema
from immich_ml_proxy.downstream.request import ProxyRequest
from immich_ml_proxy.web import openapi
from immich_ml_proxy.web.answers import json_text


class DescriptionEndpoints:
    """``/api/openapi.json`` and ``/api/config/schema``."""

    def add_to(self, app: Klein) -> None:
        """Add the routes to ``app``."""
        app.route("/api/openapi.json", methods=["GET"])(self.description)
        app.route("/api/config/schema", methods=["GET"])(self.schema)

    def description(self, request: ProxyRequest) -> bytes:
        """The description of all routes for programs."""
        return json_text(request, _description())

    def schema(self, request: ProxyRequest) -> bytes:
        """What a configuration may have, for editors and programs."""
        return json_text(request, _schema())


# Few ask for them, and they are always the same: they are made for the first who does.


@cache
def _description() -> bytes:
    return _pretty(openapi.document(version("immich-ml-proxy")))


@cache
def _schema() -> bytes:
    return _pretty(schema.schema())


def _pretty(value: Any) -> bytes:
    return msgspec.json.format(msgspec.json.encode(value), indent=2)
