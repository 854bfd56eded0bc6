"""Messages use the words of docs/words: whoever reads them knows of machines only."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[1] / "immich_ml_proxy"
#: The simulated ML servers are not the proxy: they say what ML servers say.
MODULES = [
    path
    for path in sorted(PACKAGE.rglob("*.py"))
    if path.relative_to(PACKAGE).parts[0] != "demo"
]
PAGES = sorted((PACKAGE.parent / "static").rglob("*.html"))
#: What stands for other things in a message: names of JSON fields, of headers and of
#: paths, which programs know; and the program on a machine, where that is meant.
NO_WORDS = re.compile(
    r"""
    \{[^}]*\}                       # a value that is put in
    | \bdefaultBackend\b
    | \bmaxBackends\b
    | (?:^|[(."])backends"?(?=[\[.:\\]|$)  # a path, or a field
    | /api/backends/
    | /api/server/ping              # Immich's own
    | X-Immich-ML-Backend
    | ^backend_[a-z_]+$             # names of metrics
    | [ ]backend=\{\}               # and of a field in the log
    | \bIMMICH_ML_BACKENDS\b        # the name of a variable
    | \bML[ ]servers?\b             # see docs/words
    | machine-learning[ ]servers
    | \bname[ ]server\b             # what knows the addresses of names
    """,
    re.VERBOSE,
)
#: What nobody is told.
FORBIDDEN = re.compile(r"backend|\bservers?\b", re.IGNORECASE)
#: Literals that no person reads, or that say something else, with the reason.
ALLOWED = {
    "backend": "a field of a record, and a part of Server-Timing, for programs",
    "backends": "a field of the configuration",
    "Server-Timing": "a header",
    "wait;dur=%.1f, backend;dur=%.1f": "its value, for programs",
    "Server": "a header",
}


def literals(path: Path) -> Iterator[tuple[int, str]]:
    """Yield what a module says, with its lines; docstrings are for programmers."""
    tree = ast.parse(path.read_text())
    silent: set[int] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            silent.add(id(node.value))
        if isinstance(node, ast.JoinedStr):
            silent |= {id(part) for part in node.values}
            text = "".join(
                str(part.value) if isinstance(part, ast.Constant) else "{}"
                for part in node.values
            )
            yield node.lineno, text
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and id(node) not in silent:
            if isinstance(node.value, str):
                yield node.lineno, node.value
            elif isinstance(node.value, bytes):
                yield node.lineno, node.value.decode("latin-1")


def forbidden(text: str) -> list[str]:
    """Return the words of a message that it must not have."""
    return FORBIDDEN.findall(NO_WORDS.sub(" ", text))


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.stem)
def test_a_message_says_machine(path: Path) -> None:
    """Never backend or server, which are words of programmers."""
    found = [
        f"{path.relative_to(PACKAGE)}:{line}: {text}"
        for line, text in literals(path)
        if forbidden(text) and text not in ALLOWED
    ]
    assert not found


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("there is no backend named 'x'", ["backend"]),
        ("other servers did it", ["servers"]),
        ("{backend} is down", []),
        ("backends[1].url: missing", []),
        ("An Immich ML server answers", []),
        ("more than maxBackends (3)", []),
        ("these backends: a, b", ["backend"]),
    ],
)
def test_what_is_forbidden_is_seen(text: str, words: list[str]) -> None:
    """Else the rule above would hold nothing."""
    assert forbidden(text) == words


@pytest.mark.parametrize("page", PAGES, ids=lambda path: path.stem)
def test_a_page_says_machine(page: Path) -> None:
    """What is seen of it; names of fields stand in attributes."""
    seen = re.sub(r"(?s)<(script|style)\b.*?</\1>|<[^>]*>", " ", page.read_text())
    assert forbidden(re.sub(r"(?i)web server", " ", seen)) == []
