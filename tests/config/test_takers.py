"""One machine more, or one less, where some work may go."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest

from immich_ml_proxy.config import document as config_document
from immich_ml_proxy.config.takers import with_taker
from immich_ml_proxy.errors import ConfigError

BACKENDS = [{"name": name, "url": f"http://{name}:3003"} for name in "abc"]


def changed(routing: dict[str, Any], key: str, name: str, is_added: bool = True) -> Any:
    """Return the document after a change."""
    document = {
        "defaultBackend": ["a", "b"],
        "backends": BACKENDS,
        "taskRouting": routing,
        "requestTimeout": 12.5,
    }
    current = config_document.parse(msgspec.json.encode(document))
    told = json.loads(with_taker(current, key, name, is_added).document)
    assert told["requestTimeout"] == 12.5
    return told


@pytest.mark.parametrize(
    ("route", "after"),
    [
        ("a", ["a", "c"]),
        (["a", "b"], ["a", "b", "c"]),
        (["c"], ["c"]),
        (
            {"backends": ["a"], "holdSeconds": 60},
            {"backends": ["a", "c"], "holdSeconds": 60},
        ),
    ],
)
def test_a_machine_is_put_on_a_route_in_any_form(route: Any, after: Any) -> None:
    """All else that the route says stays."""
    assert changed({"ocr": route}, "ocr", "c")["taskRouting"] == {"ocr": after}


def test_a_key_is_found_in_either_spelling() -> None:
    """And keeps its own."""
    routing = changed({"facial_recognition": "a"}, "facial-recognition", "c")
    assert routing["taskRouting"] == {"facial_recognition": ["a", "c"]}


def test_what_has_no_route_gets_one() -> None:
    """With those of the default, which stays as it is."""
    told = changed({"ocr": "a"}, "facial-recognition", "c")
    assert told["taskRouting"] == {"ocr": "a", "facial-recognition": ["a", "b", "c"]}
    assert told["defaultBackend"] == ["a", "b"]


def test_the_default_route_is_changed_by_its_name() -> None:
    """It has no key of its own in the file."""
    assert changed({}, "default", "c")["defaultBackend"] == ["a", "b", "c"]


def test_a_machine_is_taken_off() -> None:
    """As the undo of the other; one that is not there is no mistake."""
    assert changed({"ocr": ["a", "c"]}, "ocr", "c", False)["taskRouting"] == {
        "ocr": ["a"]
    }
    assert changed({"ocr": ["a"]}, "ocr", "c", False)["taskRouting"] == {"ocr": ["a"]}


@pytest.mark.parametrize(
    ("name", "is_added", "error"),
    [
        ("z", True, "there is no machine named 'z'"),
        ("a", False, "a is the only one on the route ocr: add another"),
    ],
)
def test_what_makes_no_sense_is_refused(name: str, is_added: bool, error: str) -> None:
    """With the reason."""
    with pytest.raises(ConfigError, match=error):
        changed({"ocr": "a"}, "ocr", name, is_added)
