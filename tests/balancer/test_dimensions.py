"""Which number of dimensions a model has."""

from __future__ import annotations

import tracemalloc

import pytest
from hypothesis import given
from hypothesis import strategies as st

from immich_ml_proxy.balancer.dimensions import MAX_MODELS, Dimensions

LISTED = "ViT-B-32__openai"
UNLISTED = "ViT-X-1__own"


def judged(dimensions: Dimensions, *answers: tuple[str, int]) -> list[bool]:
    """Return of each answer, in turn, whether it is right."""
    return [
        dimensions.judge(server, "clip", UNLISTED, count) is None
        for server, count in answers
    ]


def test_immichs_list_holds_whatever_the_servers_say() -> None:
    """Even if all of them agree on another number."""
    dimensions = Dimensions()
    for server in ("gpu", "nas", "mac"):
        reason = dimensions.judge(server, "clip", LISTED, 768)
        assert reason == (
            "answers 768 numbers where ViT-B-32__openai has 512: "
            "another model under this name"
        )
    assert dimensions.judge("other", "clip", LISTED, 512) is None
    assert dimensions.judge("gpu", "facial-recognition", "buffalo_l", 512) is None
    assert dimensions.judge("gpu", "facial-recognition", "buffalo_l", 128) is not None


def test_a_server_alone_is_right() -> None:
    """With a model that is not listed, and when it changes its mind, too."""
    assert judged(Dimensions(), ("gpu", 768), ("gpu", 768), ("gpu", 512)) == [True] * 3


def test_on_a_tie_the_first_that_was_seen_is_right() -> None:
    """However often the second one says it."""
    dimensions = Dimensions()
    answers = (("nas", 512), ("gpu", 768), ("gpu", 768), ("nas", 512), ("gpu", 768))
    assert judged(dimensions, *answers) == [True, False, False, True, False]


def test_most_votes_win() -> None:
    """The first one is right until it is outvoted."""
    dimensions = Dimensions()
    answers = (("odd", 512), ("nas", 768), ("mac", 768), ("odd", 512), ("nas", 768))
    assert judged(dimensions, *answers) == [True, False, True, False, True]


def test_a_server_has_one_vote() -> None:
    """What it answered last."""
    dimensions = Dimensions()
    assert judged(dimensions, ("nas", 512), ("gpu", 768), ("mac", 768)) == [
        True,
        False,
        True,
    ]
    assert judged(dimensions, ("gpu", 512), ("mac", 768)) == [True, False]


def test_one_that_changes_its_mind_comes_last() -> None:
    """On a tie those that stood by theirs are right."""
    dimensions = Dimensions()
    assert judged(dimensions, ("nas", 512), ("mac", 512)) == [True, True]
    assert judged(dimensions, ("nas", 768), ("mac", 512)) == [False, True]


@pytest.mark.parametrize(
    ("agreeing", "words"),
    [
        (["nas"], "nas answers 512"),
        (["nas", "mac"], "nas and mac answer 512"),
        (["nas", "mac", "pc"], "nas, mac and pc answer 512"),
        (["nas", "mac", "pc", "pi"], "nas, mac and 2 others answer 512"),
        ([f"s{n}" for n in range(9)], "s0, s1 and 7 others answer 512"),
    ],
)
def test_the_reason_names_those_that_answer_otherwise(
    agreeing: list[str], words: str
) -> None:
    """A person can then look which of them has the other model."""
    dimensions = Dimensions()
    for server in agreeing:
        assert dimensions.judge(server, "clip", UNLISTED, 512) is None
    assert dimensions.judge("gpu", "clip", UNLISTED, 768) == (
        f"answers 768 numbers where {words}: another model under this name"
    )


def test_a_forgotten_server_has_no_vote() -> None:
    """It was changed or taken away: what it said no longer counts, in any model."""
    dimensions = Dimensions()
    for model in ("a", "b"):
        dimensions.judge("old", "clip", model, 512)
        assert dimensions.judge("new", "clip", model, 768) is not None
    dimensions.forget("old")
    for model in ("a", "b"):
        assert dimensions.judge("new", "clip", model, 768) is None
        reason = dimensions.judge("old", "clip", model, 512)
        assert reason is not None
        assert "new answers 768" in reason
    dimensions.forget("never heard of")


def test_models_that_nobody_has_any_more_take_no_room() -> None:
    """A server that was taken away leaves all of it to the others."""
    dimensions = Dimensions()
    dimensions.judge("gpu", "clip", "own", 512)
    for number in range(MAX_MODELS - 1):
        dimensions.judge("gone", "clip", f"old {number}", 1)
    dimensions.forget("gone")
    for number in range(MAX_MODELS - 1):
        dimensions.judge("gpu", "clip", f"new {number}", 1)
    assert dimensions.judge("nas", "clip", "own", 768) is not None


def test_tasks_and_models_are_apart() -> None:
    """Also where a name contains the one of another."""
    dimensions = Dimensions()
    kinds = (
        ("clip", "a"),
        ("clip", "b"),
        ("faces", "a"),
        ("cli", "pa"),
        ("c", "lip a"),
        ("c lip", "a"),
        ("", "clip a"),
    )
    for server in ("gpu", "nas"):
        for count, (task, model) in enumerate(kinds, start=100):
            assert dimensions.judge(server, task, model, count) is None


@pytest.mark.parametrize("again", [True, False])
def test_the_models_asked_for_longest_ago_are_forgotten(again: bool) -> None:
    """Names that clients invent do not push out one that is in use."""
    dimensions = Dimensions()
    dimensions.judge("gpu", "clip", "own", 512)
    for number in range(MAX_MODELS):
        if again:
            dimensions.judge("gpu", "clip", "own", 512)
        dimensions.judge("gpu", "clip", f"invented {number}", 1)
    assert (dimensions.judge("nas", "clip", "own", 768) is not None) == again


def test_invented_names_cost_next_to_nothing() -> None:
    """20,000 of them, some of them long, from ten servers."""
    dimensions = Dimensions()
    tracemalloc.start()
    try:
        for number in range(20_000):
            task, model = f"task {number}", f"{number}" * (1 + number % 1000)
            dimensions.judge(f"server {number % 10}", task, model, number)
        _, peak = tracemalloc.get_traced_memory()
        for number in range(20_000 - MAX_MODELS, 20_000):
            task, model = f"task {number}", f"{number}" * (1 + number % 1000)
            for server in range(10):
                dimensions.judge(f"server {server}", task, model, number)
        _, whole = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 2 * 2**20
    assert whole < 3 * 2**20


ANSWERS = st.lists(st.tuples(st.sampled_from("abcde"), st.sampled_from([1, 2, 3])))


@given(ANSWERS)
def test_a_majority_is_always_right(answers: list[tuple[str, int]]) -> None:
    """What more servers answered last than anything else is right, nothing else."""
    dimensions = Dimensions()
    last: dict[str, int] = {}
    for server, count in answers:
        last[server] = count
        is_right = dimensions.judge(server, "clip", UNLISTED, count) is None
        votes = list(last.values())
        others = [votes.count(other) for other in {*votes} - {count}]
        mine = votes.count(count)
        if all(mine > other for other in others):
            assert is_right
        if any(mine < other for other in others):
            assert not is_right


@given(ANSWERS)
def test_there_is_one_right_number(answers: list[tuple[str, int]]) -> None:
    """Of all servers, said once more, those are right that say one number."""
    dimensions = Dimensions()
    judged(dimensions, *answers)
    last = dict(answers)
    right = {
        count
        for server, count in last.items()
        if judged(dimensions, (server, count))[0]
    }
    assert len(right) == bool(last)
