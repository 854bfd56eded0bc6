"""What a page has, in a word that it gives back to be told what is newer."""

from __future__ import annotations

import re

import attrs

_CURSOR = re.compile(
    r"(?P<run>[0-9a-z]+-\d{1,15}--?\d{1,15})"
    r"\.(?P<revision>\d{1,15})\.(?P<event>\d{1,15})\.(?P<second>\d{1,15})"
)


@attrs.frozen
class Cursor:
    """
    :ivar run: what must stay the same for an answer to go on from another: the run of
        the proxy, its configuration, and by how much its wall clock was set.
    :ivar revision: of all that is told whole.
    :ivar event: the number of the last event.
    :ivar second: before which the steps of the plot are told.
    """

    run: str
    revision: int
    event: int
    second: int

    def __str__(self) -> str:
        return f"{self.run}.{self.revision}.{self.event}.{self.second}"

    def leads_to(self, newest: Cursor) -> bool:
        """Whether ``newest`` may have come of this one."""
        return (
            self.run == newest.run
            and self.revision <= newest.revision
            and self.event <= newest.event
            and self.second <= newest.second
        )


def run(boot: str, configurations: int, shift: int) -> str:
    """
    Return the first part of a cursor.

    :param boot: names the run of the proxy: digits and small letters.
    :param configurations: how many were put in force.
    :param shift: seconds by which the wall clock was set.
    """
    return f"{boot}-{configurations}-{shift}"


def read(text: str | None) -> Cursor | None:
    """Return the cursor; ``None`` for what is none."""
    found = _CURSOR.fullmatch(text or "")
    if found is None:
        return None
    return Cursor(
        found["run"], int(found["revision"]), int(found["event"]), int(found["second"])
    )
