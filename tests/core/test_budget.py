"""How many bytes of bodies are held at once."""

from __future__ import annotations

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from immich_ml_proxy.core.budget import SMALL, Budget, Charge

LIMIT = 1_000_000
LARGEST = 1_500_000


def nothing() -> None:
    """Go on."""


def test_what_fits_is_read_at_once_and_the_rest_in_order() -> None:
    """First come, first served; a small body passes by, since a search is one."""
    budget = Budget(LIMIT)
    told: list[str] = []
    first = budget.charge(600_000, nothing)
    second = budget.charge(600_000, lambda: told.append("second"))
    third = budget.charge(100_000, lambda: told.append("third"))
    assert not budget.charge(SMALL, nothing).waiting
    assert (first.waiting, second.waiting, third.waiting) == (False, True, True)
    first.release()
    assert told == ["second", "third"]
    assert budget.used == 700_000 + SMALL


def test_one_body_may_always_be_held_however_large() -> None:
    """Else it would wait for ever."""
    budget = Budget(LIMIT)
    assert not budget.charge(LARGEST, nothing).waiting
    assert budget.charge(100_000, nothing).waiting


def test_who_leaves_while_waiting_makes_room_for_the_next() -> None:
    """A client that is gone holds nobody up."""
    budget = Budget(LIMIT)
    told: list[str] = []
    budget.charge(600_000, nothing)
    second = budget.charge(600_000, lambda: told.append("second"))
    budget.charge(300_000, lambda: told.append("third"))
    second.release()
    assert told == ["third"]


def test_a_higher_limit_lets_those_who_wait_go_on() -> None:
    """A new configuration takes effect at once."""
    budget = Budget(LIMIT)
    told: list[str] = []
    budget.charge(600_000, nothing)
    budget.charge(600_000, lambda: told.append("second"))
    budget.limit = 2 * LIMIT
    assert told == ["second"]


def test_the_oldest_growing_body_is_never_held_back() -> None:
    """Uploads of unknown length that wait for each other would wait for ever."""
    budget = Budget(LIMIT)
    told: list[str] = []
    oldest = budget.charge(None, nothing)
    other = budget.charge(None, lambda: told.append("other"))
    other.grow(900_000)
    oldest.grow(900_000)
    assert (oldest.waiting, other.waiting) == (False, False)
    other.grow(1)
    assert other.waiting
    oldest.grow(600_000)
    assert not oldest.waiting
    oldest.release()
    assert told == ["other"]


def test_giving_back_twice_gives_back_once() -> None:
    """A request may end in two ways at once."""
    budget = Budget(LIMIT)
    charge = budget.charge(100_000, nothing)
    charge.release()
    charge.release()
    assert budget.used == 0
    assert budget.peak == 100_000


class Clients(RuleBasedStateMachine):
    """Clients that come, send, and leave in any order."""

    @initialize()
    def begin(self) -> None:
        """Nobody is there."""
        self.budget = Budget(LIMIT)
        self.known: list[Charge] = []
        self.growing: list[Charge] = []
        self.went_on: list[Charge] = []

    @rule(size=st.integers(1, LARGEST))
    def come(self, size: int) -> None:
        """A body of known length."""
        self.known.append(self.budget.charge(size, nothing))

    @rule()
    def come_without_length(self) -> None:
        """A body of unknown length."""
        self.growing.append(self.budget.charge(None, nothing))

    @rule(which=st.integers(0, 5), size=st.integers(1, 300_000))
    def grow(self, which: int, size: int) -> None:
        """One that may be read goes on, up to the largest size allowed."""
        readable = [charge for charge in self.growing if not charge.waiting]
        if readable:
            charge = readable[which % len(readable)]
            if charge.size + size <= LARGEST:
                charge.grow(size)

    @rule(which=st.integers(0, 50))
    def leave(self, which: int) -> None:
        """Anybody leaves."""
        everybody = self.known + self.growing
        if everybody:
            charge = everybody[which % len(everybody)]
            charge.release()
            for held in (self.known, self.growing):
                if charge in held:
                    held.remove(charge)

    @invariant()
    def the_bound_holds(self) -> None:
        """The limit, one largest body, and what had been read when reading stopped."""
        large = [c for c in self.known if c.size > SMALL]
        fixed = sum(charge.size for charge in large)
        assert fixed <= LIMIT or len(large) == 1 or self.growing
        overrun = 300_000 * len(self.growing)
        small = sum(charge.size for charge in self.known if charge.size <= SMALL)
        assert self.budget.used <= LIMIT + LARGEST + overrun + small

    @invariant()
    def what_is_charged_is_what_is_held(self) -> None:
        """Nothing leaks."""
        held = sum(charge.size for charge in self.known + self.growing)
        assert self.budget.used == held

    @invariant()
    def somebody_may_always_go_on(self) -> None:
        """Not all of those who are there wait."""
        everybody = self.known + self.growing
        assert not everybody or not all(charge.waiting for charge in everybody)


TestClients = Clients.TestCase
TestClients.settings = settings(max_examples=60, deadline=None)
