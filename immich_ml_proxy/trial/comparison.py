"""What came of sending a request again to another machine, in words and in numbers."""

from __future__ import annotations

from typing import Any

import attrs
import msgspec

from immich_ml_proxy.protocol.contract import FULL, Violation, check, due_of
from immich_ml_proxy.protocol.routing import Tasks
from immich_ml_proxy.records.boxes import NOTHING, Seen, seen
from immich_ml_proxy.records.content import MAX_BODY
from immich_ml_proxy.records.folding import Room, folded
from immich_ml_proxy.records.similarity import (
    MOST_FACES,
    FacePair,
    cosine,
    same_faces,
    vector,
)
from immich_ml_proxy.records.text import shown

#: How much of the answer is told.
ROOM = Room(1000, 30, 800)


@attrs.define
class Asked:
    """
    What was asked, and what was answered the first time.

    :ivar answer: that, empty if there was none.
    :ivar machines: whose answer it was.
    """

    tasks: Tasks
    has_image: bool
    answer: bytes
    machines: str


@attrs.define
class Said:
    """
    What a machine says now.

    :ivar status: ``None``: it gave no answer, and ``error`` says why.
    :ivar seconds: that it took.
    """

    machine: str
    status: int | None
    body: bytes
    error: str | None
    seconds: float


def compared(asked: Asked, said: Said) -> dict[str, Any]:
    """Return what is told of it."""
    told: dict[str, Any] = {
        "machine": said.machine,
        "status": said.status,
        "duration": round(said.seconds, 4),
        "response": _folded(said.body),
        "similarity": {},
        "faces": [],
        "error": None if said.error is None else shown(said.error, 300),
    }
    wrong = _what_is_wrong(asked, said)
    if wrong is not None:
        return told | {"text": shown(f"{said.machine} {wrong}.", 400)}
    text = [f"{said.machine} answered in {said.seconds:.2f} s."]
    if len(said.body) > MAX_BODY:
        text.append("Its answer is too large to be compared.")
        return told | {"text": shown(" ".join(text), 600)}
    before, now = seen(asked.answer, MOST_FACES), seen(said.body, MOST_FACES)
    whose = asked.machines or "the first machine"
    if bytes(before.clip) and bytes(now.clip):
        told["similarity"], words = _vectors(before, now, whose)
        text.append(words)
    if before.faces or now.faces:
        pairs = same_faces(before, now)
        told["faces"] = [msgspec.to_builtins(pair) for pair in pairs]
        text.append(_faces(before, now, pairs, whose))
    if before is NOTHING or not asked.answer:
        text.append("There is no answer of before to compare it with.")
    return told | {"text": shown(" ".join(text), 600)}


def _what_is_wrong(asked: Asked, said: Said) -> str | None:
    if said.status is None:
        return said.error or "gave no answer"
    if not 200 <= said.status < 300:
        return f"answered {said.status} in {said.seconds:.2f} s"
    checked = check(due_of(asked.tasks), asked.has_image, said.body, FULL)
    return checked.reason if isinstance(checked, Violation) else None


def _vectors(before: Seen, now: Seen, whose: str) -> tuple[dict[str, Any], str]:
    old, new = vector(before.clip), vector(now.clip)
    found = cosine(old, new)
    if found is not None:
        words = f"Its vector is alike by {found:.3f} to that of {whose} (1: the same)."
    elif old and new:
        words = (
            f"Its vector has {len(new)} numbers, that of {whose} {len(old)}: "
            "these are different models."
        )
    else:
        words = "The vectors cannot be compared."
    return {"clip": None if found is None else round(found, 5)}, words


def _faces(before: Seen, now: Seen, pairs: list[FacePair], whose: str) -> str:
    known = [pair.cosine for pair in pairs if pair.cosine is not None]
    words = (
        f"It found {len(now.faces)} faces, {len(pairs)} of them where {whose} "
        f"found one of its {len(before.faces)}"
    )
    if known:
        words += f"; their vectors are alike by {min(known):.3f} to {max(known):.3f}"
    return f"{words}."


def _folded(body: bytes) -> Any:
    if not body:
        return None
    try:
        return folded(body, ROOM)
    except ValueError:
        return shown(body[:2000].decode("utf-8", "replace"), 500)
