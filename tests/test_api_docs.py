"""docs/reference/api.rst has what the description of the API has, and nothing else."""

from __future__ import annotations

import re

import pytest

from immich_ml_proxy.web.operation import GATED, MEANINGS, OPEN
from tests.api_page import PAGE, described, entries, written

TEXT = PAGE.read_text("utf-8")
TOLD = {entry.name: entry.facts for entry in entries(TEXT)}
#: What programs do not ask for.
PAGES = {"GET /"}
FACTS = described()


def test_every_address_is_there_with_its_method() -> None:
    """And no other; each once."""
    assert {*TOLD} - PAGES == {*FACTS}
    assert len(list(entries(TEXT))) == len(TOLD)


@pytest.mark.parametrize("name", FACTS)
def test_what_is_asked_and_answered_is_as_described(name: str) -> None:
    """
    Parameters, fields with their types, statuses.

    ``python -m tests.api_page`` writes them where they are not.
    """
    assert TOLD[name] == FACTS[name]


def test_what_is_written_is_the_page() -> None:
    """Words stay, also when it is written once more."""
    assert written(TEXT) == TEXT


def test_every_status_is_told_with_its_meaning() -> None:
    """First those of all addresses, then the others."""
    section = TEXT[TEXT.index("\nStatuses\n---") : TEXT.index("\nExamples\n---")]
    plain = section.replace("``", "")
    found = [
        (int(status), " ".join(meaning.split()))
        for status, meaning in re.findall(
            r"^- (\d+): (.+(?:\n  .+)*)\.$", plain, re.MULTILINE
        )
    ]
    others = [status for status in MEANINGS if status not in GATED]
    assert found == [(status, MEANINGS[status]) for status in (*GATED, *others)]
    everybodys = ", ".join(map(str, OPEN[:-1]))
    assert f"have {everybodys} and {OPEN[-1]} of them only" in section
