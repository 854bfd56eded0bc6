"""docs/configuration has every option, variable, command, setting, and its default."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from immich_ml_proxy.commands.command_line import COMMANDS, RUN
from immich_ml_proxy.commands.options import (
    BACKENDS_VARIABLE,
    TOKEN_VARIABLE,
    Options,
    variable_of,
)
from immich_ml_proxy.config.schema import schema

ROOT = Path(__file__).resolve().parents[1]
TEXT = (ROOT / "docs" / "configuration" / "README.rst").read_text("utf-8")
SCHEMA = schema()


def rows(first: str) -> list[list[str]]:
    """Return the rows of the table whose first column has this name."""
    [_, table] = re.split(rf"\n   \* - {re.escape(first)}\n", TEXT)
    body = re.split(r"\n(?=\S)", table)[0]
    found = [re.split(r"\n     - ", row) for row in f"\n{body}".split("\n   * - ")]
    return [[cell.strip("` \n") for cell in row] for row in found[1:]]


def options() -> dict[str, Any]:
    """Return the options with their defaults."""
    parsed = Options()
    parsed.parseOptions([])
    kept = {"admin-token", "backends"}  # these have a variable only
    return {name: parsed[name] for name in parsed if name not in kept}


def test_every_option_is_there_with_its_variable_and_default() -> None:
    """And nothing else."""
    told = {row[0]: row[1:3] for row in rows("option") if row[0] != "(none)"}
    expected = {
        f"--{name}": [
            variable_of(name),
            "off" if name in flags() else str(default or "none"),
        ]
        for name, default in options().items()
    }
    assert told == expected


def flags() -> set[str]:
    """Return the options that are switches."""
    return {one[0] for one in Options.optFlags}


def test_variables_without_an_option_are_there() -> None:
    """Those that hold something which does not belong on a command line."""
    told = [row[1] for row in rows("option") if row[0] == "(none)"]
    assert told == [TOKEN_VARIABLE, BACKENDS_VARIABLE, "IMMICH_ML_SECRET_..."]


def test_every_command_is_there() -> None:
    """With a line of what it does."""
    table = TEXT.split("\nThe command\n", 1)[1].split("\nOptions\n", 1)[0]
    told = re.findall(r"^``([a-z-]+)`` +\w", table, re.MULTILINE)
    assert told == [RUN, *COMMANDS]


@pytest.mark.parametrize(
    ("first", "shape"),
    [
        ("field", SCHEMA),
        ("field of a route", SCHEMA["$defs"]["route"]),
        ("field of a machine", SCHEMA["$defs"]["backend"]),
    ],
)
def test_every_setting_is_there_with_its_default(
    first: str, shape: dict[str, Any]
) -> None:
    """As the schema has it, which is as it is read."""
    told = {row[0]: row[1] for row in rows(first)}
    assert {*told} == {*shape["properties"]}
    for name, field in shape["properties"].items():
        if name in shape.get("required", ()):
            assert told[name] == "required"
        elif field.get("default") is None:
            assert told[name] in ("none", "by system"), name
        else:
            default = field["default"]
            text = default if isinstance(default, str) else json.dumps(default)
            assert told[name] == text.removesuffix(".0"), name
