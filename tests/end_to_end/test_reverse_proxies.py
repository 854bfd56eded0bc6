"""The pages behind the usual reverse proxies, as people set them up: they save."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
from selenium.webdriver.common.keys import Keys

from tests.certificates import Authority
from tests.end_to_end import programs
from tests.end_to_end.browser import Browser, start
from tests.end_to_end.immich import need
from tests.end_to_end.processes import Process, Proxy, until
from tests.end_to_end.test_config_page import save
from tests.end_to_end.test_import import StartProxy

TOKEN = "correct-horse-battery"
EMPTY = {"defaultBackend": "", "backends": [], "taskRouting": {}}

_NGINX = """
daemon off;
master_process off;
{user}
error_log stderr warn;
pid {folder}/nginx.pid;
events {{}}
http {{
    access_log off;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    gzip on;
    gzip_types application/json;
    server {{
        listen 127.0.0.1:{port} {tls};
        {certificate}
        {location}
    }}
}}
"""
_HAPROXY = """
defaults
    mode http
    timeout connect 10s
    timeout client 60s
    timeout server 60s
frontend pages
    bind 127.0.0.1:{port} {tls}
    {more}
    default_backend proxy
backend proxy
    server one {proxy}
"""
#: By what people call it: the scheme, the path of the pages, and the configuration.
NGINX = {
    "its default Host": ("http", "/", "location / {{ proxy_pass {url}; }}"),
    "$host without the port, https": (
        "https",
        "/",
        "location / {{ proxy_pass {url}; proxy_set_header Host $host; }}",
    ),
    "a Host with the standard port": (
        "https",
        "/",
        "location / {{ proxy_pass {url}; proxy_set_header Host $host:443; }}",
    ),
    "a path, and a list of forwarded hosts with a port of its own": (
        "https",
        "/ml/",
        "location /ml/ {{ proxy_pass {url}/;"
        ' proxy_set_header X-Forwarded-Host "$host, inner.lan";'
        " proxy_set_header X-Forwarded-Port $server_port;"
        " proxy_set_header X-Forwarded-Proto $scheme;"
        " proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for; }}",
    ),
}
HAPROXY = {
    "nothing said": ("http", ""),
    "https, and what it forwards": (
        "https",
        "option forwardfor\n"
        "    http-request set-header X-Forwarded-Proto https\n"
        "    http-request set-header X-Forwarded-Host %[req.hdr(Host)]\n"
        "    http-request set-header X-Forwarded-Port %[dst_port]",
    ),
}


@pytest.fixture(scope="module")
def chromium(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    """A browser for which every name leads here, and every certificate is good."""
    flags = ["--host-resolver-rules=MAP * 127.0.0.1", "--ignore-certificate-errors"]
    browser = Browser(start(tmp_path_factory.mktemp("profile"), *flags))
    yield browser
    browser.close()
    browser.driver.quit()


def free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as one:
        return int(one.getsockname()[1])


def serve(folder: Path, command: list[str], port: int) -> Process:
    """Start a reverse proxy and wait until it listens."""
    process = Process(programs.execute, command, folder / "reverse.log")
    process.start()

    def listens() -> bool:
        with socket.socket() as one:
            return one.connect_ex(("127.0.0.1", port)) == 0

    until(listens, f"{command[0]} listens")
    return process


def certificate(folder: Path) -> Path:
    """Return a file with a key and a certificate."""
    return Authority("a home").sign("ml.lan").write(folder, "server")


def saves(browser: Browser, proxy: Proxy, address: str) -> bool:
    """Whether the configuration page saves at an address."""
    browser.open(f"{address}config")
    if browser.all("#token"):
        browser.find("#token").send_keys(TOKEN, Keys.ENTER)
    browser.find("#add-backend")
    browser.press("#add-backend")
    browser.fill("Name", "a")
    browser.fill("Address", "http://127.0.0.1:1")
    save(browser)
    return b'"http://127.0.0.1:1"' in proxy.config.read_bytes()


@pytest.mark.parametrize("how", NGINX)
def test_behind_nginx(
    chromium: Browser,
    tmp_path: Path,
    start_proxy: StartProxy,
    processes: list[Process],
    how: str,
) -> None:
    """Its answers are compressed, too, which makes the version a weak one."""
    scheme, path, location = NGINX[how]
    proxy = start_proxy(EMPTY)
    port, pem = free_port(), certificate(tmp_path)
    text = _NGINX.format(
        user="user root;" if os.geteuid() == 0 else "",
        folder=tmp_path,
        port=port,
        tls="ssl" if scheme == "https" else "",
        certificate=f"ssl_certificate {pem}; ssl_certificate_key {pem};",
        location=location.format(url=proxy.url),
    )
    (tmp_path / "nginx.conf").write_text(text)
    command = [need("nginx"), "-c", str(tmp_path / "nginx.conf")]
    processes.append(serve(tmp_path, command, port))
    assert saves(chromium, proxy, f"{scheme}://ml.lan:{port}{path}")


@pytest.mark.parametrize("how", HAPROXY)
def test_behind_haproxy(
    chromium: Browser,
    tmp_path: Path,
    start_proxy: StartProxy,
    processes: list[Process],
    how: str,
) -> None:
    """As it comes; and with a token that a person types there, where it is trusted."""
    scheme, more = HAPROXY[how]
    (tmp_path / "token").write_text(TOKEN)
    options = [f"--admin-token-file={tmp_path / 'token'}", "--trusted-proxy=127.0.0.1"]
    proxy = start_proxy(EMPTY, *(options if more else ()))
    port, pem = free_port(), certificate(tmp_path)
    text = _HAPROXY.format(
        port=port,
        tls=f"ssl crt {pem}" if scheme == "https" else "",
        more=more,
        proxy=proxy.url.removeprefix("http://"),
    )
    (tmp_path / "haproxy.cfg").write_text(text)
    command = [need("haproxy"), "-f", str(tmp_path / "haproxy.cfg"), "-db"]
    processes.append(serve(tmp_path, command, port))
    assert saves(chromium, proxy, f"{scheme}://ml.lan:{port}/")
    assert "wrong admin token" not in proxy.output
