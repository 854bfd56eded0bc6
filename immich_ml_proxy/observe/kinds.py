"""The kinds of work that people tell apart, and what they are called."""

from __future__ import annotations

from collections.abc import Mapping

from immich_ml_proxy.balancer.demand import Demand
from immich_ml_proxy.config import words

SEARCH = "search"
CLIP = "clip"
FACES = "faces"
OCR = "ocr"
OTHER = "other"
KINDS = (SEARCH, CLIP, FACES, OCR, OTHER)
#: Those that come with a picture.
IMAGES = (CLIP, FACES, OCR, OTHER)

_BY_TASKS: Mapping[tuple[str, ...], str] = {
    ("clip",): CLIP,
    ("facial-recognition",): FACES,
    ("ocr",): OCR,
}
#: What Immich calls the jobs, where their concurrency is set.
JOBS: Mapping[str, str] = {CLIP: "Smart Search", FACES: "Face Detection", OCR: "OCR"}
WORDS: Mapping[str, str] = {
    SEARCH: words.SEARCHES,
    CLIP: words.PICTURES,
    FACES: words.FACES,
    OCR: words.TEXTS,
    OTHER: "other work",
}

#: The routing key of each kind that has one.
KEYS: Mapping[str, str] = {
    SEARCH: "clip/textual",
    CLIP: "clip/visual",
    FACES: "facial-recognition",
    OCR: "ocr",
}


def kind_of(demand: Demand) -> str:
    """Return the kind of a request, one of :data:`KINDS`."""
    return SEARCH if demand.is_search else _BY_TASKS.get(demand.tasks, OTHER)
