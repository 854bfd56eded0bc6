"""
What open overviews cost in Chromium: ``python -m benchmarks.overview.chromium``.

The proxy has three simulated servers that nobody asks. Each overview is a window of its
own, so that none is hidden, of one user: all share the connections that Chromium allows
to a host. All must show their verdict, and all must go on asking; where one does not,
this ends with an error. Phases with and without windows take turns.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from selenium import webdriver

from benchmarks.shared.measure import cpu_seconds
from benchmarks.shared.process import CHECKOUT, free_port, server
from tests.end_to_end.browser import start

MACHINES = ("gaming-pc", "mac-mini", "nas")
#: Seconds until a page must have been told how it goes.
PATIENCE = 60.0
_VERDICT = """
const verdict = document.querySelector("#verdict");
return verdict?.dataset.tone === "good" && !document.hidden
  ? document.querySelector("#verdict-text").textContent : "";
"""
#: When each answer to the page's question had come, in ms since the page was opened.
_ANSWERED = """
return performance.getEntriesByType("resource")
  .filter(({ name }) => name.includes("/api/overview"))
  .map(({ responseEnd }) => responseEnd)
  .filter((end) => end > arguments[0]);
"""


def serve(folder: Path, running: ExitStack) -> tuple[int, int]:
    """Start the servers and the proxy; return the proxy's process id and its port."""
    environment = {"PYTHONPATH": str(CHECKOUT)}
    backends = []
    for name in MACHINES:
        port = free_port()
        command = [sys.executable, "-m", "immich_ml_proxy.demo", f"--name={name}"]
        started = server(
            name,
            [*command, f"--port={port}"],
            port=port,
            core=None,
            directory=folder,
            environment=environment,
        )
        running.enter_context(started)
        backends.append({"name": name, "url": f"http://127.0.0.1:{port}"})
    config = folder / "config.json"
    told = {"defaultBackend": list(MACHINES), "backends": backends, "taskRouting": {}}
    config.write_text(json.dumps(told))
    port = free_port()
    command = [
        *[str(Path(sys.executable).with_name("immich-ml-proxy"))],
        *["--config", str(config), "--listen", f"tcp:{port}:interface=127.0.0.1"],
    ]
    proxy = server(
        "proxy",
        command,
        port=port,
        core=None,
        directory=folder,
        environment=environment,
    )
    return running.enter_context(proxy).pid, port


def share(pid: int, seconds: float) -> float:
    """Return the share of a core that a process uses from now on."""
    began, used = time.monotonic(), cpu_seconds([pid])
    time.sleep(seconds)
    return (cpu_seconds([pid]) - used) / (time.monotonic() - began)


class Windows:
    """
    Visible windows with a page each.

    :param driver: Chromium.
    :param url: of the page.
    """

    def __init__(self, driver: webdriver.Chrome, url: str, number: int) -> None:
        self._driver = driver
        self._home = driver.current_window_handle
        self._handles = []
        for _ in range(number):
            driver.switch_to.new_window("window")
            driver.get(url)
            self._handles.append(driver.current_window_handle)

    def verdicts(self) -> list[str]:
        """
        Return what each of them says.

        :raises SystemExit: when one does not say that all is well, or is not visible.
        """
        found = []
        for number, handle in enumerate(self._handles, 1):
            self._driver.switch_to.window(handle)
            deadline = time.monotonic() + PATIENCE
            while not (text := self._driver.execute_script(_VERDICT)):
                if time.monotonic() > deadline:
                    raise SystemExit(f"window {number} shows no verdict")
                time.sleep(0.1)
            found.append(str(text))
        return found

    def now(self) -> list[float]:
        """Return how long each has been open, in ms."""
        return self._run("return performance.now()", [0.0] * len(self._handles))

    def answers(self, since: list[float]) -> list[int]:
        """Return how many answers each has had after that time of its own."""
        return [len(ends) for ends in self._run(_ANSWERED, since)]

    def _run(self, script: str, values: list[float]) -> list[Any]:
        found = []
        for handle, value in zip(self._handles, values, strict=True):
            self._driver.switch_to.window(handle)
            found.append(self._driver.execute_script(script, value))
        return found

    def close(self) -> None:
        """Close them all."""
        for handle in self._handles:
            self._driver.switch_to.window(handle)
            self._driver.close()
        self._driver.switch_to.window(self._home)


def main() -> int:
    """Run, and print a table."""
    parser = argparse.ArgumentParser(description="Measure overviews in Chromium.")
    parser.add_argument("--windows", type=int, default=20)
    parser.add_argument("--seconds", type=float, default=20.0, help="of a phase")
    parser.add_argument("--rounds", type=int, default=2)
    options = parser.parse_args()
    with ExitStack() as running:
        folder = Path(running.enter_context(tempfile.TemporaryDirectory()))
        pid, port = serve(folder, running)
        driver = start(folder / "profile", program="chromium")
        running.callback(driver.quit)
        print("windows  share of a core  answers to each  verdict")
        for _ in range(options.rounds):
            print(f"{0:7d}  {100 * share(pid, options.seconds):13.2f} %", flush=True)
            began = time.monotonic()
            windows = Windows(driver, f"http://127.0.0.1:{port}/", options.windows)
            verdicts = windows.verdicts()
            loaded = time.monotonic() - began
            since = windows.now()
            used = share(pid, options.seconds)
            answers = windows.answers(since)
            windows.close()
            if min(answers) == 0:
                raise SystemExit(f"a window stopped asking: {answers}")
            print(
                f"{options.windows:7d}  {100 * used:13.2f} %"
                f"  {f'{min(answers)} to {max(answers)}':>15s}"
                f"  {', '.join(sorted(set(verdicts)))} (all after {loaded:.0f} s)",
                flush=True,
            )
    return 0


if __name__ == "__main__":
    sys.exit(main())
