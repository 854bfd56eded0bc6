"""Who gets where, in a real browser: logging in, foreign pages, names of strangers."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from selenium.webdriver.common.keys import Keys

from tests.end_to_end.axe import violations
from tests.end_to_end.browser import Browser, start
from tests.end_to_end.processes import Proxy, config_for
from tests.end_to_end.test_import import StartProxy, StartServer
from tests.serving import serve_beside

pytest_plugins = ["tests.end_to_end.browser_fixtures"]

TOKEN = "correct-horse-battery"
CONFIG = {
    "defaultBackend": "a",
    "backends": [{"name": "a", "url": "http://127.0.0.1:1"}],
    "taskRouting": {},
}
EMPTY: dict[str, Any] = {"defaultBackend": "", "backends": [], "taskRouting": {}}
ELSEWHERE = {**CONFIG, "backends": [{"name": "a", "url": "http://evil.example"}]}
#: What a foreign page tries, and what it can tell of it.
ATTEMPTS = """
const [proxy, body, done] = arguments;
const ask = async (path, options) => {
  try {
    const answer = await fetch(proxy + path, options);
    return `${answer.type} ${answer.status} ${(await answer.text()).slice(0, 40)}`;
  } catch (error) {
    return error.name;
  }
};
const post = { method: "POST", body };
(async () => done([
  await ask("/api/config", { ...post, mode: "no-cors" }),
  await ask("/api/config", post),
  await ask("/api/config", { ...post, headers: { "X-Immich-ML-Proxy": "page" } }),
  await ask("/api/config", { ...post, headers: { "Content-Type": "text/json" } }),
  await ask("/api/config"),
  await ask("/api/debug/records", { method: "DELETE" }),
]))();
"""


@pytest.fixture
def guarded(tmp_path: Path, start_proxy: StartProxy) -> Proxy:
    """A proxy with a token."""
    (tmp_path / "token").write_text(TOKEN)
    return start_proxy(None, f"--admin-token-file={tmp_path / 'token'}")


class Page(BaseHTTPRequestHandler):
    """An empty page."""

    def do_GET(self) -> None:
        """Answer with it."""
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.end_headers()
        self.wfile.write(b"<!doctype html><link rel=icon href=data:,><p>Look!")

    def log_message(self, *told: Any) -> None:
        """Say nothing."""


@contextmanager
def foreign_site() -> Iterator[int]:
    """Yield the port of another site."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Page)
    serve_beside(server)
    try:
        yield server.server_port
    finally:
        server.shutdown()
        server.server_close()


@pytest.fixture
def any_name(tmp_path: Path) -> Iterator[Browser]:
    """A browser for which every name leads here."""
    browser = Browser(
        start(tmp_path / "profile", "--host-resolver-rules=MAP * 127.0.0.1")
    )
    try:
        yield browser
    finally:
        browser.close()
        browser.driver.quit()


def active(browser: Browser) -> Any:
    """Return the element that has the focus."""
    return browser.driver.switch_to.active_element


def test_people_log_in_by_keyboard_alone(
    browser: Browser, guarded: Proxy, expected: list[str]
) -> None:
    """The page that was wanted comes after; whoever logs out is asked again."""
    expected.append("401 (Unauthorized)")
    browser.open(f"{guarded.url}/config")
    browser.until(
        lambda: active(browser).get_attribute("id") == "token", "the field is ready"
    )
    assert violations(browser) == []
    active(browser).send_keys(Keys.ENTER)
    browser.until_told("#problem", "Type the admin token.")
    active(browser).send_keys("wrong", Keys.ENTER)
    browser.until_told("#problem", "the admin token is wrong")
    assert active(browser).get_attribute("id") == "token"
    assert violations(browser) == []
    active(browser).send_keys(TOKEN, Keys.TAB, Keys.ENTER)
    browser.find("#add-backend")
    assert browser.driver.current_url == f"{guarded.url}/config"
    assert browser.run("return document.cookie") == ""
    browser.open(f"{guarded.url}/debug")
    browser.find("#controls")
    assert violations(browser) == []
    browser.press("#access")
    browser.find("#token")
    browser.open(f"{guarded.url}/login")
    browser.find("#token").send_keys(TOKEN, Keys.ENTER)
    browser.until(lambda: browser.driver.current_url == f"{guarded.url}/", "it goes on")
    browser.find("h1")


