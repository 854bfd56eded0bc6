"""The same raw bytes, one after the other: how they are cut changes nothing."""

from __future__ import annotations

from collections.abc import Callable
from itertools import chain

import pytest

from tests.fakes import FakeBackend, document, serve
from tests.hostile import framing_cases, head_cases
from tests.hostile.outcome import SENTINEL, Answers, Case, Outcome
from tests.memory_proxy import Client, Proxy
from tests.network import Network

CASES = tuple(chain(framing_cases.cases(), head_cases.cases()))
#: Longer ones are cut into pieces of 1,000 bytes.
SHORT = 2500


@pytest.fixture
def fake(network: Network) -> FakeBackend:
    """The one backend."""
    return serve(network, "ml")["ml"]


def outcome(proxy: Proxy, fake: FakeBackend, client: Client) -> Outcome:
    """Return what has come of what the client has sent."""
    answers = Answers()
    answers.take(client.got)
    is_open = not client.closed
    if is_open and answers.statuses:
        # The next request must be understood.
        client.got = b""
        last = Answers()
        last.take(client.send(SENTINEL).got)
        assert last.statuses == [200]
    return Outcome(
        tuple(answers.statuses),
        tuple(got.fields.text for got in fake.predicts),
        is_open,
    )


@pytest.mark.parametrize("case", CASES, ids=[case.name for case in CASES])
def test_what_comes_of_raw_bytes_in_pieces(
    start_proxy: Callable[..., Proxy],
    network: Network,
    fake: FakeBackend,
    case: Case,
) -> None:
    """A head, a chunk or a body may be cut anywhere."""
    proxy = start_proxy(document("ml"))
    client = proxy.connect()
    size = 1 if len(case.raw) < SHORT else 1000
    for at in range(0, len(case.raw), size):
        if client.closed:
            break
        client.send(case.raw[at : at + size])
    network.advance(10)  # who is refused is given some time to read that
    assert outcome(proxy, fake, client) == case.outcome
    assert proxy.site.admission.budget.used == 0 or not case.outcome.statuses
