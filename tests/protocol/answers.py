"""What ML servers answer, for the tests of the contract."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from immich_ml_proxy.protocol import routing
from immich_ml_proxy.protocol.contract import (
    FULL,
    Checked,
    Level,
    Violation,
    check,
    due_of,
)

SIZE = {"imageHeight": 1440, "imageWidth": 2160}


def embedding(count: int = 512) -> str:
    """Return an embedding as the ML service writes it."""
    return json.dumps(array(count), separators=(",", ":"))


def array(count: int = 512) -> list[float]:
    """Return the numbers of :func:`embedding`."""
    return [(number % 7 - 3) / 64 for number in range(count)]


def face(**changes: Any) -> dict[str, Any]:
    """Return a face with these members changed; ``...`` leaves one away."""
    members = {
        "boundingBox": {"x1": 10, "y1": 20.5, "x2": 30, "y2": 40},
        "embedding": embedding(),
        "score": 0.87,
    } | changes
    return {name: value for name, value in members.items() if value is not ...}


def texts(count: int, **changes: Any) -> dict[str, Any]:
    """Return so many texts, with these members changed; ``...`` leaves one away."""
    members = {
        "text": [f"line {number}, 行" for number in range(count)],
        "box": [0.25] * 8 * count,
        "boxScore": [0.9] * count,
        "textScore": [1] * count,
    } | changes
    return {name: value for name, value in members.items() if value is not ...}


def asked(entries: Mapping[str, Any]) -> routing.Tasks:
    """Return what is asked for."""
    return routing.read(json.dumps(entries).encode())


def checked(
    entries: Mapping[str, Any],
    answer: Any,
    has_image: bool = True,
    level: Level = FULL,
) -> Checked | Violation:
    """Return what is made of an answer: bytes, or what is written as JSON."""
    body = answer if isinstance(answer, bytes) else json.dumps(answer).encode()
    return check(due_of(asked(entries)), has_image, body, level)


def reason(
    entries: Mapping[str, Any],
    answer: Any,
    has_image: bool = True,
    level: Level = FULL,
) -> str:
    """Return why it is none."""
    violation = checked(entries, answer, has_image, level)
    assert isinstance(violation, Violation), violation
    return violation.reason


def accepted(
    entries: Mapping[str, Any],
    answer: Any,
    has_image: bool = True,
    level: Level = FULL,
) -> Checked:
    """Return it as an answer that fits."""
    answered = checked(entries, answer, has_image, level)
    assert isinstance(answered, Checked), answered
    return answered