def test_a_session_survives_a_restart(
    browser: Browser, guarded: Proxy, expected: list[str], start_proxy: StartProxy
) -> None:
    """The page goes on where it was."""
    expected.append("401 (Unauthorized)")
    browser.open(f"{guarded.url}/debug")
    browser.find("#token").send_keys(TOKEN, Keys.ENTER)
    browser.find("#controls")
    guarded.stop()
    expected.append("ERR_CONNECTION_REFUSED")
    port = guarded.url.rpartition(":")[2]
    guarded.arguments = [
        f"--listen=tcp:{port}:interface=127.0.0.1" if "--listen" in one else one
        for one in guarded.arguments
    ]
    guarded.start()
    guarded.await_url()
    browser.open(f"{guarded.url}/debug")
    browser.find("#controls")


@pytest.mark.parametrize("page", ["/", "/config", "/debug"])
def test_without_a_token_the_pages_say_what_that_means(
    browser: Browser, start_server: StartServer, start_proxy: StartProxy, page: str
) -> None:
    """And so does the log."""
    proxy = start_proxy(config_for(start_server()))
    browser.open(proxy.url + page)
    browser.until_told("#access", "whoever reaches this address can see what is here")
    assert "whoever reaches this port can send your photos elsewhere" in proxy.output


@pytest.mark.parametrize("has_session", [True, False])
def test_a_foreign_page_changes_and_reads_nothing(
    browser: Browser,
    expected: list[str],
    tmp_path: Path,
    start_proxy: StartProxy,
    has_session: bool,
) -> None:
    """On another port of the same host, where the session's cookie is sent, too."""
    expected += ["CORS policy", "Failed to load resource"]
    (tmp_path / "token").write_text(TOKEN)
    options = [f"--admin-token-file={tmp_path / 'token'}"] if has_session else []
    (tmp_path / "config.json").write_text(json.dumps(CONFIG))
    proxy = start_proxy(None, *options)
    if has_session:
        browser.open(f"{proxy.url}/")
        browser.find("#token").send_keys(TOKEN, Keys.ENTER)
        browser.find("#access")
    before = proxy.config.read_bytes()
    sent = json.dumps(ELSEWHERE)
    with foreign_site() as port:
        browser.open(f"http://127.0.0.1:{port}")
        told = browser.driver.execute_async_script(ATTEMPTS, proxy.url, sent)
    assert told == ["TypeError"] * 6
    assert proxy.config.read_bytes() == before


def test_a_page_whose_name_was_led_here_reads_nothing(
    any_name: Browser, start_proxy: StartProxy
) -> None:
    """To the browser it is our own: the name is what gives it away."""
    with foreign_site() as port:
        any_name.open(f"http://evil.example:{port}/")
    # The page stays, its name leads elsewhere now.
    proxy = start_proxy(EMPTY, f"--listen=tcp:{port}:interface=127.0.0.1")
    before = proxy.json("/api/config")
    sent = json.dumps(ELSEWHERE)
    told = any_name.driver.execute_async_script(ATTEMPTS, "", sent)
    refused = 'basic 421 {"error":"this proxy does not answer to '
    assert told == [refused] * 6
    assert proxy.json("/api/config") == before
    any_name.open(f"http://evil.example:{port}/config")
    any_name.until_told("main", "--allowed-host evil.example")
    any_name.until_told("main", "IMMICH_ML_PROXY_ALLOWED_HOSTS")
    assert violations(any_name) == []
    any_name.open(f"http://nas.lan:{port}/config")
    any_name.find("#add-backend")
