"""Which models of a simulated server are ready, and who waits for one that is not."""

from __future__ import annotations

from collections.abc import Iterable

from attrs import define, field
from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IReactorTime

from .counts import Counts
from .models import Entry

#: What is loaded: task, type, model, and for OCR the resolution.
_Key = tuple[str, str, str, int]


@define(eq=False)
class Loading:
    """
    The models of one run of a server.

    :param seconds: that a load takes. It goes on whoever leaves.
    """

    _clock: IReactorTime
    _counts: Counts
    _seconds: float
    _ready: set[_Key] = field(factory=set, init=False)
    _waiting: dict[_Key, list[Deferred[None]]] = field(factory=dict, init=False)

    async def wait_for(self, models: Iterable[Entry]) -> None:
        """Load what is not ready, side by side, and wait for it."""
        keys = {(one.task, one.type, one.model, one.resolution) for one in models}
        missing = keys - self._ready
        for key in missing - set(self._waiting):
            self._begin(key)
        for key in missing:
            # Others may have been loaded while one was waited for.
            if key in self._waiting:
                loaded: Deferred[None] = Deferred()
                self._waiting[key].append(loaded)
                await loaded

    def _begin(self, key: _Key) -> None:
        self._counts.loads += 1
        # Without time it is there in the same turn, so that no test needs a clock.
        if self._seconds <= 0:
            self._ready.add(key)
            return
        self._waiting[key] = []
        self._clock.callLater(self._seconds, self._loaded, key)

    def _loaded(self, key: _Key) -> None:
        self._ready.add(key)
        for waiting in self._waiting.pop(key):
            # One that was cancelled has been called already.
            if not waiting.called:
                waiting.callback(None)
