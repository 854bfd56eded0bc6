"""What programs see that want to know what the API is."""

from __future__ import annotations

from importlib.metadata import version

import msgspec
from klein import Klein

from immich_ml_proxy.downstream.request import ProxyRequest
from immich_ml_proxy.web import openapi
from immich_ml_proxy.web.answers import json_text


class DescriptionEndpoints:
    """``/api/openapi.json``."""

    def __init__(self) -> None:
        document = openapi.document(version("immich-ml-proxy"))
        self._text = msgspec.json.format(msgspec.json.encode(document), indent=2)

    def add_to(self, app: Klein) -> None:
        """Add the route to ``app``."""
        app.route("/api/openapi.json", methods=["GET"])(self.description)

    def description(self, request: ProxyRequest) -> bytes:
        """The description of all routes for programs."""
        return json_text(request, self._text)
