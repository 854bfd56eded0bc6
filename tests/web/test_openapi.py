"""The description of the API has all that there is, and nothing else."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest

from tests.described import operations
from tests.fakes import document, serve
from tests.memory_proxy import Proxy
from tests.network import Network

#: What an answer to a save has beside the document.
TOLD = {"warnings", "warningsAt", "merged"}

Start = Callable[..., Proxy]

#: What is no part of the API: pages, and what they are made of.
PAGES = {"/", "/config", "/debug", "/help", "/login", "/static/", "/static/{name}"}


@pytest.fixture
def proxy(network: Network, start_proxy: Start) -> Proxy:
    """A proxy with one server."""
    serve(network, "ml")
    return start_proxy(document("ml"), "--debug")


def described(proxy: Proxy) -> dict[str, Any]:
    """Return the description."""
    found: dict[str, Any] = proxy.get("/api/openapi.json").json()
    return found


def routes(proxy: Proxy) -> set[tuple[str, str]]:
    """Return method and path of all that Klein has, but for pages."""
    app: Any = proxy.site.resource._app
    return {
        (method.lower(), path)
        for rule in app.url_map.iter_rules()
        for path in [re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", rule.rule)]
        for method in rule.methods
        if path not in PAGES and "__rest__" not in path and method != "HEAD"
    }


def test_every_route_is_described_and_nothing_else(proxy: Proxy) -> None:
    """With the methods that it has."""
    paths = described(proxy)["paths"]
    told = {(method, path) for path, methods in paths.items() for method in methods}
    assert told == routes(proxy)


def test_every_operation_says_what_it_is_for(proxy: Proxy) -> None:
    """And what its answers are."""
    for operation in operations(described(proxy)).values():
        assert operation["summary"]
        assert all(one["description"] for one in operation["responses"].values())
        assert operation["responses"]["200"]["content"]


def test_the_configuration_has_the_fields_that_are_described(proxy: Proxy) -> None:
    """Those of the document, and the warnings that an answer may have."""
    from immich_ml_proxy.config.document import DocumentFields

    paths = described(proxy)["paths"]
    schema = paths["/api/config"]["post"]["requestBody"]["content"]["application/json"]
    told = set(schema["schema"]["properties"])
    assert told == {*DocumentFields.__struct_encode_fields__, *TOLD}
