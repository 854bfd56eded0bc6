"""The proxy with a probe inside: how much CPU time each call of its reactor takes.

``python -m benchmarks.debug.probed REPORT --listen ... --config ...`` runs the proxy as
its own command does. SIGUSR1 writes the longest calls so far to the file REPORT, in
milliseconds, and begins anew. It is CPU time: what else the machine does is no stall of
the proxy's making.
"""

from __future__ import annotations

import json
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from twisted.internet import reactor

from immich_ml_proxy.tap import Options, makeService

#: Of the longest calls, so many are reported.
SHOWN = 5


class Calls:
    """The calls that a reactor makes: descriptors that are ready, and timers."""

    def __init__(self) -> None:
        self.count = 0
        self.longest: list[float] = []

    def timed(self, call: Callable[..., Any]) -> Callable[..., Any]:
        """Return ``call`` with its CPU time kept."""

        def wrapper(*args: Any) -> Any:
            began = time.thread_time()
            try:
                return call(*args)
            finally:
                self._keep(1000 * (time.thread_time() - began))

        return wrapper

    def report(self, path: Path) -> None:
        """Write down what there is, and begin anew."""
        told = {"calls": self.count, "longest": [round(ms, 2) for ms in self.longest]}
        path.write_text(json.dumps(told))
        self.count, self.longest = 0, []

    def _keep(self, milliseconds: float) -> None:
        self.count += 1
        self.longest = sorted([*self.longest, milliseconds], reverse=True)[:SHOWN]


def main() -> None:
    """Run the proxy until it is told to stop."""
    report = Path(sys.argv[1])
    options = Options()
    options.parseOptions(sys.argv[2:])
    loop: Any = reactor
    calls = Calls()
    loop._doReadOrWrite = calls.timed(loop._doReadOrWrite)
    loop.runUntilCurrent = calls.timed(loop.runUntilCurrent)
    service = makeService(options)
    service.privilegedStartService()
    service.startService()
    loop.addSystemEventTrigger("before", "shutdown", service.stopService)
    signal.signal(signal.SIGUSR1, lambda *_: calls.report(report))
    loop.run()


if __name__ == "__main__":
    main()
