"""How many bytes of bodies are held at once, and who waits for room."""

from __future__ import annotations

from functools import partial

import pytest

from immich_ml_proxy.downstream.budget import SMALL, Budget, Charge

LIMIT = 1_000_000
LARGEST = 1_500_000


class Uploads:
    """
    Bodies by name, over one budget.

    :ivar told: who had to wait and was let go on, in this order.
    """

    def __init__(self, limit: int = LIMIT) -> None:
        self.budget = Budget(limit)
        self.told: list[str] = []
        self._charges: dict[str, Charge] = {}

    def __getitem__(self, name: str) -> Charge:
        return self._charges[name]

    def come(self, name: str, size: int | None) -> Charge:
        """A body comes, of this size or of unknown length."""
        charge = self.budget.charge(size, lambda: self.told.append(name))
        self._charges[name] = charge
        return charge

    def grow(self, name: str, size: int) -> None:
        """More of a body comes."""
        self[name].grow(size)

    def leave(self, *names: str) -> None:
        """Bodies go."""
        for name in names:
            self[name].release()

    @property
    def waiting(self) -> list[str]:
        """Who waits."""
        return [name for name, charge in self._charges.items() if charge.waiting]


def test_what_fits_is_read_at_once() -> None:
    """To the byte."""
    uploads = Uploads()
    uploads.come("a", LIMIT - 100_000)
    uploads.come("b", 100_000)
    assert (uploads.waiting, uploads.budget.used) == ([], LIMIT)
    uploads.come("c", SMALL + 1)
    assert (uploads.waiting, uploads.budget.used) == (["c"], LIMIT)


def test_who_waits_is_served_in_order() -> None:
    """Whoever would fit does not go ahead of one that does not yet."""
    uploads = Uploads()
    for name, size in {"a": 600_000, "b": 600_000, "c": 100_000, "d": 950_000}.items():
        uploads.come(name, size)
    assert uploads.waiting == ["b", "c", "d"]
    assert uploads.budget.waiting == 3
    uploads.leave("a")
    assert uploads.told == ["b", "c"]
    uploads.leave("b")
    assert uploads.told == ["b", "c"]
    uploads.leave("c")
    assert uploads.told == ["b", "c", "d"]


def test_a_small_body_never_waits() -> None:
    """It may be a search, for which somebody is waiting."""
    uploads = Uploads()
    uploads.come("large", LARGEST)
    uploads.come("next", 100_000)
    uploads.come("search", SMALL)
    uploads.come("picture", SMALL + 1)
    assert uploads.waiting == ["next", "picture"]


def test_one_body_may_always_be_held_however_large() -> None:
    """Else it would wait for ever."""
    uploads = Uploads()
    uploads.come("large", LARGEST)
    uploads.come("other", 100_000)
    assert uploads.waiting == ["other"]
    uploads.leave("large")
    assert uploads.told == ["other"]


def test_a_large_body_does_not_wait_for_small_ones() -> None:
    """While people search there is always one: it and all behind it would starve."""
    uploads = Uploads()
    uploads.come("first", 100_000)
    uploads.come("large", LARGEST)
    uploads.come("search", SMALL)
    uploads.come("short", None)
    uploads.grow("short", SMALL)
    assert uploads.waiting == ["large"]
    uploads.leave("first")
    assert uploads.told == ["large"]


def test_two_bodies_over_the_limit_are_not_held_at_once() -> None:
    """That is what the limit is for."""
    uploads = Uploads()
    uploads.come("one", LARGEST)
    uploads.come("two", LARGEST)
    uploads.come("growing", None)
    uploads.grow("growing", SMALL + 1)
    uploads.leave("one")
    assert uploads.waiting == ["two"]
    uploads.leave("growing")
    assert uploads.told == ["two"]


def test_who_leaves_while_waiting_makes_room_for_the_next() -> None:
    """A client that is gone holds nobody up, and is not told to go on."""
    uploads = Uploads()
    uploads.come("a", 600_000)
    uploads.come("b", 600_000)
    uploads.come("c", 300_000)
    uploads.leave("b")
    assert uploads.told == ["c"]
    uploads.leave("a", "c")
    assert (uploads.told, uploads.budget.used) == (["c"], 0)


def test_a_higher_limit_lets_those_who_wait_go_on() -> None:
    """A new configuration takes effect at once."""
    uploads = Uploads()
    uploads.come("a", 600_000)
    uploads.come("b", 600_000)
    uploads.budget.limit = 2 * LIMIT
    assert (uploads.told, uploads.budget.limit) == (["b"], 2 * LIMIT)


