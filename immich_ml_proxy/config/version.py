"""Which configuration a change is meant for: two savers must not undo each other's."""

from __future__ import annotations

from collections.abc import Iterable
from hashlib import blake2b

from immich_ml_proxy.config.model import Config
from immich_ml_proxy.errors import VersionMismatch


def version(config: Config, key: bytes) -> str:
    """
    Return what stands for a configuration; another one has another.

    :param key: keeps secrets from being guessed by what they come to.
    """
    has_secrets = (
        config.immich or config.notify or any(one.headers for one in config.backends)
    )
    made = blake2b(config.document, key=key if has_secrets else b"", digest_size=12)
    return made.hexdigest()


def check(if_match: Iterable[str], current: str) -> None:
    """
    Refuse a change that is meant for another configuration (RFC 9110, 13.1.1).

    :param if_match: the values of ``If-Match``; without any it is for all there may be.
    :raises VersionMismatch: when none of them is the current one.
    """
    named = [one.strip() for line in if_match for one in line.split(",")]
    # A reverse proxy that compresses makes a version weak; it is the same for us.
    known = {one.removeprefix("W/").strip('"') for one in named}
    if named and not known & {current, "*"}:
        raise VersionMismatch(
            "the configuration was changed elsewhere meanwhile; nothing was saved. "
            "Load it again and make your changes to that"
        )
