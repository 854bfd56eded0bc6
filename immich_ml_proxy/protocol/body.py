"""The body of a request: the chunks as they came, kept until it is answered."""

from __future__ import annotations

from collections.abc import Callable


class Body:
    """
    A body that may still be arriving.

    Chunks are never joined or changed, so any number of readers can walk them at
    their own pace, each from the start: that is what makes a failover free.

    :ivar chunks: the bytes received so far.
    :ivar size: their number.
    :ivar length: the number announced, or ``None`` (a chunked upload, whose length
        is known at the end only).
    :ivar complete: all has arrived,
    :ivar completed_at: at this time, in seconds.
    :ivar has_image: the form has a picture in it, as far as it has arrived.
    """

    __slots__ = (
        "chunks",
        "complete",
        "completed_at",
        "has_image",
        "length",
        "size",
        "watchers",
    )

    def __init__(self, length: int | None) -> None:
        self.chunks: list[bytes] = []
        self.size = 0
        self.length = length
        self.complete = False
        self.completed_at = 0.0
        self.has_image = False
        #: called without arguments after every change
        self.watchers: list[Callable[[], None]] = []

    def append(self, chunk: bytes) -> None:
        """Take the next bytes."""
        self.chunks.append(chunk)
        self.size += len(chunk)
        self._changed()

    def finish(self, now: float = 0.0) -> None:
        """All has arrived by now."""
        self.complete = True
        self.completed_at = now
        self.length = self.size
        self._changed()

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
        self.watchers.clear()

    def _changed(self) -> None:
        if self.watchers:
            for watcher in tuple(self.watchers):
                watcher()


def _nothing() -> None:
    """Take nothing back."""
