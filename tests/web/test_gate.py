"""Who is let in to what, over HTTP, with and without an admin token."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from twisted.logger import capturedLogs, formatEvent

from tests.demo_requests import TEXTUAL
from tests.fakes import document, serve
from tests.memory_proxy import Answer, Proxy, http, posted, text_form
from tests.network import Network

Start = Callable[..., Proxy]

TOKEN = "correct-horse-battery"
SEARCH = posted(text_form(TEXTUAL))
PAGES = ["/", "/config", "/debug"]
#: Everything that reads.
READS = ["/api/config", "/api/health", "/api/status", "/api/debug/status"]
READS += ["/api/debug/records"]
CHANGES = [
    ("POST", "/api/config", document("a")),
    ("POST", "/api/backends/a", {"state": "drain"}),
    ("POST", "/api/debug/toggle", {"enabled": True}),
    ("POST", "/api/debug/max-records", {"maxRecords": 7}),
    ("DELETE", "/api/debug/records", None),
    ("POST", "/api/logout", {}),
]
HTML = {"Accept": "text/html"}


@pytest.fixture
def guarded(network: Network, start_proxy: Start, tmp_path: Path) -> Proxy:
    """A proxy with a token."""
    serve(network, "a")
    (tmp_path / "token").write_text(f"{TOKEN}\n")
    return start_proxy(document("a"), "--admin-token-file", str(tmp_path / "token"))


@pytest.fixture
def unguarded(network: Network, start_proxy: Start) -> Proxy:
    """A proxy without one."""
    serve(network, "a")
    return start_proxy(document("a"))


def log_in(proxy: Proxy, **headers: str) -> dict[str, str]:
    """Return the headers of who has logged in."""
    answer = proxy.post("/api/login", {"token": TOKEN}, **headers)
    assert answer.status == 200
    return {"Cookie": answer.headers["set-cookie"].partition(";")[0]}


def change(
    proxy: Proxy, method: str, path: str, value: object, **headers: str
) -> Answer:
    """Return the answer to a change."""
    return proxy.ask(http(method, path, json.dumps(value).encode(), headers))


# --- With a token ---


def test_immich_needs_no_token(guarded: Proxy) -> None:
    """It could not show one; and it may use any name."""
    assert guarded.get("/ping", Host="ml.example").body == b"pong"
    assert guarded.ask(SEARCH).status == 200
    assert guarded.get("/ping", Authorization="Bearer wrong").status == 200


@pytest.mark.parametrize("path", [*READS, "/api/nothing", "/nothing", "/ping/x"])
def test_without_the_token_nothing_is_read(guarded: Proxy, path: str) -> None:
    """Not even whether there is something."""
    answer = guarded.get(path)
    assert answer.status == 401
    assert "load the page to log in, or send Authorization: Bearer" in answer.error
    assert answer.headers["www-authenticate"].startswith("Bearer ")


@pytest.mark.parametrize(("method", "path", "value"), CHANGES)
def test_without_the_token_nothing_is_changed(
    guarded: Proxy, method: str, path: str, value: object
) -> None:
    """The configuration above all."""
    before = guarded.file.read_bytes()
    assert change(guarded, method, path, value).status == 401
    assert guarded.file.read_bytes() == before


@pytest.mark.parametrize(("method", "path", "value"), CHANGES[:-1])
def test_programs_show_the_token_with_every_request(
    guarded: Proxy, method: str, path: str, value: object
) -> None:
    """Whatever page they come from: none but ours knows it."""
    shown = {"Authorization": f"Bearer {TOKEN}"}
    assert change(guarded, method, path, value, **shown).status == 200
    assert guarded.get("/api/config", Host="ml.example", **shown).status == 200
    wrong = {"Authorization": "Bearer wrong"}
    refused = change(guarded, method, path, value, **wrong)
    assert (refused.status, refused.error) == (401, "the admin token is wrong")


@pytest.mark.parametrize("path", PAGES)
def test_a_page_is_the_login_page_until_somebody_has_logged_in(
    guarded: Proxy, path: str
) -> None:
    """At the same address, and no browser keeps it for the page."""
    answer = guarded.get(path, **HTML)
    assert answer.status == 401
    assert b'<form id="form"' in answer.body
    assert answer.headers["cache-control"] == "no-store"
    assert "etag" not in answer.headers
    assert "www-authenticate" not in answer.headers  # a browser would ask by itself
    page = guarded.get(path, **HTML, **log_in(guarded))
    assert page.status == 200
    assert b'<form id="form" class="card"' not in page.body
    known = {"If-None-Match": page.headers["etag"]}
    assert guarded.get(path, **HTML, **known).status == 401
    [head] = guarded.send(http("HEAD", path, headers=HTML)).answers(bodies=False)
    assert head.status == 401


def test_programs_that_ask_for_json_get_it(guarded: Proxy) -> None:
    """A page would tell them nothing."""
    assert "admin token" in guarded.get("/", Accept="application/json").error


def test_a_login_is_for_a_session(guarded: Proxy) -> None:
    """A cookie that no script reads and no other site sends; it reads and changes."""
    answer = guarded.post("/api/login", {"token": f" {TOKEN}\n"})
    cookie = answer.headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=Strict" in cookie
    assert "Secure" not in cookie
    session = {"Cookie": cookie.partition(";")[0]}
    assert guarded.get("/api/config", **session).status == 200
    assert guarded.post("/api/config", document("a"), **session).status == 200
    told = guarded.get("/api/health", **session).headers["x-immich-ml-access"]
    assert told == "session"
    ended = guarded.post("/api/logout", {}, **session)
    assert "Max-Age=0" in ended.headers["set-cookie"]


def test_over_https_the_cookie_is_for_https(guarded: Proxy) -> None:
    """The page's own address tells, whatever reverse proxy is between."""
    headers = {"Origin": "https://ml.lan", "X-Immich-ML-Proxy": "page"}
    answer = guarded.post("/api/login", {"token": TOKEN}, **headers)
    assert answer.headers["set-cookie"].endswith("; Secure")


