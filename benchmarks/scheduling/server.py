"""
A simulated ML server that tells at its end what it saw: ``python -m`` this module.

It gives the answers of ``immich_ml_proxy.demo``, in the time that it is told, writes
down the most requests it ever worked on, and can be mended while it runs (SIGUSR1).
"""

from __future__ import annotations

import argparse
import json
import signal
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from attrs import field, frozen, mutable
from twisted.internet.interfaces import IDelayedCall, IReactorTime
from twisted.logger import globalLogBeginner, textFileLogObserver
from twisted.web.resource import Resource
from twisted.web.server import NOT_DONE_YET, Request, Site

from benchmarks.shared.process import CHECKOUT, free_port, server
from immich_ml_proxy.demo import MODES, Mode
from immich_ml_proxy.demo.protocol import INTERNAL_ERROR, PONG, Reply, reply_to_predict
from immich_ml_proxy.demo.server import KEEP_ALIVE


@frozen
class Spec:
    """
    What a server can do.

    :ivar seconds: that a request takes, or the same by task.
    :ivar places: requests it works on at once.
    """

    seconds: float | Mapping[str, float]
    places: int
    mode: Mode = "up"


@mutable
class Simulated:
    """
    A server process that can be killed and started again at its port.

    :param core: what it is pinned to.
    """

    name: str
    spec: Spec
    core: int
    directory: Path
    port: int = field(factory=free_port)
    _running: ExitStack = field(factory=ExitStack, init=False)
    _child: Any = field(default=None, init=False)

    def start(self) -> None:
        """Run it, and return when it listens."""
        command = [
            *(sys.executable, "-m", "benchmarks.scheduling.server"),
            *(f"--port={self.port}", f"--places={self.spec.places}"),
            f"--seconds={json.dumps(self.spec.seconds)}",
            *(f"--mode={self.spec.mode}", f"--report={self._report}"),
        ]
        self._child = self._running.enter_context(
            server(
                self.name,
                command,
                port=self.port,
                core=self.core,
                directory=self.directory,
                environment={"PYTHONPATH": str(CHECKOUT)},
            )
        )

    def kill(self) -> None:
        """End it as a power cut would."""
        self._child.kill()
        self._running.close()

    def stop(self) -> Mapping[str, int]:
        """End it; return what it saw: ``served``, ``predicts`` and ``peak``."""
        self._running.close()
        if not self._report.exists():
            return {}
        seen: Mapping[str, int] = json.loads(self._report.read_text("utf-8"))
        return seen

    def mend(self) -> None:
        """Have it work from now on, whatever its mode was."""
        self._child.send_signal(signal.SIGUSR1)

    @property
    def _report(self) -> Path:
        return self.directory / f"{self.name}.json"


@contextmanager
def servers(
    specs: Mapping[str, Spec], cores: Sequence[int], directory: Path
) -> Iterator[dict[str, Simulated]]:
    """Run servers while the context lasts; yield them by name."""
    started: dict[str, Simulated] = {}
    try:
        for number, (name, spec) in enumerate(specs.items()):
            core = cores[number % len(cores)]
            started[name] = Simulated(name, spec, core, directory)
            started[name].start()
        yield started
    finally:
        for one in started.values():
            one.stop()


class Server(Resource):
    """
    Answers as the demo's server does, at next to no cost of its own.

    Each answer is computed once, and a request that finds a place is answered
    ``seconds`` after it came: what the simulation costs must not look like work.

    :ivar peak: the most requests it ever worked on at once.
    """

    isLeaf = True

    def __init__(self, clock: IReactorTime, spec: Spec) -> None:
        super().__init__()
        self.mode = spec.mode
        self.served = self.predicts = self.peak = 0
        self._clock = clock
        self._seconds = spec.seconds
        self._places = spec.places
        self._busy = 0
        self._waiting: dict[Request, Reply] = {}
        self._replies: dict[bytes, Reply] = {}

    def render_GET(self, request: Request) -> bytes | int:
        """Answer a ping."""
        return NOT_DONE_YET if self.mode == "hang_all" else PONG.body

    def render_POST(self, request: Request) -> int:
        """Answer a form; a client that leaves frees its place."""
        self.predicts += 1
        if self.mode in ("hang", "hang_all"):
            return NOT_DONE_YET
        assert request.content is not None
        content = request.content.read()
        reply = self._replies.get(content)
        if reply is None:
            [kind] = request.requestHeaders.getRawHeaders("content-type", [""])[:1]
            reply = self._replies[content] = reply_to_predict(kind, content)
        if self.mode == "error":
            self._answer(request, INTERNAL_ERROR)
        elif self._busy < self._places:
            self._work(request, reply, self._clock.seconds())
        else:
            self._waiting[request] = reply
            left = request.notifyFinish()
            left.addErrback(lambda _: self._waiting.pop(request, None))
        return NOT_DONE_YET

    def _work(self, request: Request, reply: Reply, began: float) -> None:
        self._busy += 1
        self.peak = max(self.peak, self._busy)
        seconds = self._seconds
        if isinstance(seconds, Mapping):
            seconds = max(seconds[task] for task in reply.tasks)
        due = began + seconds
        work = self._clock.callLater(
            max(0.0, due - self._clock.seconds()), self._worked, request, reply, due
        )
        left = request.notifyFinish()
        left.addErrback(lambda _: self._left(work, self._clock.seconds()))

    def _worked(self, request: Request, reply: Reply, due: float) -> None:
        self.served += 1
        self._next(due)
        self._answer(request, reply)

    def _left(self, work: IDelayedCall, now: float) -> None:
        if work.active():
            work.cancel()
            self._next(now)

    def _next(self, now: float) -> None:
        """
        Begin with the next one.

        :param now: when the place was free: a timer that is late is not the server's.
        """
        self._busy -= 1
        if self._waiting:
            request = next(iter(self._waiting))
            self._work(request, self._waiting.pop(request), now)

    def _answer(self, request: Request, reply: Reply) -> None:
        request.setResponseCode(reply.status)
        request.setHeader("content-type", reply.content_type)
        request.setHeader("content-length", str(len(reply.body)))
        request.write(reply.body)
        request.finish()


def main() -> None:
    """Listen on 127.0.0.1 until the process is told to end."""
    from twisted.internet import reactor as installed

    reactor: Any = installed  # mypy takes it for one without listenTCP
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--places", type=int, required=True)
    parser.add_argument("--seconds", type=json.loads, required=True)
    parser.add_argument("--mode", choices=MODES, default="up")
    parser.add_argument("--report", type=Path, required=True)
    options = parser.parse_args()
    globalLogBeginner.beginLoggingTo(
        [textFileLogObserver(sys.stderr)], redirectStandardIO=False
    )
    spec = Spec(options.seconds, options.places, options.mode)
    simulated = Server(reactor, spec)

    def report() -> None:
        seen = {
            "served": simulated.served,
            "predicts": simulated.predicts,
            "peak": simulated.peak,
        }
        options.report.write_text(json.dumps(seen), "utf-8")

    def mend() -> None:
        simulated.mode = "up"

    reactor.addSystemEventTrigger("before", "shutdown", report)
    site = QuietSite(simulated, timeout=KEEP_ALIVE, parsePOSTFormSubmission=False)
    reactor.listenTCP(options.port, site, backlog=1024, interface="127.0.0.1")
    signal.signal(signal.SIGUSR1, lambda *_: reactor.callFromThread(mend))
    reactor.run()


class QuietSite(Site):
    """A ``Site`` without an access log."""

    def log(self, request: object) -> None:
        """Write nothing."""


if __name__ == "__main__":
    main()
