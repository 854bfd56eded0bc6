"""A trickle of work, as Immich would send it: a photo now and then, and searches."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any

from attrs import define, field
from twisted.application.service import Service
from twisted.internet.defer import CancelledError, Deferred, succeed
from twisted.internet.interfaces import IConsumer, IReactorTime
from twisted.internet.task import LoopingCall
from twisted.python.failure import Failure
from twisted.web.client import readBody
from twisted.web.http_headers import Headers
from twisted.web.iweb import IAgent, IBodyProducer
from zope.interface import implementer

from .immich import CONTENT_TYPE, Kind, form

#: Seconds between two photos; each is asked for three times, as Immich does.
PACE = 0.5
#: One search to so many photos.
SEARCH_EVERY = 4
#: Requests of a kind that may be under way; what finds no room is never sent.
MOST: dict[Kind, int] = {"search": 2, "clip": 6, "faces": 6, "ocr": 4}
#: Photos that there are: the next ones are the same again.
PHOTOS = 1000

_HEADERS = Headers(
    {
        "Content-Type": [CONTENT_TYPE],
        "Accept": ["*/*"],
        "Accept-Language": ["*"],
        "Sec-Fetch-Mode": ["cors"],
        # Immich's is "node": whoever says that is no simulation.
        "User-Agent": ["demo of immich-ml-proxy"],
    }
)


@implementer(IBodyProducer)
class _Whole:
    """A body that is written at once."""

    def __init__(self, body: bytes) -> None:
        self._body = body
        self.length = len(body)

    def startProducing(self, consumer: IConsumer) -> Deferred[None]:
        """Write it all; see ``IBodyProducer``."""
        consumer.write(self._body)
        return succeed(None)

    def pauseProducing(self) -> None:
        """It is written already."""

    def resumeProducing(self) -> None:
        """It is written already."""

    def stopProducing(self) -> None:
        """It is written already."""


@define(eq=False, slots=False)
class Trickle(Service):
    """
    :param clock: source of time.
    :param agent: sends.
    :param port: tells where on 127.0.0.1 the proxy listens; ``None``: nowhere yet.
    :param wanted: tells whether there should be any work now.
    :ivar sent: requests so far, by kind.
    :ivar failed: of those, how many were not answered with 200.
    """

    _clock: IReactorTime
    _agent: IAgent
    _port: Callable[[], int | None]
    _wanted: Callable[[], bool]
    sent: Counter[Kind] = field(factory=Counter, init=False)
    failed: int = field(default=0, init=False)
    _under_way: dict[Deferred[Any], Kind] = field(factory=dict, init=False)
    _loop: LoopingCall = field(init=False)
    _photo: int = field(default=0, init=False)

    def __attrs_post_init__(self) -> None:
        self._loop = LoopingCall(self._round)
        self._loop.clock = self._clock

    def startService(self) -> None:
        """Begin, half a second later."""
        super().startService()
        self._loop.start(PACE, now=False)

    def stopService(self) -> None:
        """Send no more, and wait for no answer."""
        super().stopService()
        if self._loop.running:
            self._loop.stop()
        for asked in tuple(self._under_way):
            asked.cancel()

    def _round(self) -> None:
        port = self._port()
        if port is None or not self._wanted():
            return
        self._photo = (self._photo + 1) % PHOTOS
        kinds: list[Kind] = ["clip", "faces", "ocr"]
        if self._photo % SEARCH_EVERY == 0:
            kinds.append("search")
        busy = Counter(self._under_way.values())
        for kind in kinds:
            if busy[kind] < MOST[kind]:
                self._send(port, kind)

    def _send(self, port: int, kind: Kind) -> None:
        self.sent[kind] += 1
        asked: Deferred[Any] = self._agent.request(
            b"POST",
            b"http://127.0.0.1:%d/predict" % port,
            _HEADERS,
            _Whole(form(kind, self._photo)),
        )
        self._under_way[asked] = kind
        asked.addCallback(self._answered)
        asked.addErrback(self._not_answered)
        asked.addBoth(lambda _: self._under_way.pop(asked, None))

    def _answered(self, response: Any) -> Deferred[bytes]:
        self.failed += response.code != 200
        return readBody(response)

    def _not_answered(self, failure: Failure) -> None:
        # The proxy tells what fails, and why; here it is only counted.
        if not failure.check(CancelledError):
            self.failed += 1
