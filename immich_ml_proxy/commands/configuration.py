"""Says where the configuration comes from: a file, or the environment."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

from immich_ml_proxy.commands.options import BACKENDS_VARIABLE
from immich_ml_proxy.config import backends_line
from immich_ml_proxy.config.model import Config
from immich_ml_proxy.config.store import ConfigStore
from immich_ml_proxy.errors import CannotStart, ConfigError


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
