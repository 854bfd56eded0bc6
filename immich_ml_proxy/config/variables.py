"""
Puts the environment's secrets where a configuration names them: ``${VAR}``.

``{"headers": {"Authorization": "Bearer ${IMMICH_ML_SECRET_NAS}"}}``: what is kept,
saved and shown is the name; the value is put in when a configuration comes in force.
Only names that begin with :data:`PREFIX` are looked up: else whoever may save a
configuration could read the whole environment. ``$$`` is a dollar, and so is one that
neither ``$`` nor ``{`` follows.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from immich_ml_proxy.errors import ConfigError

PREFIX = "IMMICH_ML_SECRET_"

_DOLLAR = re.compile(r"\$(?:(?P<dollar>\$)|(?P<open>\{)(?:(?P<name>[^{}]*)\})?)")
_NAME = re.compile(f"{PREFIX}[A-Za-z0-9_]+")
#: Nothing of this is secret: a name, and how it is used.
_OPEN = re.compile(
    r"((?i:Basic|Bearer|Token|Digest|Negotiate|ApiKey|Key) )?"
    rf"\$\{{{PREFIX}[A-Za-z0-9_]+\}}"
)


def is_open(text: object) -> bool:
    """Whether a value may be shown: it is a name, perhaps after a word like Bearer."""
    return isinstance(text, str) and _OPEN.fullmatch(text) is not None


def check(text: str, path: str) -> None:
    """
    Refuse names that are not looked up, and what is no name.

    :param path: the field that ``text`` stands in.
    :raises ConfigError: with what would be right; nothing that may be secret is told.
    """
    for found in _DOLLAR.finditer(text):
        if found["open"] is None:
            continue
        name = found["name"]
        if name is None:
            raise ConfigError(
                path, "has a ${ without its }; write ${NAME}, or $$ for a dollar"
            )
        if not _NAME.fullmatch(name):
            raise ConfigError(
                path,
                "has ${...} with another name than an environment variable's that "
                f"begins with {PREFIX}; write $$ for a dollar",
            )


def expanded(text: str, environment: Mapping[str, str], path: str) -> str:
    """
    Return a text with the values for the names.

    :param environment: the values.
    :param path: the field that ``text`` stands in.
    :raises ConfigError: with the name of the first one that is not set.
    """
    check(text, path)

    def value(found: re.Match[str]) -> str:
        name = found["name"]
        if name is None:
            return "$"
        if not environment.get(name):
            empty = "empty" if name in environment else "not set"
            raise ConfigError(
                path,
                f"the environment variable {name} is {empty}; set it where the proxy "
                "is started",
            )
        return environment[name]

    return _DOLLAR.sub(value, text)