def test_a_session_ends(guarded: Proxy, network: Network) -> None:
    """After thirty days."""
    session = log_in(guarded)
    network.advance(30 * 24 * 3600 - 1)
    assert guarded.get("/api/config", **session).status == 200
    network.advance(1)
    assert guarded.get("/api/config", **session).status == 401


def test_a_page_on_another_port_of_the_host_cannot_use_a_session(
    guarded: Proxy,
) -> None:
    """Browsers send it the cookie: to them it is the same site."""
    session = log_in(guarded)
    foreign = {"Origin": "http://proxy:8080"}
    assert guarded.post("/api/config", document(), **session, **foreign).status == 403
    site = {"Sec-Fetch-Site": "same-site"}
    assert guarded.get("/api/config", **session, **site).status == 403


def test_with_a_token_any_name_is_answered(guarded: Proxy) -> None:
    """A rebound page has no session."""
    session = log_in(guarded)
    assert guarded.get("/api/config", Host="ml.example", **session).status == 200
    assert guarded.get("/api/config", Host="evil.example").status == 401


@pytest.mark.parametrize("wrong", ["", "x", TOKEN[:-1], TOKEN + "x", "\u00e4"])
def test_a_wrong_token_is_told(guarded: Proxy, wrong: str) -> None:
    """And gives no cookie."""
    answer = guarded.post("/api/login", {"token": wrong})
    assert (answer.status, answer.error) == (401, "the admin token is wrong")
    assert "set-cookie" not in answer.headers


@pytest.mark.parametrize("body", [b"", b"{}", b'{"token": 3}', b"[", b"token=x"])
def test_a_login_that_makes_no_sense_is_refused(guarded: Proxy, body: bytes) -> None:
    """It is no attempt."""
    for _ in range(10):
        assert guarded.ask(http("POST", "/api/login", body)).status == 400


