"""Names and addresses: those that can only be ours, and those of trusted proxies."""

from __future__ import annotations

import re
from collections.abc import Iterable
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network

import attrs

#: Endings of names that no public name server answers for: some are set aside for
#: homes, ``.lan`` and ``.home`` are in so many that they are never given away.
_HOME = (".localhost", ".local", ".lan", ".home", ".home.arpa", ".internal")
_NAME = re.compile(r"[a-z0-9_-]+(\.[a-z0-9_-]+)*")
_ADDRESS = re.compile(
    r"(?P<name>\[[^\[\]]*\]|[^\[\]:]*)(:(?P<port>[0-9]{0,5}))?", re.ASCII
)

Network = IPv4Network | IPv6Network


@attrs.frozen
class HostPort:
    """
    What a ``Host`` header names.

    :ivar name: in lower case; an IPv6 address without its brackets.
    :ivar port: ``None`` when it names none.
    """

    name: str
    port: int | None = None

    def at(self, default: int | None) -> tuple[str, int | None]:
        """Return name and port, where it names none the default one."""
        return self.name, default if self.port is None else self.port


def host_port(text: str) -> HostPort | None:
    """Return what a host, perhaps with a port, names; ``None`` if it is none."""
    found = _ADDRESS.fullmatch(text.strip().lower())
    if found is None:
        return None
    name = found["name"].removesuffix(".")
    if name.startswith("["):
        name = name[1:-1]
        if not _is_address(name):
            return None
    elif not _NAME.fullmatch(name):
        return None
    port = int(found["port"]) if found["port"] else None
    if port is not None and port > 65535:
        return None
    return HostPort(name, port)


def _is_address(name: str) -> bool:
    try:
        ip_address(name.partition("%")[0])
    except ValueError:
        return False
    return True


def is_own(name: str, allowed: Iterable[str]) -> bool:
    """
    Whether a name can only be meant for us.

    Whoever owns a public name can have it lead to any address, ours too, and then reads
    in a visitor's browser what is answered there (DNS rebinding). Nobody can do so with
    an address, or with a name that is only known at home.

    :param name: as in :class:`HostPort`.
    :param allowed: names that are known to be ours; ``.example.org`` is all below it.
    """
    if _is_address(name) or "." not in name or name.endswith(_HOME):
        return True
    return any(
        name.endswith(one) if one.startswith(".") else name == one for one in allowed
    )


def allowed_name(text: str) -> str:
    """
    Return a name as it is compared.

    :raises ValueError: when it is none.
    """
    name = text.strip().lower().removeprefix("*").removesuffix(".")
    if not _NAME.fullmatch(name.removeprefix(".")):
        raise ValueError(f"{text!r} is no host name, such as ml.example.org")
    return name


def network(text: str) -> Network:
    """
    Return an address, or a range of them such as ``172.16.0.0/12``.

    :raises ValueError: when it is none.
    """
    try:
        return ip_network(text.strip(), strict=False)
    except ValueError:
        raise ValueError(
            f"{text!r} is no address or range, such as 192.168.1.5 or 172.16.0.0/12"
        ) from None


def is_in(address: str, networks: Iterable[Network]) -> bool:
    """Whether an address is in one of the ranges; what is no address is in none."""
    try:
        found = ip_address(address.partition("%")[0])
    except ValueError:
        return False
    return any(found in one for one in networks)
