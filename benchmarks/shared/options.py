"""What the command lines of the benchmarks have in common."""

from __future__ import annotations

from collections.abc import Sequence


def choose(text: str | None, offered: Sequence[str], what: str) -> list[str]:
    """Return the comma-separated names of ``text`` in the order offered; None is all.

    Raises SystemExit, naming what is offered, for a name that is not.
    """
    if text is None:
        return list(offered)
    names = [name.strip() for name in text.split(",") if name.strip()]
    unknown = [name for name in names if name not in offered]
    if unknown or not names:
        wrong = ", ".join(unknown) or "nothing"
        raise SystemExit(f"{what}: {wrong} is not one of {', '.join(offered)}")
    return [name for name in offered if name in names]
