"""
How many requests a backend is given at once.

A fixed limit is what the user wrote. The adaptive one finds out by itself, by trials.
A server with P places answers up to P requests in their bare service time; with n > P
of them in flight each takes n / P of it (Little's law). So the same work is timed under
two limits, one right after the other, and of a limit that was raised from n to t, with
service times g times as long, this share of the additional requests was of use:

    gain = ((t / n) / g - 1) / (t / n - 1)

1 if every one found a place, 0 if all of them stood in the server's own queue, where
they help nobody and a search cannot overtake them. For a limit that was lowered it is
the share that is missed. Only the difference counts, so a server that is slow for a
while, or whose requests vary, is not mistaken for a full one: a law that compares with
the best time ever seen, as TCP Vegas does (Brakmo and Peterson, 1995), takes every slow
picture for a queue.

- It begins with ``START``, so that the types of one request run at once. If the first
  answers come in turns, as from a server with fewer places, that tells how many; a slow
  server would be overloaded for half a minute until trials have found it.
- Else it doubles while that is of use (slow start, Jacobson, 1988); if the first
  doubling is not, it halves while nothing is missed.
- Then it stays, and from time to time tries a quarter more, at least one, or a quarter
  less, in turn. What proves better is kept and tried further.

An overload is no matter of this limit, but of one task: see ``task_limits``.
"""

from __future__ import annotations

from collections.abc import Hashable
from typing import Literal, Protocol

#: What a server is given that nothing is known of.
START = 4
#: No server of one household works on more at once.
HIGHEST = 64
#: Share of the additional requests that must be of use for a higher limit to be kept.
OF_USE = 0.4
#: So little of use is believed after half of the answers.
OF_NO_USE = 0.2
#: A trial changes the limit by this part of it.
PART = 0.25
#: Answers that two limits are compared by, if one is twice the other; the smaller the
#: difference the more of them, by its square.
ANSWERS = 6
PRECISION = 4
#: Answers of each place until the next trial, after one that changed nothing: when the
#: limit is new, which may be too low yet, and from then on.
FIRST_REST = 16
REST = 512
#: An answer counts as this many times the upper quartile at the most: loading a model
#: takes seconds, once.
SLOWEST = 4.0

#: Turns are told from chance by how even they are: a time may be off by this share.
UNEVEN = 0.25

#: What is timed: kinds of requests with their service times, in seconds.
Window = list[tuple[Hashable, float]]


class Limiter(Protocol):
    """
    :ivar limit: requests that may be in flight at once.
    :ivar found: the same, but for what is only being tried.
    """

    limit: int

    @property
    def found(self) -> int:
        """See above."""

    def answered(self, kind: Hashable, seconds: float, in_flight: int) -> None:
        """
        A request was answered.

        :param kind: what has service times of its own.
        :param seconds: from asking to the whole answer.
        :param in_flight: requests in flight just before, itself included.
        """


class FixedLimit:
    """A limit that stays; see :class:`Limiter`."""

    def __init__(self, limit: int) -> None:
        self.limit = limit

    @property
    def found(self) -> int:
        """It is written."""
        return self.limit

    def answered(self, kind: Hashable, seconds: float, in_flight: int) -> None:
        """Nothing is learned."""


