"""The proxy with a switch: SIGUSR1 takes metrics and lines off, SIGUSR2 puts them on.

``python -m benchmarks.observing.switched --listen ... --config ...`` runs the proxy as
twistd does. Off are: what is counted of clients' requests, the line of each,
and how long its groups took.
"""

from __future__ import annotations

import signal
import sys
from typing import Any

from twisted.scripts.twistd import run

from immich_ml_proxy.downstream.site import ProxySite
from immich_ml_proxy.metrics.meter import Meter


def _nothing(*_: object) -> None:
    """Stand in for what is off."""


def main() -> None:
    """Run the proxy."""
    known: list[tuple[Any, Any]] = []
    begin: Any = Meter.__init__

    def meter(self: Meter, *arguments: Any) -> None:
        begin(self, *arguments)
        known.append((self.observer, self.observer.over))

    tell = ProxySite._tell

    def switch(number: int, _frame: object) -> None:
        site: Any = ProxySite
        is_on = number == signal.SIGUSR2
        site._tell = tell if is_on else _nothing
        for observer, over in known:
            observer.over = over if is_on else _nothing

    changed: Any = Meter
    changed.__init__ = meter
    for number in (signal.SIGUSR1, signal.SIGUSR2):
        signal.signal(number, switch)
    sys.argv[1:1] = ["--nodaemon", "--pidfile=", "immich-ml-proxy"]
    run()


if __name__ == "__main__":
    main()
