"""The kinds of work that people tell apart, and what they are called."""

from __future__ import annotations

from collections.abc import Mapping

from immich_ml_proxy.balancer.demand import Demand

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
#: The task behind each kind that is one, as routes name it.
TASKS: Mapping[str, str] = {kind: tasks[0] for tasks, kind in _BY_TASKS.items()}
#: What Immich calls the jobs, where their concurrency is set.
JOBS: Mapping[str, str] = {CLIP: "Smart Search", FACES: "Face Detection", OCR: "OCR"}
WORDS: Mapping[str, str] = {
    SEARCH: "searches",
    CLIP: "pictures",
    FACES: "faces",
    OCR: "text in pictures",
    OTHER: "other work",
}


def kind_of(demand: Demand) -> str:
    """Return the kind of a request, one of :data:`KINDS`."""
    return SEARCH if demand.is_search else _BY_TASKS.get(demand.tasks, OTHER)