class AdaptiveLimit:
    """A limit that follows the law above; see :class:`Limiter`."""

    def __init__(self) -> None:
        self.limit = START  # another than the one found while that is tried
        self._found = START
        self._doubling = True  # or halving, downwards
        self._upwards = True
        self._rest = FIRST_REST
        self._before: Window = []  # under the limit found, just before a trial
        self._window: Window = []
        self._ignore = START // 2  # answers that are not looked at; see _change()
        self._first: Window | None = []  # answers, until there are START

    @property
    def found(self) -> int:
        """The best limit so far, while others may be tried."""
        return self._found

    def answered(self, kind: Hashable, seconds: float, in_flight: int) -> None:
        """See :class:`Limiter`."""
        if self._first is not None:
            self._begin(self._first, kind, seconds, in_flight)
        if self._ignore > 0:
            self._ignore -= 1
            return
        if in_flight < self.limit:
            return  # there is less work than it may be given
        self._window.append((kind, seconds))
        if self._is_decided():
            self._judge(in_flight)

    def _begin(
        self, first: Window, kind: Hashable, seconds: float, in_flight: int
    ) -> None:
        """Look at the first answers of all."""
        first.append((kind, seconds))
        if len(first) < START:
            return
        self._first = None
        kinds = {kind for kind, _ in first}
        places = _turns([seconds for _, seconds in first]) if len(kinds) == 1 else None
        if places is not None:
            self._found = places
            self._doubling = False
            self._change(places, in_flight)
            self._ignore += FIRST_REST * places

    def _is_decided(self) -> bool:
        """Whether the window is long enough; at the least one answer of each place."""
        part = 1.0 if self._doubling else self._step() / self._found
        needed = max(ANSWERS, self.limit, round(PRECISION / part**2))
        if self.limit > self._found and len(self._window) == needed // 2:
            return self._share_of_use() <= OF_NO_USE
        return len(self._window) >= needed

    def _step(self) -> int:
        return max(1, round(PART * self._found))

    def _judge(self, in_flight: int) -> None:
        """A window is full."""
        if self.limit == self._found:
            self._before = self._window
            self._try(in_flight)
        elif (self._share_of_use() >= OF_USE) == (self.limit > self._found):
            self._before = self._window
            self._found = self.limit
            self._rest = FIRST_REST
            self._try(in_flight)
        elif self._doubling and self.limit > self._found and self._estimate() <= START:
            self._upwards = False
            self._change(self._found // 2, in_flight)
        else:
            if self._doubling:
                self._doubling = False
                self._found = self._estimate()
            else:
                self._upwards = not self._upwards
            self._change(self._found, in_flight)
            self._ignore += self._rest * self._found
            self._rest = REST

    def _try(self, in_flight: int) -> None:
        """Try another limit than the one found."""
        if self._found in (1, HIGHEST):
            self._upwards = self._found == 1
            self._doubling = False
        if self._doubling:
            other = 2 * self._found if self._upwards else self._found // 2
        else:
            other = self._found + (self._step() if self._upwards else -self._step())
        self._change(min(other, HIGHEST), in_flight)

    def _estimate(self) -> int:
        """Return how many places there are, by how much longer the same work takes."""
        slowdown = self._slowdown()
        if self.limit > self._found:
            return max(self._found, round(self.limit / slowdown))
        return max(self.limit, min(self._found, round(self._found * slowdown)))

    def _share_of_use(self) -> float:
        """Return which share of the difference between the limits is of use."""
        more = self.limit / self._found
        return (more / self._slowdown() - 1) / (more - 1)

    def _slowdown(self) -> float:
        """
        Return how many times as long the same work takes as before the trial.

        1 if nothing of it was done before.
        """
        before, now = _by_kind(self._before), _by_kind(self._window)
        seconds_before = seconds_now = 0.0
        for kind in before.keys() & now.keys():
            times, times_now = before[kind], now[kind]
            most = SLOWEST * sorted(times)[3 * len(times) // 4]
            weight = min(len(times), len(times_now))
            seconds_before += weight * _mean(times, most)
            seconds_now += weight * _mean(times_now, most)
        if not seconds_before or not seconds_now:
            return 1.0
        return min(max(seconds_now / seconds_before, 1 / HIGHEST), HIGHEST)

    def _change(self, limit: int, in_flight: int) -> None:
        more = max(0, limit - self.limit)
        self.limit = limit
        # What is on its way was asked for under another limit. The first of the
        # additional ones find no queue yet; to look at none of them takes too long.
        self._ignore = max(0, in_flight - 1) + more // 2
        self._window = []


def limiter_of(places: int | Literal["auto"]) -> Limiter:
    """Return the limit that is written, or one that finds out."""
    return AdaptiveLimit() if places == "auto" else FixedLimit(places)


def _turns(times: list[float]) -> int | None:
    """
    Return how many places answered these, which were asked for at once.

    :param times: in the order in which they were answered.
    :return: ``None`` if there may be as many places as answers.
    """
    for places in range(1, len(times)):
        turns = [1 + n // places for n in range(len(times))]
        if all(
            abs(seconds - turn * times[0]) < UNEVEN * turn * times[0]
            for seconds, turn in zip(times, turns, strict=True)
        ):
            return places
    return None


def _by_kind(window: Window) -> dict[Hashable, list[float]]:
    times: dict[Hashable, list[float]] = {}
    for kind, seconds in window:
        times.setdefault(kind, []).append(seconds)
    return times


def _mean(times: list[float], most: float) -> float:
    return sum(min(seconds, most) for seconds in times) / len(times)
