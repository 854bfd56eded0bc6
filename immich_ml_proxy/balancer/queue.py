"""
Requests that wait for a place, and who is next.

A route has one line, bounded. In it, searches (requests without an image: somebody
waits for them) come before image work, and within each of the two whoever came first.
So that images do not wait for ever, after ``SEARCHES_IN_A_ROW`` searches that went
ahead of a waiting image one image goes next.

What is asked for at the head may find no place while something behind it would: a
backend may do one OCR at a time, and clip as well. So a line has lanes, and a request
is only ever held up by those of its own lane, which may go where it may go.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator
from operator import itemgetter
from typing import Generic, TypeVar

SEARCHES_IN_A_ROW = 8

T = TypeVar("T", bound=Hashable)


class WaitingLine(Generic[T]):
    """
    The line of one route.

    :param bound: how many may wait: of all for an image, of searches for a search, so
        that none is refused for the images before it.
    :param arrivals: numbers for those who come; lines that share it share an order.
    """

    def __init__(self, bound: int, arrivals: Iterator[int]) -> None:
        self.bound = bound
        self._arrivals = arrivals
        # Dictionaries are queues here: ordered, and anybody may leave at no cost.
        self._searches: dict[Hashable, dict[T, int]] = {}
        self._images: dict[Hashable, dict[T, int]] = {}
        self._size = 0
        self._waiting_searches = 0
        self._streak = 0

    def __len__(self) -> int:
        return self._size

    def is_full(self, is_search: bool) -> bool:
        """Whether nobody more of this class may wait."""
        waiting = self._waiting_searches if is_search else self._size
        return waiting >= self.bound

    def has(self, lane: Hashable, is_search: bool) -> bool:
        """Whether somebody waits in this lane."""
        return lane in (self._searches if is_search else self._images)

    def push(self, waiting: T, lane: Hashable, is_search: bool) -> None:
        """Put a request at the end of its lane."""
        lanes = self._searches if is_search else self._images
        lanes.setdefault(lane, {})[waiting] = next(self._arrivals)
        self._size += 1
        self._waiting_searches += is_search

    def remove(self, waiting: T, lane: Hashable, is_search: bool) -> bool:
        """Take a request out, wherever it stands; tell whether it stood there."""
        lanes = self._searches if is_search else self._images
        queue = lanes.get(lane, {})
        if waiting not in queue:
            return False
        del queue[waiting]
        self._size -= 1
        self._waiting_searches -= is_search
        if not queue:
            del lanes[lane]
        return True

    def served(self, is_search: bool) -> None:
        """Somebody of this class was given a place; counts who went ahead of whom."""
        self._streak = self._streak + 1 if is_search and self._images else 0

    def heads(self) -> list[tuple[int, int, T]]:
        """
        Return the first of every lane, in the order in which they may go.

        :return: each with the rank of its class now, low ones first, and the number
            it has from ``arrivals``; sorted by both.
        """
        images = 0 if self._streak >= SEARCHES_IN_A_ROW else 2
        heads = [
            (rank, arrival, waiting)
            for rank, lanes in ((1, self._searches), (images, self._images))
            for waiting, arrival in (next(iter(one.items())) for one in lanes.values())
        ]
        return sorted(heads, key=itemgetter(0, 1))
