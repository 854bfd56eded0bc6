"""``resolve``, a name that stands for all its addresses: its checks, and who is who."""

from __future__ import annotations

from collections.abc import Sequence
from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit

from immich_ml_proxy.config.model import Backend
from immich_ml_proxy.errors import ConfigError


def check(backend: Backend, url: str, path: str) -> None:
    """
    Refuse ``resolve`` where it can mean nothing.

    :param url: of the backend, as it was checked.
    :param path: of the backend.
    :raises ConfigError: with what to do instead.
    """
    if backend.resolve is None:
        return
    host = urlsplit(url).hostname or ""
    if _is_address(host):
        raise ConfigError(
            f"{path}.resolve",
            f"is for a name that has several addresses, and {host} is one address: "
            "write the name into the URL, or leave resolve out",
        )
    if backend.wake_on_lan is not None:
        raise ConfigError(
            f"{path}.resolve",
            "cannot be used together with wakeOnLan: that wakes one machine, and this "
            "is any number of them; leave one of them out",
        )


def check_names(items: Sequence[Any]) -> None:
    """
    Refuse a backend with the name that a replica of another will have.

    :param items: the backends as they were written.
    :raises ConfigError: with the other one.
    """
    fields = [item if isinstance(item, dict) else {} for item in items]
    named = [str(one.get("name")) for one in fields]
    sets = {
        name
        for name, one in zip(named, fields, strict=True)
        if one.get("resolve") is not None
    }
    for index, name in enumerate(named):
        of = name.rpartition(" (")[0]
        if of in sets and is_of(name, of):
            raise ConfigError(
                f"backends[{index}].name",
                f"{name!r} is what an address of {of} is called; choose another name",
            )


def is_of(name: str, machine: str) -> bool:
    """Whether something is called like a machine, or like one of its replicas."""
    if not name.startswith(machine):
        return False
    rest = name[len(machine) :]
    is_replica = rest.startswith(" (") and rest.endswith(")")
    return not rest or (is_replica and _is_address(rest[2:-1]))


def _is_address(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return False
    return True
