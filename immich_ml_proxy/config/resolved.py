"""Puts the values of the environment's secrets into a configuration, to be in force."""

from __future__ import annotations

from collections.abc import Mapping

import attrs
import msgspec

from immich_ml_proxy.config import headers, immich, notify
from immich_ml_proxy.config.model import Config


def resolved(config: Config, environment: Mapping[str, str]) -> Config:
    """
    Return what is put in force: values instead of ``${VAR}``, but for the document.

    :param config: as it was read; one that has its values is returned as it is, for
        a value may have a dollar in it.
    :param environment: the values by name.
    :raises ConfigError: with the field, and the name of a variable that is not set.
    """
    if config.is_resolved:
        return config
    backends = tuple(
        msgspec.structs.replace(
            backend,
            headers=headers.resolved(
                backend.headers, environment, f"backends[{index}].headers"
            ),
        )
        if backend.headers
        else backend
        for index, backend in enumerate(config.backends)
    )
    return attrs.evolve(
        config,
        backends=backends,
        immich=immich.resolved(config.immich, environment),
        notify=notify.resolved(config.notify, environment),
        is_resolved=True,
    )