def test_after_wrong_tokens_the_next_is_looked_at_later(
    guarded: Proxy, network: Network
) -> None:
    """Also a right one, or who guesses would know; sessions go on, and Immich does."""
    session = log_in(guarded)
    with capturedLogs() as events:
        for _ in range(5):
            assert guarded.post("/api/login", {"token": "x"}).status == 401
    told = [formatEvent(event) for event in events]
    assert told == [
        "1 wrong admin tokens in a row came from 10.0.0.1",
        "5 wrong admin tokens in a row came from 10.0.0.1",
    ]
    for answer in (
        guarded.post("/api/login", {"token": TOKEN}),
        guarded.get("/api/config", Authorization=f"Bearer {TOKEN}"),
    ):
        assert (answer.status, answer.headers["retry-after"]) == (429, "1")
        assert answer.error == "too many wrong tokens; try again in 1 s"
    assert guarded.get("/api/config", **session).status == 200
    assert guarded.get("/ping").status == 200
    network.advance(1)
    log_in(guarded)


def test_nothing_of_the_token_is_recorded(guarded: Proxy) -> None:
    """Nor of a session."""
    shown = {"Authorization": f"Bearer {TOKEN}"}
    guarded.post("/api/debug/toggle", {"enabled": True}, **shown)
    session = log_in(guarded)
    guarded.get("/api/health", **session)
    guarded.post("/api/login", {"token": "guess-of-mine"})
    guarded.get("/api/health", **shown)
    records = guarded.get("/api/debug/records", **shown).body.decode()
    assert "/api/login" in records
    for secret in (TOKEN, "guess-of-mine", session["Cookie"].partition("=")[2]):
        assert secret not in records


# --- Without one ---


@pytest.mark.parametrize("path", [*PAGES, *READS, "/static/icon.svg", "/api/nothing"])
def test_a_name_that_may_be_a_strangers_is_refused(unguarded: Proxy, path: str) -> None:
    """Reads included: a page that has it lead here would read the records."""
    for host in ("evil.example:3004", "evil.example", "a..b"):
        answer = unguarded.get(path, Host=host)
        assert answer.status == 421
        assert b"--allowed-host" in answer.body
        assert b"IMMICH_ML_PROXY_ALLOWED_HOSTS" in answer.body


def test_the_refusal_is_a_page_for_people(unguarded: Proxy) -> None:
    """It names what they have asked for."""
    answer = unguarded.get("/config", Host="photos.example", **HTML)
    assert answer.status == 421
    assert answer.headers["content-type"].startswith("text/html")
    assert b"photos.example" in answer.body


def test_immich_may_use_any_name(unguarded: Proxy) -> None:
    """It is no browser, and what it asks for harms nobody."""
    assert unguarded.get("/ping", Host="ml.example").body == b"pong"
    named = posted(text_form(TEXTUAL), Host="ml.example")
    assert unguarded.ask(named).status == 200


@pytest.mark.parametrize("host", ["proxy", "192.168.1.5", "[::1]:3004", "ml.lan"])
def test_names_of_homes_are_answered(unguarded: Proxy, host: str) -> None:
    """So nobody has to set anything at home."""
    assert unguarded.get("/api/config", Host=host).status == 200
    origin = {"Origin": f"http://{host}"}
    saved = unguarded.post("/api/config", document("a"), Host=host, **origin)
    assert saved.status == 200


