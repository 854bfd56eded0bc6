"""Says where the configuration comes from, and what of it the environment decides."""

from __future__ import annotations

import os
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

from twisted.logger import Logger

from immich_ml_proxy.commands.options import BACKENDS_VARIABLE
from immich_ml_proxy.config import backends_line
from immich_ml_proxy.config.doubts import doubts
from immich_ml_proxy.config.model import Config
from immich_ml_proxy.config.resolved import resolved
from immich_ml_proxy.config.store import ConfigStore
from immich_ml_proxy.errors import CannotStart, ConfigError
from immich_ml_proxy.upstream.tls import check_ca_files

#: Who has changed the configuration, where it was its file that did.
BY_FILE = "hand, in its file"

_log = Logger()


def store_of(options: Mapping[str, Any], passing: Collection[str] = ()) -> ConfigStore:
    """
    Return where the configuration is kept.

    :param passing: URLs of servers that end with this process.
    :raises CannotStart: when two places say what it is, or one makes no sense.
    """
    path = Path(options["config"]).absolute()
    return ConfigStore(
        path,
        passing,
        is_read_only=bool(options["read-only-config"]),
        given=_given(options, path),
    )


def _given(options: Mapping[str, Any], path: Path) -> Config | None:
    line = options["backends"]
    if line is None:
        return None
    if options["demo"]:
        raise CannotStart(
            f"--demo and {BACKENDS_VARIABLE} are both given: leave one out."
        )
    if path.exists():
        raise CannotStart(
            f"{BACKENDS_VARIABLE} is given, and there is a configuration at {path}: "
            "remove one of them."
        )
    try:
        return backends_line.read(line)
    except ConfigError as error:
        raise CannotStart(f"{BACKENDS_VARIABLE}: {error}.") from None


def in_force(new: Config) -> Config:
    """
    Return a configuration with the environment's secrets.

    :raises ConfigError: when one is not set.
    """
    return resolved(new, os.environ)


def check(new: Config) -> None:
    """
    Refuse what cannot be used on this machine.

    :raises ConfigError: with the field and the reason.
    """
    check_ca_files(new)
    in_force(new)


def loaded(store: ConfigStore) -> Config:
    """Return what the file says, and tell what is wrong with it."""
    found = store.load(in_force)
    if store.error is not None:
        _log.error(
            "The configuration cannot be used: {error}. Running without machines "
            "until one is saved at /config or the file is mended; it is left as it is.",
            error=store.error,
        )
    for warning in found.warnings:
        _log.warn("The configuration was mended: {warning}", warning=warning)
    for doubt in doubts(found):
        _log.warn("The configuration is in force, but {doubt}", doubt=doubt.text)
    return found
