"""
Where a request has been: the ``Via`` header (RFC 9110, 7.6.3), which tells a loop.

Each proxy appends itself, under a name of its own. Who finds its own name there is
asked by itself, over whatever other proxies: it would go round for ever.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from immich_ml_proxy.errors import LoopDetected

_KIND = b"immich-ml-proxy-"
#: Proxies of our kind that a request may pass: more are a loop of several that change.
MOST = 8
#: What is passed on of a header: a version and a name. Comments are not.
_HOP = re.compile(rb"((?:[\w.+-]+/)?[\w.]+) +([\w.:\[\]-]+)(?: +\(.*)?", re.ASCII)


class Hops:
    """
    :param name: tells this proxy from every other one, also after a restart; ASCII
        letters and digits.
    """

    def __init__(self, name: str) -> None:
        self._name = _KIND + name.encode("ascii")
        self.first = b"1.1 " + self._name

    def check(self, via: Iterable[bytes]) -> None:
        """
        Refuse a request that was here before.

        :param via: the values of its ``Via`` headers.
        :raises LoopDetected: in words.
        """
        names = [name for _, name in _hops(via)]
        if self._name in names:
            raise LoopDetected(
                "the request has come back to the proxy that sent it: the address of "
                "one of its machines leads to the proxy itself. Give that machine the "
                "address of an ML server"
            )
        if sum(name.startswith(_KIND) for name in names) >= MOST:
            raise LoopDetected(
                f"the request has passed {MOST} proxies like this one: their machines "
                "lead to each other"
            )

    def onward(self, via: Sequence[bytes]) -> bytes:
        """Return the ``Via`` that a request goes on with."""
        before = [b"%s %s" % hop for hop in _hops(via)] if via else []
        return b", ".join([*before[-2 * MOST :], self.first])


def _hops(via: Iterable[bytes]) -> list[tuple[bytes, bytes]]:
    found = (_HOP.fullmatch(one.strip()) for line in via for one in line.split(b","))
    return [(one[1], one[2]) for one in found if one is not None]
