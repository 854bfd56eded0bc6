"""What several outcomes come to: what settles a group, and what is told of it."""

from __future__ import annotations

from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from immich_ml_proxy.balancer import outcome
from immich_ml_proxy.balancer.outcome import Kind, Try
from immich_ml_proxy.errors import BackendFailed, ProxyError, TimedOut, Unavailable
from tests.balancer.demands import server
from tests.balancer.tries import tried


def asked(
    kind: Kind, name: str = "a", had_served: bool = False, status: int = 400
) -> Try:
    """Return a server of this name that was asked in vain."""
    return tried(server(name), kind, had_served, status)


@pytest.mark.parametrize("first", list(Kind))
@pytest.mark.parametrize("second", list(Kind))
def test_two_opinions_settle_it_if_one_is_of_who_has_served(
    first: Kind, second: Kind
) -> None:
    """Opinions are 400, 422 and 500; nothing else says anything of the request."""
    for had, has in product([False, True], repeat=2):
        tries = [asked(first, "a", had), asked(second, "b", has)]
        both = {first, second} <= {Kind.OPINION, Kind.FAILED}
        assert outcome.is_settled(tries) == (both and (had or has))


def test_one_opinion_settles_nothing() -> None:
    """Nor does one beside failures of those who have served such requests."""
    assert not outcome.is_settled([])
    assert not outcome.is_settled([asked(Kind.OPINION, had_served=True)])
    assert not outcome.is_settled(
        [
            asked(Kind.OPINION),
            asked(Kind.LOST, had_served=True),
            asked(Kind.UNWILLING, had_served=True),
            asked(Kind.OPINION),
        ]
    )


@given(st.lists(st.tuples(st.sampled_from(Kind), st.sampled_from([400, 422, 500]))))
def test_the_first_refusal_is_passed_on(refused: list[tuple[Kind, int]]) -> None:
    """But a 500, which is ours to explain."""
    tries = [asked(kind, status=status) for kind, status in refused]
    refusals = {Kind.OPINION, Kind.TOO_LARGE, Kind.UNWILLING}
    due = [
        one
        for one, (kind, status) in zip(tries, refused, strict=True)
        if kind in refusals and status != 500
    ]
    assert outcome.passed_on(tries) is (due[0] if due else None)


def told(
    *kinds: Kind,
    busy: Try | None = None,
    unable: str = "",
    label: str = "ocr",
    was_held: bool = False,
) -> ProxyError:
    """Return the error; the servers asked are ``a``, ``b`` and so on."""
    tries = [asked(kind, name) for kind, name in zip(kinds, "abcdef", strict=False)]
    servers = [server(name) for name in unable]
    return outcome.error(label, tries, busy, servers, was_held)


def test_an_error_names_everybody_with_the_reason() -> None:
    """In the order in which they were asked; the busy, and those not asked, last."""
    error = told(
        Kind.LOST, Kind.MISFIT, busy=asked(Kind.BUSY, "x"), unable="yz", label="clip"
    )
    assert str(error) == "clip: a lost; b misfit; x busy; y and z cannot do this"
    assert error.backends == ("a", "b")


@pytest.mark.parametrize("kind", [one for one in Kind if one is not Kind.LATE])
def test_who_was_asked_in_vain_has_failed(kind: Kind) -> None:
    """502; also after one that was late."""
    assert type(told(kind)) is BackendFailed
    assert type(told(Kind.LATE, kind)) is BackendFailed


def test_the_last_one_decides_whether_it_timed_out() -> None:
    """504 says: trying again later may help."""
    assert type(told(Kind.LATE)) is TimedOut
    assert type(told(Kind.LOST, Kind.LATE)) is TimedOut


def test_nobody_to_ask_is_unavailable() -> None:
    """503; it says so, or who cannot."""
    assert type(told()) is Unavailable
    assert str(told()) == "ocr: there is no machine to ask"
    assert type(told(unable="b")) is Unavailable
    assert str(told(unable="b")) == "ocr: b cannot do this"
    assert told().backends == ()


def test_who_is_busy_is_unavailable() -> None:
    """Whatever the others did: it may be asked again later."""
    busy = asked(Kind.BUSY, "x")
    for kinds in ([], [Kind.LATE], [Kind.MISFIT], [Kind.LOST, Kind.FAILED]):
        assert type(told(*kinds, busy=busy)) is Unavailable
    assert str(told(busy=busy)) == "ocr: x busy"


@pytest.mark.parametrize(
    ("kinds", "kind"),
    [
        ([Kind.LOST], Unavailable),
        ([Kind.LOST, Kind.UNABLE], Unavailable),
        ([Kind.LOST, Kind.MISFIT], BackendFailed),
        ([Kind.LOST, Kind.LATE], TimedOut),
        ([Kind.FAILED, Kind.LOST], BackendFailed),
    ],
)
def test_when_those_who_could_are_away_it_is_unavailable(
    kinds: list[Kind], kind: type[ProxyError]
) -> None:
    """If some cannot, and all that were asked could not be reached."""
    assert type(told(*kinds, unable="z")) is kind
