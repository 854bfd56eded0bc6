"""Reads who may do what from the options; without a right answer nothing is started."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeVar

from immich_ml_proxy.commands.options import TOKEN_VARIABLE
from immich_ml_proxy.errors import CannotStart
from immich_ml_proxy.web.access import Access, Token
from immich_ml_proxy.web.hosts import allowed_name, network

_T = TypeVar("_T")


def access_of(options: Mapping[str, Any]) -> Access:
    """
    Return the settings of who may do what.

    :raises CannotStart: when one is wrong: it must not run without what was wanted.
    """
    return Access(
        token=_token(options["admin-token"], options["admin-token-file"]),
        allowed_hosts=_each(options, "allowed-host", allowed_name),
        trusted_proxies=_each(options, "trusted-proxy", network),
    )


def _token(given: str | None, file: str | None) -> Token | None:
    if given is not None and file is not None:
        raise CannotStart(
            f"--admin-token-file and {TOKEN_VARIABLE} are both given: leave one out."
        )
    source, text = TOKEN_VARIABLE, given
    if file is not None:
        source = f"--admin-token-file {file}"
        try:
            text = Path(file).read_text("ascii")
        except OSError as error:
            raise CannotStart(f"{source}: cannot be read: {error.strerror}.") from None
        except UnicodeDecodeError:
            raise CannotStart(
                f"{source}: must be printable ASCII characters."
            ) from None
    if text is None:
        return None
    try:
        return Token(text.strip())
    except ValueError as error:
        raise CannotStart(
            f"{source}: the admin token {error}. Make one with: openssl rand -hex 24"
        ) from None


def _each(
    options: Mapping[str, Any], name: str, read: Callable[[str], _T]
) -> tuple[_T, ...]:
    try:
        return tuple(read(text) for text in options[name])
    except ValueError as error:
        raise CannotStart(f"--{name}: {error}.") from None
