"""How those who want to know are written to."""

from __future__ import annotations

import json
from email.header import decode_header
from typing import Any

import pytest

from immich_ml_proxy.config.notify import FORMATS, Target, entry
from immich_ml_proxy.notify.formats import written
from immich_ml_proxy.observe.incidents import Notice

NOTICE = Notice("down", "down", "gpu is down", "gpu is down: refused.", 7.0, "gpu")


def target(**fields: Any) -> Target:
    """Return somebody who is told."""
    return entry({"url": "https://ntfy.sh/topic", **fields}, "entry")


@pytest.mark.parametrize("kind", ["json", "homeassistant"])
def test_programs_get_an_object(kind: str) -> None:
    """With all that is known."""
    headers, body = written(NOTICE, target(format=kind), 1_764_300_000.04)
    assert headers == {"Content-Type": "application/json"}
    assert json.loads(body) == {
        "source": "immich-ml-proxy",
        "event": "down",
        "title": "gpu is down",
        "message": "gpu is down: refused.",
        "machine": "gpu",
        "time": 1_764_300_000.0,
    }


def test_ntfy_gets_a_text_and_headers() -> None:
    """See docs.ntfy.sh/publish: the body is the message."""
    headers, body = written(NOTICE, target(format="ntfy"), 0.0)
    assert body == b"gpu is down: refused."
    assert headers == {
        "Content-Type": "text/plain; charset=utf-8",
        "Title": "gpu is down",
        "Priority": "4",
        "Tags": "rotating_light",
    }


@pytest.mark.parametrize("title", ["Küche is down", "gpu 🎮 is down", "a\r\nX: y"])
def test_a_title_that_no_header_can_have_is_written_as_mail_does(title: str) -> None:
    """Which ntfy reads; a line end ends no header."""
    notice = Notice("down", "down", title, "x", 0.0)
    headers, _ = written(notice, target(format="ntfy"), 0.0)
    assert headers["Title"].isascii() and headers["Title"].isprintable()
    [(raw, charset)] = decode_header(headers["Title"])
    assert charset is not None
    assert raw.decode(charset) == title


def test_every_event_can_be_written_in_every_format() -> None:
    """Those that there are."""
    for event in ("down", "back", "held", "released", "saved", "test"):
        for kind in FORMATS:
            notice = Notice("down", event, "t", "x", 0.0)
            assert written(notice, target(format=kind), 0.0)[1]


def test_headers_of_its_own_go_before_ours() -> None:
    """In whatever case."""
    own = {"Authorization": "Bearer tk_1234567", "priority": "5"}
    headers, _ = written(NOTICE, target(format="ntfy", headers=own), 0.0)
    assert headers["Authorization"] == "Bearer tk_1234567"
    assert [headers[one] for one in headers if one.lower() == "priority"] == ["5"]
