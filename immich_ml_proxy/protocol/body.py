"""The body of a request: the chunks as they came, kept until it is answered."""

from __future__ import annotations

from collections.abc import Callable

from immich_ml_proxy.records.row import Row

#: Bytes of a chunk that is worth an object of its own; smaller ones are joined while
#: nobody reads them. Two bytes would take twenty times as much.
JOINED = 16 * 1024


class Body:
    """
    A body that may still be arriving.

    Chunks that somebody may have read are never joined or changed, so any number of
    readers can walk them at their own pace, each from the start: that is what makes a
    failover free.

    :ivar chunks: the bytes received so far; the last few are not among them before
        somebody reads, or all has arrived.
    :ivar size: their number.
    :ivar length: the number announced, or ``None`` (a chunked upload, whose length
        is known at the end only).
    :ivar complete: all has arrived,
    :ivar completed_at: at this time, in seconds.
    :ivar has_image: the form has a picture in it, as far as it has arrived.
    :ivar row: where its request is recorded; ``None``: it is not.
    """

    __slots__ = (
        "_small",
        "chunks",
        "complete",
        "completed_at",
        "has_image",
        "length",
        "row",
        "size",
        "watchers",
    )

    def __init__(self, length: int | None) -> None:
        self.chunks: list[bytes] = []
        self._small = bytearray()
        self.size = 0
        self.length = length
        self.complete = False
        self.completed_at = 0.0
        self.has_image = False
        self.row: Row | None = None
        #: called without arguments after every change
        self.watchers: list[Callable[[], None]] = []

    def append(self, chunk: bytes) -> None:
        """Take the next bytes."""
        self.size += len(chunk)
        if self.watchers or len(chunk) >= JOINED or self.size == self.length:
            if self._small:
                self._join()
            self.chunks.append(chunk)
            if self.watchers:
                self._changed()
        else:
            self._small += chunk
            if len(self._small) >= JOINED:
                self._join()

    def finish(self, now: float = 0.0) -> None:
        """All has arrived by now."""
        if self._small:
            self._join()
        self.complete = True
        self.completed_at = now
        self.length = self.size
        if self.watchers:
            self._changed()

    def watch(self, act: Callable[[], None]) -> None:
        """Call ``act`` after every change from now on, for somebody who reads."""
        if self._small:
            self._join()
        self.watchers.append(act)

    def when_complete(self, act: Callable[[], None]) -> Callable[[], None]:
        """Call ``act`` as soon as all has arrived; return what takes that back."""
        if self.complete:
            act()
            return _nothing

        def look() -> None:
            # It may have been taken back by who was told of the same change before.
            if self.complete and look in self.watchers:
                forget()
                act()

        def forget() -> None:
            if look in self.watchers:
                self.watchers.remove(look)

        self.watchers.append(look)
        return forget

    def drop(self) -> None:
        """
        Let go of the bytes.

        The request that owns them stays in a reference cycle until the garbage
        collector runs; nothing large may hang on it.
        """
        self.chunks = []
        self._small = bytearray()
        self.watchers.clear()

    def _join(self) -> None:
        self.chunks.append(bytes(self._small))
        self._small = bytearray()

    def _changed(self) -> None:
        for watcher in tuple(self.watchers):
            watcher()


def _nothing() -> None:
    """Take nothing back."""
