"""How many wrong tokens were tried, and from when on the next one is looked at."""

from __future__ import annotations

from ipaddress import IPv6Address, ip_address
from math import ceil

from immich_ml_proxy.balancer.recent import Recent
from immich_ml_proxy.errors import TooManyAttempts

#: Wrong tokens that cost nothing: people mistype.
FREE = 5
#: Seconds of the first pause; each further wrong token doubles it, up to ``LONGEST``.
FIRST = 1.0
LONGEST = 60.0
#: Seconds after which an address is forgotten.
FORGET_AFTER = 15 * 60.0
#: Addresses that are remembered.
MOST = 1000


class Attempts:
    """The wrong tokens by the address that they came from; times in seconds."""

    def __init__(self) -> None:
        self._wrong: Recent[str, tuple[int, float]] = Recent(MOST)

    def check(self, address: str, now: float) -> None:
        """
        Refuse to look at a token, right or wrong, as long as there is a pause.

        :raises TooManyAttempts: with how long it still is.
        """
        count, last = self._wrong.get(_network(address), (0, 0.0))
        if count >= FREE and now < last + FORGET_AFTER:
            left = last + min(FIRST * 2 ** min(count - FREE, 10), LONGEST) - now
            if left > 0:
                raise TooManyAttempts(ceil(left))

    def failed(self, address: str, now: float) -> int:
        """A token was wrong; return how many there were in a row."""
        key = _network(address)
        count, last = self._wrong.get(key, (0, 0.0))
        if now >= last + FORGET_AFTER:
            count = 0
        self._wrong.keep(key, (count + 1, now))
        return count + 1

    def succeeded(self, address: str) -> None:
        """A token was right."""
        self._wrong.pop(_network(address), None)


def _network(address: str) -> str:
    """Return what belongs to one house: an IPv6 one has 2^64 addresses."""
    try:
        found = ip_address(address.partition("%")[0])
    except ValueError:
        return address[:100]
    if isinstance(found, IPv6Address):
        return found.exploded[:19]
    return str(found)
