"""
Requests that wait for a place, and who is next.

A route has one line, bounded. In it, searches (requests without an image: somebody
waits for them) come before image work, and within each of the two whoever came first.
So that images do not wait for ever, after ``SEARCHES_IN_A_ROW`` searches that went
ahead of a waiting image one image goes next.

What is asked for at the head may find no place while something behind it would: a
backend may do one OCR at a time, and clip as well. So a request is only ever held up
by those of its own kind.
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

    :param bound: how many may wait.
    """

    def __init__(self, bound: int) -> None:
        self.bound = bound
        # Dictionaries are queues here: ordered, and anybody may leave at no cost.
        self._searches: dict[Hashable, dict[T, int]] = {}
        self._images: dict[Hashable, dict[T, int]] = {}
        self._size = 0
        self._arrivals = 0
        self._streak = 0

    def __len__(self) -> int:
        return self._size

    @property
    def is_full(self) -> bool:
        """Whether nobody more may wait."""
        return self._size >= self.bound

    def has(self, kind: Hashable, is_search: bool) -> bool:
        """Whether somebody of this kind waits."""
        return kind in (self._searches if is_search else self._images)

    def push(self, waiting: T, kind: Hashable, is_search: bool) -> None:
        """Put a request at the end of its queue."""
        queues = self._searches if is_search else self._images
        self._arrivals += 1
        queues.setdefault(kind, {})[waiting] = self._arrivals
        self._size += 1

    def remove(self, waiting: T, kind: Hashable, is_search: bool) -> None:
        """Take a request out, wherever it stands."""
        queues = self._searches if is_search else self._images
        queue = queues.get(kind, {})
        if waiting in queue:
            del queue[waiting]
            self._size -= 1
            if not queue:
                del queues[kind]

    def served(self, is_search: bool) -> None:
        """Somebody of this class was given a place; counts who went ahead of whom."""
        self._streak = self._streak + 1 if is_search and self._images else 0

    def heads(self) -> Iterator[tuple[int, T]]:
        """
        Return the first of every kind, in the order in which they may go.

        :return: each with 0 if its class goes first now, else 1.
        """
        classes = [self._searches, self._images]
        if self._streak >= SEARCHES_IN_A_ROW:
            classes.reverse()
        for rank, queues in enumerate(classes):
            firsts = [next(iter(queue.items())) for queue in queues.values()]
            for waiting, _ in sorted(firsts, key=itemgetter(1)):
                yield rank, waiting
