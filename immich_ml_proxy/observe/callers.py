"""Who calls a demo as Immich does, although its vectors are invented."""

from __future__ import annotations

from attrs import define


@define
class Callers:
    """
    What is known of those who have called; of several the last one is named.

    :ivar address: whence.
    :ivar first: when the first call came, in Unix seconds; 0: none did.
    :ivar last: when the last one did.
    :ivar calls: how many there were, pings too.
    :ivar answered: how many of them asked for vectors.
    """

    address: str = ""
    first: float = 0.0
    last: float = 0.0
    calls: int = 0
    answered: int = 0

    def called(self, now: float, address: str, for_vectors: bool) -> bool:
        """Count a call; tell whether it is the first."""
        self.first = self.first or now
        self.address, self.last = address, now
        self.calls += 1
        self.answered += for_vectors
        return self.calls == 1

    @property
    def warning(self) -> str:
        """What to do about it; empty while there was none."""
        if not self.calls:
            return ""
        return (
            f"Immich at {self.address} calls this demo. These vectors are invented: "
            "take this address out of Immich, and have done again what it got here."
        )

    def told(self) -> dict[str, str | int] | None:
        """Return the facts and the warning as JSON values, ``None`` without a call."""
        if not self.calls:
            return None
        return {
            "address": self.address,
            "first": int(self.first),
            "last": int(self.last),
            "calls": self.calls,
            "answered": self.answered,
            "text": self.warning,
        }
