"""What has happened, in sentences: the last of it, in a ring."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator

import attrs

#: Events that are kept.
KEPT = 200
#: Kinds that stand in the log, too: what people have done, and who was put out. What
#: else is told is logged where it happens, or is not worth a line.
LOGGED = frozenset(
    {"saved", "renamed", "enabled", "drained", "disabled", "out", "replicas"}
)
#: Characters of a sentence.
LONGEST = 200


@attrs.frozen
class Event:
    """
    :ivar id: counts up from 1.
    :ivar at: when it happened, in seconds of the clock.
    :ivar kind: a word for programs, such as ``down``.
    :ivar machine: the name, as it was then, of the server that it happened to.
    :ivar text: a sentence.
    """

    id: int
    at: float
    kind: str
    machine: str | None
    text: str


class Events:
    """
    The ring.

    :ivar told: is told of each.
    """

    def __init__(self) -> None:
        self._events: deque[Event] = deque(maxlen=KEPT)
        self.last_id = 0
        self.told: Callable[[Event], object] = lambda _: None

    def add(self, at: float, kind: str, text: str, machine: str | None = None) -> None:
        """Take one in; the oldest may be lost for it."""
        self.last_id += 1
        if len(text) > LONGEST:
            text = f"{text[: LONGEST - 1]}…"
        event = Event(self.last_id, at, kind, machine, text)
        self._events.append(event)
        self.told(event)

    def after(self, event_id: int, since: float) -> Iterator[Event]:
        """Return those after one, and not older than ``since``, the oldest first."""
        return (one for one in self._events if one.id > event_id and one.at >= since)
