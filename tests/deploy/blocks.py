"""The blocks of JSON and of commands in the documentation."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import attrs

from tests.deploy.dockerfile import CHECKOUT

_BLOCK = re.compile(
    r"^(?P<indent> *)(?:\.\. code-block:: *(?P<language>\S+)|(?P<text>.*)::)\n"
    r"(?:(?P=indent) +:.*\n)*\n(?P<body>(?:(?P=indent) +.*\n|\n)+)",
    re.MULTILINE,
)
#: What a line of a block that names no language begins with if it is a command.
_COMMANDS = (
    "curl ",
    "docker ",
    "immich-ml-proxy",
    "kubectl ",
    "make ",
    "pip ",
    "twistd ",
)
SHELLS = ("bash", "shell", "console", "sh")


@attrs.frozen
class Block:
    """
    :ivar page: where it stands, from the checkout on.
    :ivar language: as it is named; ``text`` where none is.
    :ivar body: its lines, without what they are indented by.
    """

    page: str
    language: str
    body: str


def pages() -> list[Path]:
    """Return all pages that people read."""
    return [CHECKOUT / "README.rst", *sorted((CHECKOUT / "docs").rglob("*.rst"))]


def blocks() -> Iterator[Block]:
    """Yield the blocks of all pages."""
    for path in pages():
        for found in _BLOCK.finditer(path.read_text()):
            if (found["text"] or "").lstrip().startswith(".. "):
                continue  # a directive
            lines = found["body"].rstrip("\n").split("\n")
            margin = min(len(line) - len(line.lstrip()) for line in lines if line)
            body = "\n".join(line[margin:] for line in lines)
            yield Block(
                str(path.relative_to(CHECKOUT)), found["language"] or "text", body
            )


def commands() -> Iterator[tuple[str, str]]:
    """Yield the page and the text of each command, its lines joined."""
    for block in blocks():
        is_shell = block.language in SHELLS
        if not is_shell and not (
            block.language == "text" and block.body.lstrip().startswith(_COMMANDS)
        ):
            continue
        command = ""
        for line in block.body.split("\n"):
            if not command and (not line.strip() or line.lstrip().startswith("#")):
                continue
            command += f"{line}\n"
            if _is_whole(command):
                yield block.page, command.strip()
                command = ""
        assert not command, f"{block.page}: no end of {command}"


def _is_whole(command: str) -> bool:
    """Whether no quote is open, and no line goes on."""
    quoted = re.sub(
        r"\\.|\"(?:\\.|[^\"\\])*\"|'[^']*'", "", command[:-1], flags=re.DOTALL
    )
    return "'" not in quoted and '"' not in quoted and not command.endswith("\\\n")
