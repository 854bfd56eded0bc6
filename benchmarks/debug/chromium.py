"""
How fast the debug page is in Chromium: ``python -m benchmarks.debug.chromium``.

The proxy has as many requests recorded as it keeps. The page is opened several times,
and measures when its first line stands there, how long keystrokes take until the window
is drawn anew, and until the requests that match are listed; and how large the answers
were that it asked for. Every figure is of the page's own clock.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from selenium import webdriver
from selenium.webdriver.common.by import By

from benchmarks.debug.__main__ import Proxied, bodies
from benchmarks.shared.process import CHECKOUT, free_port, server
from tests.end_to_end.browser import start

#: Typed, a letter at a time: what many, few and no requests have in them.
TYPED = "vit-b-32 no such thing"
#: Seconds until something must have happened.
PATIENCE = 30.0

#: Notes when the first line is there, and how long events take until they are drawn.
_WATCH = """
window.firstLine = 0;
new MutationObserver((_, watching) => {
  if (!document.querySelector("#lines li")) return;
  window.firstLine = performance.now();
  watching.disconnect();
}).observe(document, { childList: true, subtree: true });
window.events = [];
new PerformanceObserver((list) => {
  for (const { name, duration } of list.getEntries()) {
    if (name === "keydown" || name === "input") window.events.push(duration);
  }
}).observe({ type: "event", durationThreshold: 16, buffered: true });
window.listed = [];
document.addEventListener("input", () => {
  const began = performance.now();
  const answered = new PerformanceObserver((list) => {
    const mine = list.getEntries().find(({ name }) => name.includes("text="));
    if (!mine) return;
    answered.disconnect();
    setTimeout(() => window.listed.push(performance.now() - began));
  });
  answered.observe({ type: "resource" });
}, { capture: true });
"""
_SIZES = """
return performance.getEntriesByType("resource")
  .filter(({ name }) => name.includes("/api/"))
  .map(({ decodedBodySize }) => decodedBodySize);
"""
_LINES = "return document.querySelectorAll('#lines li').length"


def await_true(driver: webdriver.Chrome, script: str) -> Any:
    """Return what a script returns, once that is true."""
    deadline = time.monotonic() + PATIENCE
    while not (found := driver.execute_script(script)):
        if time.monotonic() > deadline:
            raise SystemExit(f"in vain: {script}")
        time.sleep(0.02)
    return found


def visit(driver: webdriver.Chrome, url: str) -> dict[str, Any]:
    """Open the page, type, and return what was measured."""
    driver.get("about:blank")
    driver.get(url)
    first = await_true(driver, "return window.firstLine")
    lines = driver.execute_script(_LINES)
    field = driver.find_element(By.ID, "text")
    for count, letter in enumerate(TYPED, 1):
        field.send_keys(letter)
        if letter != " ":  # the text that is looked for has no blank at its end
            await_true(driver, f"return window.listed.length >= {count} - 3")
        time.sleep(0.1)
    return {
        "first": first,
        "events": driver.execute_script("return window.events"),
        "listed": driver.execute_script("return window.listed"),
        "sizes": driver.execute_script(_SIZES),
        "lines": lines,
    }


def record(folder: Path, stack: ExitStack, count: int) -> str:
    """Start a proxy, have it record so many requests, and return its address."""
    ml, port = free_port(), free_port()
    path = {"PYTHONPATH": str(CHECKOUT)}
    demo = [sys.executable, "-m", "immich_ml_proxy.demo", "--port", str(ml)]
    demo += ["--seconds", "0", "--places", "64"]
    backend = {"name": "gpu", "url": f"http://127.0.0.1:{ml}"}
    told = {"defaultBackend": "gpu", "backends": [backend]}
    (folder / "config.json").write_text(json.dumps(told))
    proxy = [str(Path(sys.executable).with_name("immich-ml-proxy"))]
    proxy += ["--listen", f"tcp:{port}:interface=127.0.0.1", "--debug"]
    proxy += ["--config", str(folder / "config.json")]
    for name, command, where in (("ml", demo, ml), ("proxy", proxy, port)):
        child = server(
            name, command, port=where, core=None, directory=folder, environment=path
        )
        pid = stack.enter_context(child).pid
    asking = Proxied(pid, port, folder / "report.json")
    forms = bodies()
    for number in range(count):
        asking.predict(forms[number % len(forms)])
    return f"http://127.0.0.1:{port}/debug"


def main() -> None:
    """Measure, and print what was found."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.debug.chromium")
    parser.add_argument("--records", type=int, default=10_000)
    parser.add_argument("--visits", type=int, default=10)
    wanted = parser.parse_args()
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        url = record(folder, stack, wanted.records)
        driver = start(folder / "profile", program="chromium")
        stack.callback(driver.quit)
        driver.set_window_size(1280, 900)
        driver.execute_cdp_cmd(
            "Page.addScriptToEvaluateOnNewDocument", {"source": _WATCH}
        )
        visits = [visit(driver, url) for _ in range(wanted.visits)]
    # The first visit fetches the page's files, and is told apart.
    print(f"first visit: the first line after {visits[0]['first']:.0f} ms")
    later = [one["first"] for one in visits[1:]]
    _tell("later ones: the first line after", later)
    _tell(
        "a keystroke, until drawn (16 ms or less is not counted)",
        _all(visits, "events"),
    )
    _tell("a keystroke, until what matches is listed", _all(visits, "listed"))
    sizes = _all(visits, "sizes")
    print(f"answers: {len(sizes)}, the largest of {max(sizes):,} bytes")
    print(f"lines in the page: at most {max(one['lines'] for one in visits)}")


def _all(visits: list[dict[str, Any]], what: str) -> list[float]:
    return [value for one in visits for value in one[what]]


def _tell(what: str, found: list[float]) -> None:
    if not found:
        print(f"{what}: none")
        return
    ordered = sorted(found)
    high = ordered[min(len(ordered) - 1, int(0.95 * len(ordered)))]
    print(
        f"{what}: half {statistics.median(ordered):.0f} ms, 95 % {high:.0f} ms, "
        f"the longest {ordered[-1]:.0f} ms ({len(ordered)} measured)"
    )


if __name__ == "__main__":
    main()
