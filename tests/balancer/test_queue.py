"""Who is next."""

from __future__ import annotations

from itertools import count

from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
)

from immich_ml_proxy.balancer.queue import SEARCHES_IN_A_ROW, WaitingLine


def line_of(*names: str, bound: int = 1000) -> WaitingLine[str]:
    """Return a line; ``s...`` is a search, the letter after ``i`` is the lane."""
    line: WaitingLine[str] = WaitingLine(bound, count())
    for name in names:
        line.push(name, name[:2], name[0] == "s")
    return line


def heads(line: WaitingLine[str]) -> list[str]:
    """Return who may go, in order."""
    return [name for _, _, name in line.heads()]


def serve(line: WaitingLine[str]) -> str:
    """Give a place to who is next."""
    name = heads(line)[0]
    line.served(name[0] == "s")
    line.remove(name, name[:2], name[0] == "s")
    return name


def test_first_come_first_served() -> None:
    """Within images, and within searches, whatever their lanes."""
    line = line_of("ia1", "ib1", "ia2", "ib2", "ic1")
    assert [serve(line) for _ in range(5)] == ["ia1", "ib1", "ia2", "ib2", "ic1"]
    line = line_of("sa1", "sb1", "sa2")
    assert [serve(line) for _ in range(3)] == ["sa1", "sb1", "sa2"]


def test_searches_go_first() -> None:
    """Somebody waits for them."""
    line = line_of("ia1", "ia2", "sa1", "ia3", "sa2")
    assert [serve(line) for _ in range(5)] == ["sa1", "sa2", "ia1", "ia2", "ia3"]


def test_after_eight_searches_one_image_goes() -> None:
    """Nobody starves, however many searches come."""
    line = line_of("ia1", "ia2", *(f"sa{n}" for n in range(20)))
    order = [serve(line)[0] for _ in range(22)]
    assert SEARCHES_IN_A_ROW == 8
    assert "".join(order) == "s" * 8 + "i" + "s" * 8 + "i" + "s" * 4


def test_only_searches_that_went_ahead_of_an_image_count() -> None:
    """An image that has just come has not waited for those before it."""
    line = line_of(*(f"sa{n}" for n in range(20)))
    for _ in range(10):
        serve(line)
    line.push("ia1", "ia", False)
    assert [serve(line)[0] for _ in range(9)] == ["s"] * 8 + ["i"]


def test_the_image_whose_turn_it_is_holds_no_search_up() -> None:
    """If there is no place for it, the next search may still go."""
    line = line_of("ia1", *(f"sa{n}" for n in range(9)))
    for _ in range(8):
        serve(line)
    assert heads(line) == ["ia1", "sa8"]


def test_one_of_each_lane_may_go() -> None:
    """A full OCR server must not keep the others idle."""
    line = line_of("ia1", "ia2", "ib1", "sa1", "ib2")
    assert heads(line) == ["sa1", "ia1", "ib1"]


def test_lines_that_share_numbers_share_an_order() -> None:
    """So that of two lines neither goes before all others."""
    arrivals = count()
    one: WaitingLine[str] = WaitingLine(9, arrivals)
    two: WaitingLine[str] = WaitingLine(9, arrivals)
    for number, line in enumerate((one, two, two, one, one, two)):
        line.push(f"i{number}", f"lane {number}", False)
    ranked = sorted((*one.heads(), *two.heads()))
    assert [name for _, _, name in ranked] == [f"i{number}" for number in range(6)]


def test_anybody_may_leave() -> None:
    """From the head, the middle and the end; who is not there may leave as well."""
    line = line_of("ia1", "ia2", "ia3", "ia4")
    assert line.remove("ia1", "ia", False)
    assert line.remove("ia3", "ia", False)
    assert line.remove("ia4", "ia", False)
    assert not line.remove("ia4", "ia", False)
    assert not line.remove("ia2", "ia", True)
    assert (len(line), heads(line)) == (1, ["ia2"])
    assert line.remove("ia2", "ia", False)
    assert not line.has("ia", False)
    assert (len(line), heads(line)) == (0, [])


