"""
When a backend is used: windows of the week, read from texts and asked by the clock.

``22:00-07:00`` is every night, ``Mon-Fri 22:00-07:00`` the nights that begin on these
days, ``Sat,Sun 00:00-24:00`` the weekend. What counts is what the clock on the wall
shows, where the proxy runs: when it is put forward or back, a window is shorter or
longer by that.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from datetime import datetime
from functools import lru_cache

import attrs

from immich_ml_proxy.errors import ConfigError

DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
#: Minutes of a day and of a week.
DAY = 24 * 60
WEEK = 7 * DAY
#: Most windows of one backend.
MOST = 50

_EXAMPLE = "such as 22:00-07:00, or Mon-Fri 22:00-07:00"
_TEXT = re.compile(
    r"\s*(?:(?P<days>[A-Za-z][A-Za-z,\s-]*?)\s+)?"
    r"(?P<begin>\d{1,2}:\d{2})\s*-\s*(?P<end>\d{1,2}:\d{2})\s*",
    re.ASCII,
)

#: Returns what the clock on the wall shows at a Unix time; no time zone is in it.
Local = Callable[[float], datetime]


@attrs.frozen
class Windows:
    """
    Parts of a week, as the clock on the wall shows them.

    :ivar spans: first and last but one minute of each, counted from Monday, 0:00; in
        their order, without overlaps or gaps of nothing, and not empty.
    """

    spans: tuple[tuple[int, int], ...]

    def are_open(self, shown: datetime) -> bool:
        """Whether the clock shows a time that is in one of them."""
        minute = _minute(shown)
        return any(begin <= minute < end for begin, end in self.spans)

    def until(self, unix: float, local: Local) -> float | None:
        """
        Return the Unix time at which they open or close next; ``None``: never.

        :param local: must be changed by whole minutes only, when it is changed.
        """
        if self.spans == ((0, WEEK),):
            return None
        is_open = self.are_open(local(unix))
        at = unix
        while True:
            shown = local(at)
            left = self._left(shown)
            then = at + left
            if _is_as_expected(shown, local(then), left):
                return then
            # The clock is set meanwhile, before it would have been time.
            at = _set_at(at, then, local)
            if self.are_open(local(at)) != is_open:
                return at

    def _left(self, shown: datetime) -> float:
        """Return the seconds until the next change, if the clock is not set."""
        minute = _minute(shown)
        changes = [one for span in self.spans for one in span if one < WEEK]
        # A span up to the week's end and one from its beginning are one.
        if self.spans[0][0] == 0 and self.spans[-1][1] == WEEK:
            changes.remove(0)
        elif self.spans[-1][1] == WEEK:
            changes.append(0)
        minutes = min((one - minute - 1) % WEEK + 1 for one in changes)
        return minutes * 60.0 - shown.second - shown.microsecond / 1e6


def _minute(shown: datetime) -> int:
    return shown.weekday() * DAY + shown.hour * 60 + shown.minute


def _is_as_expected(before: datetime, after: datetime, seconds: float) -> bool:
    return abs((after - before).total_seconds() - seconds) < 30


def _set_at(begin: float, end: float, local: Local) -> float:
    """Return when the clock is set between two times, for the first time, to 0.1 s."""
    shown = local(begin)
    while end - begin > 0.1:
        middle = (begin + end) / 2
        if _is_as_expected(shown, local(middle), middle - begin):
            begin, shown = middle, local(middle)
        else:
            end = middle
    # It is set when a minute begins.
    return float(round(end / 60) * 60)


def read(texts: Sequence[str], path: str) -> Windows | None:
    """
    Return the windows that are written; ``None``: none are, which is always.

    :param path: the field they stand in.
    :raises ConfigError: with the path of the first one that is none, and the reason.
    """
    if len(texts) > MOST:
        raise ConfigError(path, f"has {len(texts)} items; {MOST} are the most")
    spans = [
        span
        for index, text in enumerate(texts)
        for span in _spans(text, f"{path}[{index}]")
    ]
    return Windows(_joined(spans)) if spans else None


@lru_cache(maxsize=1024)
def known(texts: tuple[str, ...]) -> Windows | None:
    """Return the windows that are written, of a configuration that was checked."""
    return read(texts, "windows")


def _spans(text: str, path: str) -> list[tuple[int, int]]:
    found = _TEXT.fullmatch(text)
    if not found:
        raise ConfigError(path, f"must be a time of the day or the week, {_EXAMPLE}")
    begin, end = (_time(found[name], path) for name in ("begin", "end"))
    if begin >= DAY:
        raise ConfigError(path, "must begin at 23:59 at the latest")
    if begin == end:
        raise ConfigError(
            path, "ends when it begins; for the whole day write 00:00-24:00"
        )
    length = end - begin if end > begin else end + DAY - begin
    spans = []
    for day in _days(found["days"], path):
        first = day * DAY + begin
        spans.append((first, min(first + length, WEEK)))
        if first + length > WEEK:
            spans.append((0, first + length - WEEK))
    return spans


def _time(text: str, path: str) -> int:
    """Return the minute of the day."""
    hours, minutes = map(int, text.split(":"))
    if minutes > 59 or hours * 60 + minutes > DAY:
        raise ConfigError(path, f"{text} is no time of the day")
    return hours * 60 + minutes


def _days(text: str | None, path: str) -> list[int]:
    """Return the days, Monday is 0."""
    if text is None:
        return list(range(7))
    days: list[int] = []
    for part in text.split(","):
        first, separator, last = (one.strip() for one in part.partition("-"))
        begin = _day(first, path)
        count = (_day(last, path) - begin) % 7 + 1 if separator else 1
        days += [(begin + one) % 7 for one in range(count)]
    return days


def _day(text: str, path: str) -> int:
    try:
        return DAYS.index(text.capitalize())
    except ValueError:
        told = f"{text!r} is no day; days are {', '.join(DAYS)}"
        raise ConfigError(path, told) from None


def _joined(spans: list[tuple[int, int]]) -> tuple[tuple[int, int], ...]:
    joined: list[tuple[int, int]] = []
    for begin, end in sorted(spans):
        if joined and begin <= joined[-1][1]:
            joined[-1] = joined[-1][0], max(joined[-1][1], end)
        else:
            joined.append((begin, end))
    return tuple(joined)


def in_words(unix: float, now: float, local: Local) -> str:
    """Return a time to come as people say it: ``07:00``, or ``Mon 07:00``."""
    then, today = local(unix), local(now)
    clock = f"{then:%H:%M}"
    if (then.date() - today.date()).days == 0 or unix - now < 12 * 3600:
        return clock
    if unix - now < 6 * 86400:
        return f"{DAYS[then.weekday()]} {clock}"
    return f"{then:%Y-%m-%d} {clock}"
