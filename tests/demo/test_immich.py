"""The simulated work is what Immich sends."""

from __future__ import annotations

from typing import get_args

import pytest
from twisted.internet.task import Clock

from immich_ml_proxy.demo import SimulatedServer
from immich_ml_proxy.demo.answers import picture_size
from immich_ml_proxy.demo.immich import CONTENT_TYPE, Kind, form, picture
from immich_ml_proxy.protocol import routing
from tests.demo.connection import ask, post

KINDS: tuple[Kind, ...] = get_args(Kind)


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_request_is_answered(kind: Kind) -> None:
    """By a server that reads it as Immich's ML service does, mistakes included."""
    server = SimulatedServer(Clock(), "ml")
    status, _, _ = ask(server, post(form(kind, 7), CONTENT_TYPE))
    assert status == 200
    [task] = server.counts.outcomes
    routed = {"search": "clip", "faces": "facial-recognition"}.get(kind, kind)
    assert task == routed


@pytest.mark.parametrize("number", range(12))
def test_pictures_have_the_size_of_previews(number: int) -> None:
    """100 to 300 KB, upright or across, and always the same ones."""
    made = picture(number)
    assert 100_000 <= len(made) <= 300_100
    assert sorted(picture_size(made)) == [1080, 1440]
    assert made == picture(number)
    assert made != picture(number + 1)


def test_a_form_is_entries_and_then_what_they_are_about() -> None:
    """In the order in which Immich writes it."""
    search, faces = form("search", 0), form("faces", 0)
    assert search.index(b'name="entries"') < search.index(b'name="text"')
    assert faces.index(b'name="entries"') < faces.index(b'name="image"')


def test_the_proxy_reads_the_entries() -> None:
    """They are split and routed like Immich's."""
    for kind in KINDS:
        value = form(kind, 0).split(b"\r\n\r\n", 1)[1].split(b"\r\n", 1)[0]
        assert routing.read(value)
