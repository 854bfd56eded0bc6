"""The proxy with a switch, which takes metrics and lines off and puts them on again.

``python -m benchmarks.observing.switched REPORT --listen ... --config ...`` runs the
proxy as twistd does. After each :data:`BLOCK` answers it switches; SIGUSR1 writes to
the file REPORT how many CPU microseconds an answer of each block took, with them and
without. Off are: what is counted of clients' requests, the line of each, and how long
its groups took.
"""

from __future__ import annotations

import json
import signal
import sys
import time
from pathlib import Path
from typing import Any

from twisted.scripts.twistd import run

from immich_ml_proxy.downstream.ended_requests import EndedRequests
from immich_ml_proxy.downstream.site import ProxySite
from immich_ml_proxy.metrics.meter import Meter

#: As many lines as are written at once, twice.
BLOCK = 512


def _nothing(*_: object) -> None:
    """Stand in for what is off."""


class Switch:
    """What is on and off, and what the blocks took."""

    def __init__(self) -> None:
        self.took: dict[str, list[float]] = {"on": [], "off": []}
        self._known: list[tuple[Any, Any]] = []
        self._is_on = True
        self._count = 0
        self._begun = 0.0
        site: Any = ProxySite
        meter: Any = Meter
        self._add, self._log = EndedRequests.add, site.log
        self._meter = meter.__init__
        site.log = lambda site, request: self.answered(site, request)
        meter.__init__ = lambda meter, *more: self.made(meter, *more)

    def made(self, meter: Meter, *arguments: Any) -> None:
        """Remember what a meter is told by."""
        self._meter(meter, *arguments)
        self._known.append((meter.observer, meter.observer.over))

    def answered(self, site: ProxySite, request: Any) -> None:
        """Count an answer, and switch after a block of them."""
        self._log(site, request)
        self._count += 1
        if self._count < BLOCK:
            return
        now = time.process_time()
        each = (now - self._begun) / BLOCK * 1e6
        self.took["on" if self._is_on else "off"].append(each)
        self._is_on = not self._is_on
        ended: Any = EndedRequests
        ended.add = self._add if self._is_on else _nothing
        for observer, over in self._known:
            observer.over = over if self._is_on else _nothing
        self._count, self._begun = 0, time.process_time()


def main() -> None:
    """Run the proxy."""
    report = Path(sys.argv.pop(1))
    switch = Switch()

    def write(*_: object) -> None:
        part = report.with_suffix(".part")
        part.write_text(json.dumps(switch.took), "ascii")
        part.rename(report)

    signal.signal(signal.SIGUSR1, write)
    sys.argv[1:1] = ["--nodaemon", "--pidfile=", "immich-ml-proxy"]
    run()


if __name__ == "__main__":
    main()
