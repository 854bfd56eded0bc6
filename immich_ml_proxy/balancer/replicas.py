"""
Which replicas a backend has: what a look-up of its name makes of those there were.

A backend with ``resolve`` stands for every address of the name in its URL. Each address
is a backend of its own at run time, whose URL has the address as its fragment, which is
never sent: the name stays what the server and its certificate are asked for.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from ipaddress import IPv4Address, IPv6Address, ip_address
from urllib.parse import urlsplit

import attrs
import msgspec

from immich_ml_proxy.config.model import Backend

#: Replicas of one backend that are used.
MOST = 64
#: Addresses of one name that are looked at.
MOST_FOUND = 1024
#: Seconds for which the addresses of a name are still used that is said to have none:
#: name servers forget the names at home while they restart.
GONE_AFTER = 60.0

#: What one may write for ``resolve``, and the versions of IP that it takes.
FAMILIES: Mapping[str, tuple[int, ...]] = {"all": (4, 6), "ipv4": (4,), "ipv6": (6,)}


@attrs.frozen
class Looked:
    """
    What the look-ups of a name have told.

    :ivar addresses: all it has, those that it has had for long first.
    :ivar error: why the last look-up told nothing, in words; empty: it did.
    :ivar gone_since: since when it is said to have no address, in seconds of the clock;
        ``None``: it is not.
    """

    addresses: tuple[str, ...] = ()
    error: str = ""
    gone_since: float | None = None

    def found(self, told: Iterable[str]) -> Looked:
        """
        Return what is known after a look-up that has told these addresses.

        Their order means nothing, and they may be told twice.
        """
        new = set(filter(None, map(_canonical, told)))
        stayed = [one for one in self.addresses if one in new]
        came = sorted(new.difference(stayed), key=_by_number)
        return Looked((*stayed, *came)[:MOST_FOUND])

    def failed(self, error: str, is_gone: bool, now: float) -> Looked:
        """
        Return what is known after a look-up that has told nothing: what was before.

        :param is_gone: the name was said to have no address, which is believed in the
            end.
        """
        if not is_gone:
            return Looked(self.addresses, error)
        since = now if self.gone_since is None else self.gone_since
        stay = now - since < GONE_AFTER
        return Looked(self.addresses if stay else (), error, since)


#: What is known of each name.
Names = Mapping[str, Looked]


def host_of(backend: Backend) -> str:
    """Return the name, or the address, in the URL of a backend."""
    return urlsplit(backend.url).hostname or ""


def address_of(backend: Backend) -> str:
    """Return the address of a replica; empty for any other backend."""
    return backend.url.partition("#")[2]


def at_run_time(backend: Backend, names: Names) -> list[Backend]:
    """
    Return the backends that one of the configuration stands for; never none.

    While no address is known it is itself: whoever connects there looks the name up.
    """
    return [_at(backend, one) for one in _used(backend, names)[:MOST]] or [backend]


def left_out(backend: Backend, names: Names) -> int:
    """Return how many addresses are not used since they are too many."""
    return max(0, len(_used(backend, names)) - MOST)


def _used(backend: Backend, names: Names) -> Sequence[str]:
    if backend.resolve is None:
        return ()
    looked, versions = names.get(host_of(backend)), FAMILIES[backend.resolve]
    if looked is None:
        return ()
    return [one for one in looked.addresses if ip_address(one).version in versions]


def _at(backend: Backend, address: str) -> Backend:
    name, url = f"{backend.name} ({address})", f"{backend.url}#{address}"
    return msgspec.structs.replace(backend, name=name, url=url)


def _canonical(text: str) -> str | None:
    """Return an address in the one way to write it; ``None``: nobody can connect."""
    try:
        address = ip_address(text)
    except ValueError:
        return None
    if isinstance(address, IPv6Address) and address.ipv4_mapped is not None:
        address = address.ipv4_mapped
    if address.is_unspecified or address.is_multicast or _needs_interface(address):
        return None
    return str(address)


def _needs_interface(address: IPv4Address | IPv6Address) -> bool:
    """Whether it is an address on one cable only, which no name can tell."""
    return address.version == 6 and address.is_link_local


def _by_number(text: str) -> tuple[int, int]:
    address = ip_address(text)
    return address.version, int(address)
