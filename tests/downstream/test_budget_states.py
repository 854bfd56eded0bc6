"""Bodies that come, grow and leave in any order: what always holds."""

from __future__ import annotations

from collections.abc import Callable

import attrs
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
)

from immich_ml_proxy.downstream.budget import SMALL, Budget, Charge

LIMIT = 1_000_000


@attrs.define(eq=False)
class Upload:
    """
    :ivar size: bytes that it is charged for while it is there.
    :ivar known: its length was announced.
    :ivar told: how often it was told to go on.
    """

    size: int
    known: bool
    told: int = 0
    charge: Charge = attrs.field(init=False)


class Clients(RuleBasedStateMachine):
    """:cvar LARGEST: bytes of the largest body allowed."""

    LARGEST = LIMIT

    @initialize()
    def begin(self) -> None:
        """Nobody is there."""
        self.budget = Budget(LIMIT)
        self.here: list[Upload] = []
        self.went_on: list[Upload] = []

    def _add(self, size: int, known: bool) -> Upload:
        upload = Upload(size, known)

        def go_on() -> None:
            upload.told += 1
            self.went_on.append(upload)

        upload.charge = self.budget.charge(size if known else None, go_on)
        self.here.append(upload)
        return upload

    def _pick(self, which: int, whom: Callable[[Upload], bool]) -> Upload | None:
        some = [upload for upload in self.here if whom(upload)]
        return some[which % len(some)] if some else None

    @rule(share=st.sampled_from([0.07, 0.3, 0.5, 0.9, 1.0]))
    def come(self, share: float) -> None:
        """A body of known length, up to the largest; it waits behind those who do."""
        size = int(share * self.LARGEST)
        behind = any(each.charge.waiting and each.known for each in self.here)
        upload = self._add(size, True)
        assert not behind or upload.charge.waiting

    @rule(size=st.integers(1, SMALL))
    def come_small(self, size: int) -> None:
        """A small one: it never waits."""
        assert not self._add(size, True).charge.waiting

    @rule()
    def come_without_length(self) -> None:
        """One of unknown length: its first bytes are read in any case."""
        assert not self._add(0, False).charge.waiting

    @rule(which=st.integers(0, 9), share=st.sampled_from([0.05, 0.4, 1.0]))
    def grow(self, which: int, share: float) -> None:
        """One that may be read goes on in small chunks until it has to wait."""
        upload = self._pick(which, lambda one: not (one.known or one.charge.waiting))
        if upload is None:
            return
        wished = min(self.LARGEST, upload.size + int(share * self.LARGEST))
        while upload.size < wished and not upload.charge.waiting:
            chunk = min(SMALL, wished - upload.size)
            upload.size += chunk
            upload.charge.grow(chunk)

    @precondition(lambda self: self.here)
    @rule(which=st.integers(0, 50))
    def leave(self, which: int) -> None:
        """Anybody leaves, whether they wait or not; twice does no more."""
        upload = self.here.pop(which % len(self.here))
        told = upload.told
        before = [one for one in self.here if one.known and one.charge.waiting]
        self.went_on.clear()
        upload.charge.release()
        upload.charge.release()
        assert upload.told == told
        let_in = [one for one in self.went_on if one.known]
        assert let_in == before[: len(let_in)]  # first come, first served

    @rule()
    def all_leave(self) -> None:
        """When all who can end do so, again and again, nobody is left waiting."""
        while self.here:
            able = [upload for upload in self.here if not upload.charge.waiting]
            assert able
            for upload in able:
                self.here.remove(upload)
                upload.charge.release()
        assert (self.budget.used, self.budget.waiting) == (0, 0)

    @invariant()
    def the_bound_holds(self) -> None:
        """That of the module's docstring, with chunks that are small."""
        most = max(LIMIT, self.LARGEST) + self.LARGEST
        assert self.budget.used <= most + SMALL * len(self.here)
        assert self.budget.peak >= self.budget.used

    @invariant()
    def what_is_charged_is_what_is_held(self) -> None:
        """Nothing leaks, and who waits for room has none."""
        held = 0
        for upload in self.here:
            waits = upload.known and upload.charge.waiting
            assert upload.charge.size == (0 if waits else upload.size)
            held += upload.charge.size
        assert self.budget.used == held

    @invariant()
    def who_waits_is_counted(self) -> None:
        """And who was told to go on does not wait."""
        waiting = [upload for upload in self.here if upload.charge.waiting]
        assert self.budget.waiting == len(waiting)
        for upload in self.here:
            assert not (upload.known and upload.charge.waiting and upload.told)

    @invariant()
    def nobody_waits_without_need(self) -> None:
        """The oldest growing body never; a known one only if it has no room."""
        growing = [upload for upload in self.here if not upload.known]
        assert not growing or not growing[0].charge.waiting
        first = next((u for u in self.here if u.known and u.charge.waiting), None)
        if first is not None:
            assert self.budget.used + first.size > LIMIT
            assert any(upload.charge.size > SMALL for upload in self.here)
        for upload in growing:
            assert not upload.charge.waiting or self.budget.used > LIMIT


class LargeClients(Clients):
    """A single body may be larger than the limit, as by default."""

    LARGEST = 1_600_000


TestClients = Clients.TestCase
TestLargeClients = LargeClients.TestCase
TestClients.settings = TestLargeClients.settings = settings(
    max_examples=80, stateful_step_count=40, deadline=None
)
