"""The documentation uses the words of docs/words: what it is read for is machines."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from docutils import nodes
from docutils.core import publish_doctree
from docutils.parsers.rst import Directive, directives, roles

from tests.deploy.blocks import pages
from tests.deploy.dockerfile import CHECKOUT

#: What nobody is told, as in ``tests/test_words.py``.
FORBIDDEN = re.compile(r"\b(?:backend|server)s?\b", re.IGNORECASE)
#: Where the word is right: the program on a machine, and what is none of ours.
NO_WORDS = re.compile(
    r"""
    \b(?:ML|machine-learning)\ servers?\b
    | \(ML\)\ servers
    | \b(?:HTTP|DNS|name|web)\ servers?\b
    | \btwisted\.web's\ server\b
    | \bx86-64\ server\b                    # of a data centre
    | \bis\ no\ ML\s+server\b               # a message, quoted
    """,
    re.VERBOSE | re.IGNORECASE,
)
#: Says which other words there are for a machine.
LEFT_OUT = CHECKOUT / "docs" / "words" / "README.rst"


class _Silent(Directive):  # type: ignore[misc, unused-ignore] # docutils has no types
    """One of Sphinx's directives, which says nothing by itself."""

    has_content = True
    option_spec = {  # noqa: RUF012 - docutils reads it from the class
        "caption": directives.unchanged,
        "maxdepth": directives.unchanged,
        "glob": directives.flag,
    }

    def run(self) -> list[nodes.Node]:
        """Return nothing."""
        return []


def _silent(*arguments: Any, **_: Any) -> tuple[list[nodes.Node], list[Any]]:
    return [nodes.literal("", str(arguments[2]))], []


roles.register_local_role("doc", _silent)
directives.register_directive("toctree", _Silent)


def prose(text: str) -> Iterator[str]:
    """Yield what people read of a page, but for literals, code and comments."""
    page = publish_doctree(text, settings_overrides={"report_level": 5})
    silent = (nodes.literal, nodes.literal_block, nodes.comment)
    for paragraph in page.findall(nodes.TextElement):
        if isinstance(paragraph, (nodes.Inline, *silent)):
            continue
        told = [
            str(part)
            for part in paragraph.findall(nodes.Text)
            if not isinstance(part.parent, silent)
        ]
        yield " ".join("".join(told).split())


def forbidden(text: str) -> list[str]:
    """Return the words of a page that it must not have, each with what is around it."""
    return [
        told[max(0, found.start() - 30) : found.end() + 20]
        for told in (NO_WORDS.sub("-", one) for one in prose(text))
        for found in FORBIDDEN.finditer(told)
    ]


@pytest.mark.parametrize(
    "page",
    [page for page in pages() if page != LEFT_OUT],
    ids=lambda page: str(page.relative_to(CHECKOUT)),
)
def test_a_page_says_machine(page: Path) -> None:
    """In its headings and tables, too; names of fields and metrics are literals."""
    assert forbidden(page.read_text()) == []


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("A backend\n=========\n\nThe *server* is down.", 2),
        ("===== =====\none   two\n===== =====\nother servers\n===== =====", 1),
        ("- an ML\n  server, ``backends`` and a name server", 0),
        ("so::\n\n    server 192.168.1.1;", 0),
        ("Read :doc:`how-to/servers`.", 0),
    ],
)
def test_what_is_forbidden_is_seen(text: str, count: int) -> None:
    """Else the rule above would hold nothing."""
    assert len(forbidden(text)) == count
