"""
Runs simulated servers in the foreground, in a process of their own.

For tests that kill and restart servers, and for trying the proxy by hand. Like the
plugin's ``tap`` this is the top of a program, so it may choose the reactor; nothing
else imports it.
"""

from __future__ import annotations

import sys
import time
from typing import Any

from twisted.application.service import MultiService
from twisted.logger import globalLogBeginner, textFileLogObserver

from .listener import Listener
from .options import wanted
from .server import SimulatedServer


def main() -> None:
    """
    Listen on loopback until the process is told to end.

    Prints ``listening on http://ADDRESS:PORT`` when it is ready; of several servers
    one such line each, after the server's name.
    """
    # Importing it installs it; so not before there is a program to run.
    from twisted.internet import reactor as installed

    reactor: Any = installed  # mypy takes it for one without adoptStreamPort
    reactor.seconds = time.monotonic  # service times do not care what time it is
    servers = wanted()
    globalLogBeginner.beginLoggingTo(
        [textFileLogObserver(sys.stderr)], redirectStandardIO=False
    )
    service = MultiService()
    for one in servers:
        server = SimulatedServer(reactor, one.name, one.behaviour)
        try:
            listener = Listener(reactor, server, one.port, one.address)
        except OSError as error:
            sys.exit(f"cannot listen on port {one.port}: {error.strerror}")
        listener.setServiceParent(service)
        who = f"{one.name} " if len(servers) > 1 else ""
        sys.stdout.write(f"{who}listening on {listener.url}\n")
    service.startService()
    reactor.addSystemEventTrigger("before", "shutdown", service.stopService)
    sys.stdout.flush()
    reactor.run()


if __name__ == "__main__":
    main()
