"""
Photographs the pages: empty, healthy, in trouble; wide, on a phone; light and dark.

``make screenshots`` has the proxy run with three simulated servers, and a client that
asks as Immich does while it imports, for as long as the plot goes back. Pictures are
written to ``screenshots/``; those that the documentation shows to ``docs``, too.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import json
import tempfile
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from PIL import Image

from tests.end_to_end.browser import Browser, start
from tests.end_to_end.drawn import prefer, resize
from tests.end_to_end.processes import Process, Proxy, Server, config_for
from tests.end_to_end.test_failures import BOUNDARY, FACES, SEARCH, form
from tests.end_to_end.test_scheduling import OCR
from tests.pictures import jpeg

ROOT = Path(__file__).resolve().parents[1]
PICTURE = {"clip": {"visual": {"modelName": "ViT-B-32__openai"}}}

#: Width and height, by what it is.
SIZES = {"desktop": (1280, 800), "phone": (380, 820)}
SCHEMES = ("light", "dark")

#: What the documentation shows, where, and how many bytes a picture of it may have.
SHOWN = {
    "config-desktop-light": "config-page.png",
    "healthy-desktop-light": "overview/healthy-desktop-light.png",
    "trouble-desktop-dark": "overview/trouble-desktop-dark.png",
    "trouble-phone-light": "overview/trouble-phone-light.png",
    "opened-desktop-light": "debug/opened-desktop-light.png",
}
LARGEST = 150_000

#: Seconds that a picture takes, by machine and task; places.
MACHINES: dict[str, tuple[dict[str, float], int]] = {
    "gaming-pc": ({"clip": 0.35, "facial-recognition": 0.5, "ocr": 1.0}, 8),
    "mac-mini": ({"clip": 0.6, "facial-recognition": 0.9, "ocr": 1.6}, 4),
    "nas": ({"clip": 2.0, "facial-recognition": 3.0, "ocr": 4.0}, 2),
}
#: Minutes of trouble, at the end.
TROUBLE = 3.0


class Import:
    """
    A client that asks as Immich does while it imports photos, until it is told to stop.

    :param url: of the proxy.
    """

    def __init__(self, url: str) -> None:
        self._url = url
        self._is_over = threading.Event()

    def begin(self, entries: dict[str, Any], at_once: int, pause: float = 0.0) -> None:
        """Go on asking for this, so many at once, with a pause of so many seconds."""
        for number in range(at_once):
            if entries is SEARCH:
                body = form(entries, text="a dog on a beach")
            else:
                body = form(entries, jpeg(number, 320, 240))
            asking = threading.Thread(target=self._ask, args=(body, pause), daemon=True)
            asking.start()

    def end(self) -> None:
        """Ask for nothing more."""
        self._is_over.set()

    def _ask(self, body: bytes, pause: float) -> None:
        headers = {
            "Content-Type": f"multipart/form-data; boundary={BOUNDARY}",
            "User-Agent": "node",
        }
        request = urllib.request.Request(f"{self._url}/predict", body, headers)
        while not self._is_over.wait(pause):
            try:
                with urllib.request.urlopen(request, timeout=300) as answer:
                    answer.read()
            except (urllib.error.URLError, OSError):
                self._is_over.wait(1.0)


class Album:
    """
    Photographs a page in every size and scheme.

    :param folder: where the pictures go.
    """

    def __init__(self, browser: Browser, folder: Path) -> None:
        self._browser = browser
        self._folder = folder

    def take(self, url: str, state: str, shown: str) -> None:
        """Photograph a page in a state, once ``shown`` is seen."""
        for size, (width, height) in SIZES.items():
            for scheme in SCHEMES:
                resize(self._browser, width, height)
                prefer(self._browser, color_scheme=scheme)
                self._browser.open("about:blank")  # nothing is open from before
                self._browser.open(url)
                self._browser.find(shown)
                self._browser.run("return document.fonts.ready.then(() => true)")
                picture = compressed(self._browser.driver.get_screenshot_as_png())
                name = f"{state}-{size}-{scheme}"
                (self._folder / f"{name}.png").write_bytes(picture)
                print(f"{name}: {len(picture) / 1000:.0f} kB", flush=True)
                if name in SHOWN:
                    assert len(picture) <= LARGEST, f"{name} is too large to be shown"
                    (ROOT / "docs" / SHOWN[name]).write_bytes(picture)


def compressed(png: bytes) -> bytes:
    """Return it in a third of the bytes: of 256 colours, its commonest as they are."""
    written = io.BytesIO()
    with Image.open(io.BytesIO(png)) as picture:
        whole = picture.convert("RGB")
        few = whole.quantize(256, Image.Quantize.MAXCOVERAGE, kmeans=1)
        few.save(written, "PNG", optimize=True)
    return written.getvalue()


@contextlib.contextmanager
def running(*processes: Process) -> Iterator[None]:
    """Kill the processes in the end, whatever happens."""
    try:
        yield
    finally:
        for process in processes:
            process.kill()


def configuration(servers: list[Server]) -> dict[str, Any]:
    """Return what somebody might have set who has these machines."""
    config = config_for(*servers, healthCheckInterval=5)
    config["backends"][0]["wakeOnLan"] = {
        "mac": "02:00:00:00:00:01",
        "broadcast": "127.0.0.1",
    }
    config["defaultBackend"] = ["mac-mini", "nas"]
    config["taskRouting"] = {
        "facial-recognition": {"backends": ["gaming-pc"], "holdSeconds": 280},
        "clip": {
            "backends": ["gaming-pc", "mac-mini"],
            "strategy": "fastest",
            "fallback": True,
        },
    }
    return config


def photograph_empty(album: Album, folder: Path) -> None:
    """Photograph a proxy that was just installed."""
    proxy = Proxy(folder)
    with running(proxy):
        album.take(f"{proxy.url}/", "empty", "#first")


def photograph_work(album: Album, folder: Path, minutes: float) -> None:
    """
    Photograph a proxy after so many minutes of work, then in trouble.

    :param minutes: of work in all.
    """
    servers = [
        Server(folder, name, 0.0, places, "up")
        for name, (_, places) in MACHINES.items()
    ]
    for server in servers:
        server.behave(seconds=MACHINES[server.name][0], places=MACHINES[server.name][1])
    (folder / "config.json").write_text(json.dumps(configuration(servers)))
    proxy = Proxy(folder)
    with running(proxy, *servers):
        client = Import(proxy.url)
        client.begin(SEARCH, 1, pause=5.0)
        client.begin(PICTURE, 6)
        client.begin(FACES, 2)
        client.begin(OCR, 1)
        proxy.post("/api/debug/toggle", {"enabled": True})
        time.sleep(60 * max(minutes - TROUBLE, 0.1))
        album.take(f"{proxy.url}/", "healthy", "#live .uplot")
        photograph_configuration(album, f"{proxy.url}/config")
        photograph_requests(album, proxy)
        servers[0].kill()
        client.begin(FACES, 10)
        proxy.post("/api/backends/nas", {"state": "drain"})
        time.sleep(60 * min(TROUBLE, minutes))
        proxy.post("/api/wake", {"machine": "gaming-pc"})
        album.take(f"{proxy.url}/", "trouble", "#live .uplot")
        album.take(f"{proxy.url}/debug", "debug-trouble", "#lines [data-state=held]")
        client.end()


def photograph_requests(album: Album, proxy: Proxy) -> None:
    """Photograph the requests that were recorded, and some of them opened."""
    album.take(f"{proxy.url}/debug", "debug", "#lines .line")
    for task, state in (("faces", "opened"), ("ocr", "opened-ocr")):
        found = proxy.json(f"/api/debug/records?task={task}&status=ok&limit=1")
        name = found["rows"][-1]["id"]
        album.take(f"{proxy.url}/debug#open={name}", state, ".waterfall")
    album.take(f"{proxy.url}/debug#text=nobody", "debug-none", "#empty")


def photograph_configuration(album: Album, url: str) -> None:
    """Photograph the configuration page: as it is found, and with its parts opened."""
    album.take(url, "config", "#backends [data-state=healthy]")
    for place, shown in (
        ("machine=gaming-pc", "#backends [data-field=url]"),
        ("work=clip", "#work .order"),
        ("limits", "#limits [data-field]"),
        ("import", "dialog [type=file]"),
    ):
        album.take(f"{url}#{place}", f"config-{place.partition('=')[0]}", shown)


def main() -> None:
    """Take all pictures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--minutes", type=float, default=15.0, help="of work, default 15"
    )
    minutes = parser.parse_args().minutes
    pictures = ROOT / "screenshots"
    pictures.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        driver = start(Path(folder) / "profile", program="chromium")
        try:
            browser = Browser(driver)
            driver.execute_cdp_cmd("Emulation.setScrollbarsHidden", {"hidden": True})
            album = Album(browser, pictures)
            for name in ("empty", "work"):
                (Path(folder) / name).mkdir()
            photograph_empty(album, Path(folder) / "empty")
            photograph_work(album, Path(folder) / "work", minutes)
        finally:
            driver.quit()
