"""Durations in words."""

from __future__ import annotations


def in_words(seconds: float) -> str:
    """Return ``40 s``, ``3 min``, ``2 h 5 min`` or ``3 days``."""
    whole = round(seconds)
    if whole < 120:
        return f"{whole} s"
    minutes = round(seconds / 60)
    if minutes < 120:
        return f"{minutes} min"
    if minutes < 48 * 60:
        hours, rest = divmod(minutes, 60)
        return f"{hours} h {rest} min" if rest else f"{hours} h"
    return f"{round(minutes / 60 / 24)} days"
