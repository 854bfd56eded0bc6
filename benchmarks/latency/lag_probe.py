"""The proxy with a probe inside: how long anything holds its reactor.

``python -m benchmarks.latency.lag_probe REPORT --listen ... --config ...`` runs the
proxy as its own command does. SIGUSR1 begins a measurement; when the process is
stopped, the longest holds since then are in the file REPORT, as JSON.
"""

from __future__ import annotations

import json
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from attrs import asdict
from twisted.internet import reactor
from twisted.internet.task import LoopingCall

from benchmarks.latency.probe import percentiles
from immich_ml_proxy.tap import Options, makeService

INTERVAL = 0.002


class LagProbe:
    """Times every call of the reactor, and how late a timer of 2 ms comes.

    The calls show what a single piece of work costs; the timer, how long everything
    that was ready in one turn of the reactor takes together.
    """

    def __init__(self) -> None:
        self.calls: list[float] = []
        self.late: list[float] = []
        self._last: float | None = None

    def reset(self) -> None:
        """Forget what was measured so far."""
        self.calls.clear()
        self.late.clear()
        self._last = None

    def timed(self, call: Callable[..., Any]) -> Callable[..., Any]:
        """Return ``call`` with its duration kept."""
        clock, keep = time.perf_counter, self.calls.append

        def wrapper(*args: Any) -> Any:
            began = clock()
            try:
                return call(*args)
            finally:
                keep(clock() - began)

        return wrapper

    def tick(self) -> None:
        """Note how late this tick is."""
        now = time.perf_counter()
        if self._last is not None:
            self.late.append(max(0.0, now - self._last - INTERVAL))
        self._last = now

    def report(self) -> dict[str, object]:
        """Return the percentiles of both."""
        return {
            "call": asdict(percentiles(self.calls or [0.0])),
            "timer": asdict(percentiles(self.late or [0.0])),
        }


def main() -> None:
    """Run the proxy with a probe until it is told to stop."""
    report = Path(sys.argv[1])
    options = Options()
    options.parseOptions(sys.argv[2:])
    loop: Any = reactor
    probe = LagProbe()
    # What the reactor calls: file descriptors that are ready, and timers.
    loop._doReadOrWrite = probe.timed(loop._doReadOrWrite)
    loop.runUntilCurrent = probe.timed(loop.runUntilCurrent)
    service = makeService(options)
    service.privilegedStartService()
    service.startService()
    loop.addSystemEventTrigger("before", "shutdown", service.stopService)
    loop.addSystemEventTrigger(
        "during", "shutdown", lambda: report.write_text(json.dumps(probe.report()))
    )
    signal.signal(signal.SIGUSR1, lambda *_: probe.reset())
    LoopingCall(probe.tick).start(INTERVAL)
    loop.run()


if __name__ == "__main__":
    main()
