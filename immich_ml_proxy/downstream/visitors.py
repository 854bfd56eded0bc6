"""How many clients may be connected, in all and from one address."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable

#: Of all connections, those that are kept for pings and pages, when others take all.
RESERVED = 16


class Visitors:
    """
    Counts open connections.

    :param most: that are let in, in all.
    :param most_each: from one address; 0: any number.
    :ivar refused: how many were not let in.
    """

    def __init__(self, most: int, most_each: int = 0) -> None:
        self.most = most
        self.most_each = most_each
        self.refused = 0
        self._by_address: Counter[Hashable] = Counter()
        self._count = 0

    def __len__(self) -> int:
        return self._count

    @property
    def is_crowded(self) -> bool:
        """Whether what is left is for pings and pages."""
        return self._count > self.most - min(RESERVED, self.most // 4)

    def come(self, address: Hashable) -> str | None:
        """
        Count a connection, or return why it is not let in.

        :param address: of the client; ``None``, such as a Unix socket's, is any.
        """
        if self._count >= self.most:
            self.refused += 1
            return f"there are {self.most} connections already (maxConnections)"
        each = self._by_address[address]
        if address is not None and 0 < self.most_each <= each:
            self.refused += 1
            return (
                f"there are {each} connections from its address already "
                "(maxConnectionsPerAddress)"
            )
        self._by_address[address] = each + 1
        self._count += 1
        return None

    def go(self, address: Hashable) -> None:
        """A connection that was let in has ended."""
        self._count -= 1
        self._by_address[address] -= 1
        if not self._by_address[address]:
            del self._by_address[address]
