"""How the files of the pages are served."""

from __future__ import annotations

import gzip
import os
from collections.abc import Callable
from pathlib import Path

import pytest
from klein import Klein

from immich_ml_proxy.web.page_file import page_file
from immich_ml_proxy.web.pages import Pages, static_folder
from tests.memory_proxy import Answer, Proxy, http

ALL = sorted(path for path in static_folder().rglob("*.*") if path.is_file())


@pytest.fixture
def proxy(start_proxy: Callable[..., Proxy]) -> Proxy:
    """A proxy without a configuration."""
    return start_proxy(None)


def unpacked(answer: Answer) -> bytes:
    """Return the body of an answer that is compressed."""
    assert answer.headers["content-encoding"] == "gzip"
    return gzip.decompress(answer.body)


@pytest.mark.parametrize("file", ALL, ids=lambda path: path.name)
def test_every_file_is_served_with_its_type(proxy: Proxy, file: Path) -> None:
    """Browsers run only scripts that say that they are scripts."""
    name = file.relative_to(static_folder())
    answer = proxy.get(f"/static/{name}")
    assert (answer.status, answer.body) == (200, file.read_bytes())
    told = {".js": "javascript", ".svg": "svg+xml"}.get(file.suffix, file.suffix[1:])
    if file.suffix in (".js", ".svg", ".css", ".html"):
        assert told in answer.headers["content-type"]
    assert answer.headers["content-security-policy"].startswith("default-src 'self'")


@pytest.mark.parametrize(
    "path", ["/", "/config", "/debug", "/help", "/static/shared/dom.js"]
)
def test_files_are_compressed_for_who_takes_it(proxy: Proxy, path: str) -> None:
    """Others get them as they are; caches are told that the two differ."""
    plain = proxy.get(path)
    packed = proxy.get(path, **{"Accept-Encoding": "br, gzip;q=0.5"})
    assert unpacked(packed) == plain.body
    assert len(packed.body) < len(plain.body)
    assert "content-encoding" not in plain.headers
    assert packed.headers["etag"] != plain.headers["etag"]
    assert "Accept-Encoding" in packed.headers["vary"]
    assert "Accept-Encoding" in plain.headers["vary"]


@pytest.mark.parametrize("encoding", ["gzip", "identity"])
def test_what_a_browser_has_already_is_not_sent_again(
    proxy: Proxy, encoding: str
) -> None:
    """It asks each time, and is told that nothing has changed."""
    headers = {"Accept-Encoding": encoding}
    first = proxy.get("/config", **headers)
    assert first.headers["cache-control"] == "no-cache"
    for tag in (first.headers["etag"], f'"other", W/{first.headers["etag"]}', "*"):
        asked = http("GET", "/config", headers={**headers, "If-None-Match": tag})
        [again] = proxy.send(asked).answers(bodies=False)
        assert (again.status, again.body) == (304, b"")
        assert again.headers["etag"] == first.headers["etag"]
    other = proxy.get("/config", **headers, **{"If-None-Match": '"other"'})
    assert (other.status, other.body) == (200, first.body)


@pytest.mark.parametrize(
    "path",
    [
        "/static/",
        "/static/shared",
        "/static/shared/",
        "/static/nothing.js",
        "/static/../setup.py",
        "/static/%2e%2e/setup.py",
        "/static/shared/..%2f..%2fsetup.py",
        "/static/" + 300 * "a",
    ],
)
def test_there_is_nothing_but_the_files(proxy: Proxy, path: str) -> None:
    """No folder is listed, and no way leads out of it."""
    assert proxy.get(path).status == 404


def test_all_pages_together_are_light() -> None:
    """All files, as they are sent, have less than 200 KB."""
    sent = [page_file(path.suffix, path.read_bytes()) for path in ALL]
    assert sum(len(one.packed or one.body) for one in sent) < 200_000


def test_a_path_that_is_no_text_leads_nowhere(proxy: Proxy) -> None:
    """It is refused before anybody looks for a file."""
    assert proxy.get("/static/a%00b").status == 400


@pytest.mark.parametrize("path", ["/static//etc/passwd", "/static/%2fetc/passwd"])
def test_a_slash_too_many_leads_nowhere_else(proxy: Proxy, path: str) -> None:
    """It is taken out, and what is left is looked for among the files."""
    assert proxy.get(path).status == 308
    assert proxy.get("/static/etc/passwd").status == 404


def test_a_changed_file_is_served_as_it_is_now(tmp_path: Path) -> None:
    """Whoever works on a page sees it without starting the proxy again."""
    file = tmp_path / "page.js"
    file.write_text("1;")
    pages = Pages(tmp_path)
    pages.add_to(Klein())
    first = pages.current("page.js")
    assert pages.current("page.js") is first
    file.write_text("2;")
    os.utime(file, ns=(1, 1))
    assert pages.current("page.js").body == b"2;"


def test_a_link_that_leads_out_of_the_folder_is_not_followed(tmp_path: Path) -> None:
    """What is served is what was installed."""
    folder = tmp_path / "static"
    folder.mkdir()
    (tmp_path / "secret").write_text("secret")
    (folder / "link").symlink_to(tmp_path / "secret")
    with pytest.raises(Exception, match="404"):
        Pages(folder).current("link")