def test_a_name_can_be_allowed(
    network: Network, start_proxy: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By the option, several times, or by the variable."""
    hosts = ["--allowed-host", "a.example", "--allowed-host", "*.b.example"]
    monkeypatch.setenv("IMMICH_ML_PROXY_ALLOWED_HOSTS", "c.example, d.example")
    given, by_variable = start_proxy(document("a"), *hosts), start_proxy(document("a"))
    for proxy, host, status in (
        (given, "a.example", 200),
        (given, "x.b.example:3004", 200),
        (given, "c.example", 421),
        (by_variable, "c.example", 200),
        (by_variable, "d.example", 200),
        (by_variable, "a.example", 421),
    ):
        assert proxy.get("/api/config", Host=host).status == status


@pytest.mark.parametrize(
    ("host", "headers", "status"),
    [
        # nginx with its default Host; the browser's page is elsewhere
        ("127.0.0.1:3004", {"Origin": "http://ml.lan", "X-Immich-ML-Proxy": "1"}, 200),
        ("127.0.0.1:3004", {"Origin": "http://ml.lan"}, 403),
        # $host, without the port
        (
            "ml.lan",
            {"Origin": "https://ml.lan:8443", "Sec-Fetch-Site": "same-origin"},
            200,
        ),
        ("ml.lan", {"Origin": "http://ml.lan:8080", "X-Immich-ML-Proxy": "1"}, 200),
        ("ml.lan:443", {"Origin": "https://ml.lan"}, 200),
        # a rebound page behind nginx with its default Host
        (
            "127.0.0.1:3004",
            {"Origin": "http://evil.example", "X-Immich-ML-Proxy": "1"},
            421,
        ),
        ("evil.example", {"Origin": "http://evil.example"}, 421),
        # what anybody can write counts from nobody
        (
            "proxy:3004",
            {"Origin": "https://ml.lan", "X-Forwarded-Host": "ml.lan"},
            403,
        ),
    ],
)
def test_reverse_proxies_that_nobody_told_us_of(
    unguarded: Proxy, host: str, headers: dict[str, str], status: int
) -> None:
    """Our own pages save behind them; what they say of others is not believed."""
    answer = unguarded.post("/api/config", document("a"), Host=host, **headers)
    assert answer.status == status


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"X-Forwarded-Host": "ml.lan"}, 200),
        ({"X-Forwarded-Host": "ml.lan, inner.lan"}, 200),
        ({"X-Forwarded-Host": "ml.lan", "X-Forwarded-Port": "443"}, 200),
        ({"X-Forwarded-Host": "other.lan"}, 403),
        ({"X-Forwarded-Host": "ml.lan, evil.example"}, 421),
    ],
)
def test_a_trusted_proxy_is_believed(
    start_proxy: Start, headers: dict[str, str], status: int
) -> None:
    """It knows by which name it was asked; each of a list must be ours."""
    proxy = start_proxy(document("a"), "--trusted-proxy", "10.0.0.0/24")
    origin = {"Origin": "https://ml.lan"}
    answer = proxy.post("/api/config", document("a"), **origin, **headers)
    assert answer.status == status


def test_the_pages_are_told_that_anybody_may_do_anything(unguarded: Proxy) -> None:
    """And there is nothing to log in to."""
    told = unguarded.get("/api/health").headers["x-immich-ml-access"]
    assert told == "open"
    assert unguarded.post("/api/login", {"token": "x"}).status == 400
    assert unguarded.post("/api/logout", {}).status == 400


def test_preflights_are_never_allowed(unguarded: Proxy, guarded: Proxy) -> None:
    """So no foreign page can send our pages' header."""
    asked = {
        "Origin": "http://evil.example",
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "x-immich-ml-proxy",
    }
    for proxy in (unguarded, guarded):
        answer = proxy.ask(http("OPTIONS", "/api/config", b"", asked))
        assert answer.status >= 400
        assert not [name for name in answer.headers if name.startswith("access-")]


@pytest.mark.parametrize("path", [*PAGES, *READS, "/static/icon.svg", "/nothing"])
def test_browsers_give_nothing_to_pages_of_other_sites(
    unguarded: Proxy, path: str
) -> None:
    """Where they say nothing of who asks, they look at what is answered."""
    headers = unguarded.get(path).headers
    assert headers["cross-origin-resource-policy"] == "same-origin"
    assert headers["x-content-type-options"] == "nosniff"


# --- Another port ---


def test_pages_and_api_can_be_at_another_port(
    network: Network, start_proxy: Start
) -> None:
    """The one for Immich then has what Immich asks for, and nothing else."""
    serve(network, "a")
    proxy = start_proxy(document("a"), "--admin-listen", "tcp:3005")
    admin, immich = proxy.sites
    assert proxy.get("/ping").body == b"pong"
    assert proxy.ask(SEARCH).status == 200
    for path in [*PAGES, *READS, "/static/icon.svg", "/api/login"]:
        answer = proxy.get(path)
        assert answer.status == 404
        assert "only /ping, /predict and /livez are here" in answer.error
    assert change(proxy, *CHANGES[0]).status == 404
    for path in [*PAGES, *READS, "/ping"]:
        assert proxy.connect(admin).send(http("GET", path)).answer.status == 200
    assert immich is proxy.site
