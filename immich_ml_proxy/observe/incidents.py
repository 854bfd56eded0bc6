"""
What people are told of troubles: one message an incident, however it flaps.

An incident begins when there is trouble, and ends when there has been none for
``WELL_FOR`` seconds; only then that is told. What is put aside on purpose, or not
configured any more, ends without a word.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping

import attrs

from immich_ml_proxy.config.notify import Subject
from immich_ml_proxy.observe.durations import in_words

#: Seconds without trouble that end an incident.
WELL_FOR = 10.0


@attrs.frozen
class Notice:
    """
    What people are told.

    :ivar subject: who wants to know of this, is told.
    :ivar event: a word for programs: ``down``, ``back``, ``held``, ``released``,
        ``saved`` or ``test``.
    :ivar title: a few words.
    :ivar text: a sentence or two.
    :ivar at: when it happened, in seconds of the clock.
    :ivar machine: the name of the server that it is about.
    """

    subject: Subject
    event: str
    title: str
    text: str
    at: float
    machine: str | None = None


@attrs.frozen
class Trouble:
    """
    :ivar subject: what kind of trouble it is.
    :ivar title: what is told of it, in a few words; ``over``: of its end.
    :ivar text: the same, in a sentence.
    :ivar after: seconds that it must last to be told.
    :ivar machine: the name of the server that has it.
    """

    subject: Subject
    title: str
    text: str
    over: str
    after: float = 0.0
    machine: str | None = None


_ENDS = {"down": "back", "held": "released"}


@attrs.define
class _Incident:
    """
    :ivar trouble: as it was seen last.
    :ivar since: when it began.
    :ivar lasting: since when it has lasted without a break.
    :ivar well: since when there is none; ``None``: there is.
    """

    trouble: Trouble
    since: float
    lasting: float
    well: float | None = None
    is_told: bool = False


class Incidents:
    """The incidents that are not over, each by a key of what has the trouble."""

    def __init__(self) -> None:
        self._open: dict[str, _Incident] = {}

    def look(
        self,
        troubles: Mapping[str, Trouble],
        well: Collection[str],
        unclear: Collection[str],
        now: float,
    ) -> Iterator[Notice]:
        """
        Take in how everything is, and return what people are to be told.

        :param troubles: what there is, by key.
        :param well: the keys of what has none.
        :param unclear: the keys of what nothing is known of now: its incident goes on.
        """
        for key in self._open.keys() - troubles.keys():
            if key not in well and key not in unclear:
                del self._open[key]
        for key, trouble in troubles.items():
            incident = self._open.setdefault(key, _Incident(trouble, now, now))
            if incident.well is not None:
                incident.lasting = now
            incident.trouble, incident.well = trouble, None
            if not incident.is_told and now - incident.lasting >= trouble.after:
                incident.is_told = True
                yield _notice(
                    trouble, trouble.subject, trouble.title, trouble.text, now
                )
        for key in [one for one in self._open if one in well]:
            incident = self._open[key]
            if incident.well is None:
                incident.well = now
            if now - incident.well >= WELL_FOR:
                del self._open[key]
                if incident.is_told:
                    yield _over(incident, incident.well, now)


def _over(incident: _Incident, well: float, now: float) -> Notice:
    trouble = incident.trouble
    text = f"{trouble.over} after {in_words(well - incident.since)}."
    return _notice(trouble, _ENDS[trouble.subject], trouble.over, text, now)


def _notice(trouble: Trouble, event: str, title: str, text: str, now: float) -> Notice:
    return Notice(trouble.subject, event, title, text, now, trouble.machine)