def full(line: WaitingLine[str]) -> tuple[bool, bool]:
    """Return whether it is full for a search, and for an image."""
    return line.is_full(True), line.is_full(False)


def test_it_is_bounded() -> None:
    """For an image by all who wait; with no room at all, too."""
    line = line_of("ia1", bound=2)
    assert full(line) == (False, False)
    line.push("sa1", "sa", True)
    assert full(line) == (False, True)
    line.remove("ia1", "ia", False)
    assert full(line) == (False, False)
    assert full(line_of(bound=0)) == (True, True)


def test_a_search_is_refused_for_searches_only() -> None:
    """However many images wait; those who leave make room."""
    line = line_of(*(f"ia{n}" for n in range(9)), "sa1", bound=2)
    assert full(line) == (False, True)
    line.push("sb1", "sb", True)
    assert full(line) == (True, True)
    assert not line.remove("sa1", "sb", True)
    assert full(line) == (True, True)
    line.remove("sa1", "sa", True)
    line.remove("ia1", "ia", False)
    assert full(line) == (False, True)


class AgainstAModel(RuleBasedStateMachine):
    """The line does what a list and a counter would, if they were fast enough."""

    @initialize(bound=st.integers(0, 30))
    def begin(self, bound: int) -> None:
        """Begin empty."""
        self.line: WaitingLine[int] = WaitingLine(bound, count())
        self.bound = bound
        self.model: list[tuple[bool, str, int]] = []
        self.streak = 0
        self.names = count()

    @rule(is_search=st.booleans(), lane=st.sampled_from("abc"))
    def push(self, is_search: bool, lane: str) -> None:
        """Somebody comes."""
        name = next(self.names)
        self.line.push(name, lane, is_search)
        self.model.append((is_search, lane, name))

    @precondition(lambda self: self.model)
    @rule(data=st.data())
    def leave(self, data: st.DataObject) -> None:
        """Somebody leaves."""
        gone = data.draw(st.sampled_from(self.model))
        self.model.remove(gone)
        assert self.line.remove(gone[2], gone[1], gone[0])

    @precondition(lambda self: self.model)
    @rule(data=st.data())
    def serve(self, data: st.DataObject) -> None:
        """One of the heads gets a place."""
        name = data.draw(st.sampled_from([name for _, _, name in self.line.heads()]))
        served = next(one for one in self.model if one[2] == name)
        images = any(not one[0] for one in self.model)
        self.streak = self.streak + 1 if served[0] and images else 0
        self.line.served(served[0])
        self.line.remove(name, served[1], served[0])
        self.model.remove(served)

    @invariant()
    def agree(self) -> None:
        """Heads, length and lanes are the model's."""
        owed = self.streak >= SEARCHES_IN_A_ROW
        order = sorted(self.model, key=lambda one: (one[0] is owed, one[2]))
        firsts: dict[tuple[bool, str], int] = {}
        for is_search, lane, name in order:
            firsts.setdefault((is_search, lane), name)
        assert [name for _, _, name in self.line.heads()] == list(firsts.values())
        assert len(self.line) == len(self.model)
        searches = sum(one[0] for one in self.model)
        assert self.line.is_full(True) == (searches >= self.bound)
        assert self.line.is_full(False) == (len(self.model) >= self.bound)
        for is_search in (True, False):
            for lane in "abc":
                assert self.line.has(lane, is_search) == ((is_search, lane) in firsts)


TestAgainstAModel = AgainstAModel.TestCase


@given(st.lists(st.booleans(), max_size=200))
def test_no_image_ever_waits_for_more_than_eight_searches(arrivals: list[bool]) -> None:
    """Whatever comes between, while there is an image to go."""
    line: WaitingLine[int] = WaitingLine(1000, count())
    line.push(-1, "", False)
    in_a_row = 0
    for number, is_search in enumerate(arrivals):
        line.push(number, "", is_search)
        _, _, name = line.heads()[0]
        was_search = line.remove(name, "", True)
        if not was_search:
            line.remove(name, "", False)
        line.served(was_search)
        in_a_row = in_a_row + 1 if was_search else 0
        assert in_a_row <= SEARCHES_IN_A_ROW
