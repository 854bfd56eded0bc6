"""The description of the API has all that there is, and nothing else."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

import pytest

from tests.demo_requests import MULTIPART, TEXTUAL
from tests.described import OPERATIONS, check, operations
from tests.fakes import document, serve
from tests.memory_proxy import Proxy, http, posted, text_form
from tests.network import Network

#: What an answer to a save has beside the document.
TOLD = {"warnings", "warningsAt", "merged"}

#: What is answered at two addresses.
PROXY = {"proxy": "immich-ml-proxy", "version": "1", "id": "a"}
SESSION = {"hasSession": True}

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


@pytest.mark.parametrize(("method", "path"), sorted(OPERATIONS))
def test_a_body_that_is_too_large_is_refused_as_described(
    proxy: Proxy, method: str, path: str
) -> None:
    """At every address, before it is looked at."""
    head = {"Content-Length": str(2**40), "Content-Type": MULTIPART}
    path = re.sub(r"{\w+}", "x", path)
    assert proxy.ask(http(method, path, headers=head)).status == 413


def test_a_wake_up_call_that_cannot_be_sent_is_told_as_described(
    network: Network, start_proxy: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    """502, with the reason."""
    config = document("ml")
    config["backends"][0]["wakeOnLan"] = {"mac": "00:11:22:aa:bb:cc"}
    proxy = start_proxy(config)

    def refuse(*_: object) -> None:
        raise OSError("Network is unreachable")

    monkeypatch.setattr(network, "listenUDP", refuse)
    answer = proxy.post("/api/wake", {"machine": "ml"})
    assert answer.status == 502
    assert "Network is unreachable" in answer.error


@pytest.mark.parametrize("status", [302, 404, 418, 501])
def test_what_a_machine_refuses_is_passed_on_as_described(
    network: Network, start_proxy: Start, status: int
) -> None:
    """With its status, which need not be one of ours."""
    serve(network, "ml")["ml"].status = status
    assert start_proxy(document("ml")).ask(posted(text_form(TEXTUAL))).status == status


@pytest.mark.parametrize(
    ("method", "target", "asked", "status", "answered", "fault"),
    [
        ("GET", "/api/proxy", "", 409, {}, "409 is not described"),
        ("GET", "/api/nothing", "", 200, {}, "GET /api/nothing: 200"),
        ("POST", "/api/proxy", "", 200, {}, "POST /api/proxy: 200"),
        ("GET", "/api/proxy?deep=1", "", 200, PROXY, "'deep'} is not described"),
        ("GET", "/api/proxy", "", 200, {**PROXY, "new": 1}, "'new' was unexpected"),
        ("GET", "/api/proxy", "", 200, {"id": ""}, "'version' is a required"),
        ("GET", "/api/proxy", "", 200, {**PROXY, "version": 1}, "not of type"),
        ("GET", "/api/proxy", "", 404, {"told": "no"}, "'error' is a required"),
        ("POST", "/api/login", "{}", 200, SESSION, "'token' is a required"),
    ],
)
def test_what_is_not_described_is_noticed(
    method: str, target: str, asked: str, status: int, answered: object, fault: str
) -> None:
    """A status, a parameter, a field more or less, or one of another type."""
    kind = {"content-type": "application/json"}
    told = json.dumps(answered).encode()
    with pytest.raises(AssertionError, match=re.escape(fault)):
        check(method, target, asked.encode(), status, kind, told)