def test_a_lower_limit_takes_nothing_from_those_who_read() -> None:
    """What has begun can end; the next one waits."""
    uploads = Uploads()
    uploads.come("a", 600_000)
    uploads.budget.limit = 100_000
    uploads.come("b", 70_000)
    assert uploads.waiting == ["b"]
    uploads.leave("a")
    assert uploads.told == ["b"]


def test_a_body_of_unknown_length_is_charged_as_it_grows() -> None:
    """And read on while there is room."""
    uploads = Uploads()
    uploads.come("old", None)
    uploads.come("new", None)
    assert uploads.budget.used == 0
    for _ in range(5):
        uploads.grow("new", 200_000)
    assert (uploads.waiting, uploads["new"].size) == ([], LIMIT)
    uploads.grow("new", 1)
    assert (uploads.waiting, uploads.budget.waiting) == (["new"], 1)
    uploads.leave("old")
    assert uploads.told == ["new"]


def test_the_oldest_growing_body_is_never_held_back() -> None:
    """Uploads of unknown length that wait for each other would wait for ever."""
    uploads = Uploads()
    for name in ("oldest", "second", "third"):
        uploads.come(name, None)
    uploads.grow("third", LIMIT)
    uploads.grow("second", 1)
    uploads.grow("third", 1)
    uploads.grow("oldest", LARGEST)
    assert uploads.waiting == ["second", "third"]
    uploads.leave("oldest")
    assert uploads.told == ["second"]
    uploads.grow("second", LARGEST)
    assert uploads.waiting == ["third"]
    uploads.leave("second")
    assert uploads.told == ["second", "third"]


def test_what_still_comes_of_one_that_is_held_back_is_charged() -> None:
    """It was under way; it is told to go on once."""
    uploads = Uploads()
    uploads.come("old", None)
    uploads.come("new", None)
    for size in (LIMIT + 1, 10, 10):
        uploads.grow("new", size)
    assert uploads.budget.used == LIMIT + 21
    uploads.leave("old")
    assert uploads.told == ["new"]


def test_room_is_given_to_growing_bodies_first() -> None:
    """They hold bytes already, and are nearer to their end."""
    uploads = Uploads()
    for name, size in {"a": 500_000, "old": None, "new": None}.items():
        uploads.come(name, size)
    uploads.grow("new", 500_001)
    uploads.come("b", 400_000)
    assert uploads.waiting == ["new", "b"]
    uploads.leave("a")
    assert uploads.told == ["new", "b"]


def test_giving_back_twice_gives_back_once() -> None:
    """A request may end in two ways at once."""
    uploads = Uploads()
    uploads.come("a", 100_000)
    uploads.come("b", 200_000)
    uploads.leave("a", "a")
    assert uploads.budget.used == 200_000


def test_the_most_that_was_held_is_kept() -> None:
    """Until somebody sets it back."""
    uploads = Uploads()
    uploads.come("a", 700_000)
    uploads.leave("a")
    uploads.come("b", 100_000)
    assert uploads.budget.peak == 700_000
    uploads.budget.peak = uploads.budget.used
    uploads.come("c", 200_000)
    assert uploads.budget.peak == 300_000


@pytest.mark.parametrize("sizes", [(700_000, 800_000, 900_000), (None, None, None)])
def test_whoever_goes_on_may_end_at_once(sizes: tuple[int | None, ...]) -> None:
    """A body that had all arrived is answered, and lets the next one go on."""
    budget = Budget(LIMIT)
    told: list[int] = []
    charges: list[Charge] = []

    def goes_on(number: int) -> None:
        told.append(number)
        charges[number].release()

    first = budget.charge(None, lambda: None)
    first.grow(LIMIT)
    for number, size in enumerate(sizes):
        charge = budget.charge(size, partial(goes_on, number))
        charges.append(charge)
        if size is None:
            charge.grow(1)
    assert [charge.waiting for charge in charges] == [True] * 3
    first.release()
    assert told == [0, 1, 2]
    assert (budget.used, budget.waiting) == (0, 0)


def test_whoever_goes_on_may_end_another() -> None:
    """Then that one is not told to go on, nor does anybody fail."""
    budget = Budget(LIMIT)
    told: list[str] = []
    oldest = budget.charge(None, lambda: None)
    last: list[Charge] = []
    second = budget.charge(None, lambda: last[0].release())
    last.append(budget.charge(None, lambda: told.append("last")))
    oldest.grow(LIMIT)
    second.grow(1)
    last[0].grow(1)
    oldest.release()
    assert (told, second.waiting, budget.used) == ([], False, 1)
