"""Which configuration a change is meant for: two savers must not undo each other's."""

from __future__ import annotations

from collections.abc import Iterable
from hashlib import blake2b

from immich_ml_proxy.config.model import Config


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


def named(if_match: Iterable[str]) -> list[str] | None:
    """
    Return the versions that a change is meant for (RFC 9110, 13.1.1).

    :param if_match: the values of ``If-Match``.
    :return: ``None`` without any: it is for all there may be.
    """
    names = [one.strip() for line in if_match for one in line.split(",")]
    # A reverse proxy that compresses makes a version weak; it is the same for us.
    return [one.removeprefix("W/").strip('"') for one in names] or None
