"""
Runs one simulated server in the foreground, in a process of its own.

For tests that kill and restart servers, and for trying the proxy by hand. Like the
plugin's ``tap`` this is the top of a program, so it may choose the reactor; nothing
else imports it.
"""

from __future__ import annotations

import sys
from argparse import ArgumentParser
from typing import Any

from twisted.internet.error import CannotListenError
from twisted.logger import globalLogBeginner, textFileLogObserver

from .server import MODES, SimulatedServer, site


def main() -> None:
    """
    Listen on 127.0.0.1 until the process is told to end.

    Prints ``listening on http://127.0.0.1:PORT`` when it is ready.
    """
    # Importing it installs it; so not before there is a program to run.
    from twisted.internet import reactor as installed

    reactor: Any = installed  # mypy takes it for one without listenTCP
    parser = ArgumentParser(
        prog="python -m immich_ml_proxy.demo",
        description="Run one simulated Immich ML server on 127.0.0.1.",
    )
    parser.add_argument("--port", type=int, default=0, help="0 takes a free one")
    parser.add_argument("--name", default="simulated")
    parser.add_argument(
        "--service-time", type=float, default=0.02, help="seconds a request takes"
    )
    parser.add_argument(
        "--places", type=int, default=1, help="requests worked on at once"
    )
    parser.add_argument("--mode", choices=MODES, default="up", help="how it fails")
    options = parser.parse_args()

    globalLogBeginner.beginLoggingTo(
        [textFileLogObserver(sys.stderr)], redirectStandardIO=False
    )
    server = SimulatedServer(
        reactor, options.name, options.service_time, options.places, options.mode
    )
    try:
        port = reactor.listenTCP(options.port, site(server), interface="127.0.0.1")
    except CannotListenError as error:
        sys.exit(f"cannot listen on port {options.port}: {error.socketError}")
    sys.stdout.write(f"listening on http://127.0.0.1:{port.getHost().port}\n")
    sys.stdout.flush()
    reactor.run()


if __name__ == "__main__":
    main()
