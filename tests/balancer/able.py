"""What servers are asked for, and what one has refused, for the tests of abilities."""

from __future__ import annotations

from immich_ml_proxy.balancer.abilities import TRY_AGAIN_AFTER, Abilities
from immich_ml_proxy.balancer.need import Need
from tests.balancer.demands import needing

Needs = tuple[Need, ...]

VISUAL = needing("clip", "visual")
TEXTUAL = needing("clip", "textual")
OCR = needing("ocr", "detection", "recognition", model="PP-OCRv5_mobile")
NOW = 100.0
LATER = NOW + TRY_AGAIN_AFTER


def model(number: int, task: str = "clip") -> Needs:
    """Return what a task needs with one of many models."""
    return needing(task, "visual", model=f"model {number}")


def refusing(*refused: Needs, served: Needs | None = None) -> Abilities:
    """Return the abilities of a server that has refused these, one after another."""
    known = Abilities()
    if served is not None:
        known.served(served, 1)
    for needs in refused:
        known.refused(needs[-1], NOW)
    return known


def can(known: Abilities, needs: Needs, now: float = NOW, size: int = 1) -> bool:
    """Return whether it may be asked."""
    return known.can(needs, size, now)
