"""A line of the log: all that is promised, and nothing that a client could misuse."""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from immich_ml_proxy.balancer.leg import Leg
from immich_ml_proxy.downstream import access_line
from immich_ml_proxy.downstream.access_line import LONGEST
from immich_ml_proxy.downstream.ended import Ended
from immich_ml_proxy.downstream.names import Names

PARENT = b"00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"

#: The Unix time at which the clock was at 0.
SINCE = 1_795_912_000.0
SEEN = Ended(
    client="10.0.0.7",
    method=b"POST",
    target=b"/predict",
    version=b"HTTP/1.1",
    status=200,
    received=510,
    sent=8123,
    referer=None,
    agent=[b"node"],
    names=Names(b"6b1f0d6f1f0d6f1f", PARENT),
    started=407.0863,
    ended=407.1234,
    legs=(Leg("clip/textual", "gpu", 2, 0.00213, 0.03456, "served"),),
)
WHEN = "[29/Nov/2026:00:33:27 +0000]"
ISO = "2026-11-29T00:33:27.123Z"


def changed(**fields: Any) -> Ended:
    """Return a request that differs from the usual one."""
    return SEEN._replace(**fields)


def plain(requests: Iterable[Ended]) -> str:
    """Return the plain lines."""
    return access_line.plain(requests, SINCE)


def as_json(requests: Iterable[Ended]) -> str:
    """Return the lines in JSON."""
    return access_line.as_json(requests, SINCE)


def test_a_plain_line_is_combined_and_fields() -> None:
    """What reads the logs of web servers reads the first part."""
    assert plain([SEEN]) == (
        f'10.0.0.7 - - {WHEN} "POST /predict HTTP/1.1" 200 8123 "-" "node" '
        "trace=6b1f0d6f1f0d6f1f time=0.0371 route=clip/textual backend=gpu "
        "outcome=served tries=2 wait=0.0021 service=0.0346\n"
    )


def test_json_has_the_same_under_names() -> None:
    """One object a line."""
    line = as_json([SEEN])
    assert line.endswith("}\n")
    assert json.loads(line) == {
        "time": ISO,
        "kind": "request",
        "address": "10.0.0.7",
        "method": "POST",
        "path": "/predict",
        "version": "HTTP/1.1",
        "status": 200,
        "bytes": 8123,
        "referer": "",
        "agent": "node",
        "trace": "6b1f0d6f1f0d6f1f",
        "seconds": 0.0371,
        "route": "clip/textual",
        "backend": "gpu",
        "outcome": "served",
        "tries": 2,
        "wait": 0.0021,
        "service": 0.0346,
    }


def test_what_is_no_work_has_no_fields_of_it() -> None:
    """A page has no route."""
    line = plain([changed(legs=())])
    assert line.endswith(" trace=6b1f0d6f1f0d6f1f time=0.0371\n")
    assert {"route", "tries", "wait"}.isdisjoint(
        json.loads(as_json([changed(legs=())]))
    )


def test_several_groups_are_told_together() -> None:
    """All routes and servers; the tries in all; the longest of the times."""
    legs = (
        Leg("clip", "gpu", 1, 0.1, 0.5, "served"),
        Leg("ocr", "nas", 2, 0.3, None, "cancelled"),
    )
    line = plain([changed(legs=legs)])
    assert line.endswith(
        " route=clip,ocr backend=gpu,nas outcome=served,cancelled tries=3 "
        "wait=0.3000 service=0.5000\n"
    )
    told = json.loads(as_json([changed(legs=legs)]))
    assert (told["backend"], told["tries"], told["wait"]) == ("gpu,nas", 3, 0.3)


def test_who_was_never_asked_is_a_dash() -> None:
    """A request that was refused a place in line."""
    leg = Leg("default", outcome="unavailable")
    assert plain([changed(legs=[leg])]).endswith(
        " route=default backend=- outcome=unavailable tries=0 wait=- service=-\n"
    )
    told = json.loads(as_json([changed(legs=[leg])]))
    assert "wait" not in told
    assert told["tries"] == 0


def test_the_clients_trace_is_told() -> None:
    """By it the line is found where the client's are."""
    seen = changed(names=Names(b"name", PARENT, is_part=True), legs=())
    assert plain([seen]).endswith(" w3c_trace=4bf92f3577b34da6a3ce929d0e0e4736\n")
    assert json.loads(as_json([seen]))["w3c_trace"] == PARENT[3:35].decode()


@pytest.mark.parametrize("form", [plain, as_json])
def test_nothing_secret_is_in_it(form: Any) -> None:
    """Not a query, nor what a link has beside its path."""
    seen = changed(
        target=b"/api/config?token=geheim",
        referer=[b"https://user:geheim@example.org/photos?key=geheim#geheim"],
    )
    line = form([seen])
    assert "geheim" not in line
    assert "/api/config" in line
    assert "https://example.org/photos" in line


HOSTILE = b'a" 200 1 "-" "-"\r\n10.0.0.1 - - \x1b[2J\x00\x7f\x85\xe2\x80\xa8 \\" x'


def test_a_client_cannot_write_a_line_of_its_own() -> None:
    """Neither in its path, nor in what it calls itself."""
    seen = changed(
        target=b"/" + HOSTILE, agent=[HOSTILE], referer=[HOSTILE], method=b'"'
    )
    line = plain([seen])
    assert line.count("\n") == 1
    assert line.isascii()
    assert line[:-1].isprintable()
    # Whoever splits it by quotes finds the fields where they belong.
    parts = shlex.split(line)
    assert parts[5].endswith("HTTP/1.1")
    assert parts[6:8] == ["200", "8123"]
    assert parts[10] == "trace=6b1f0d6f1f0d6f1f"


@given(*[st.binary(max_size=LONGEST)] * 3)
def test_whatever_is_sent_a_line_is_a_line(
    target: bytes, agent: bytes, referer: bytes
) -> None:
    """With its fields in their places, in both forms, and not longer than a few KB."""
    seen = changed(target=target, agent=[agent], referer=[referer])
    line = plain([seen])
    assert len(line.splitlines()) == 1
    assert line[:-1].isprintable()
    assert len(line) < 5000
    assert shlex.split(line)[10] == "trace=6b1f0d6f1f0d6f1f"
    told = as_json([seen])
    assert len(told.splitlines()) == 1
    assert json.loads(told)["trace"] == "6b1f0d6f1f0d6f1f"


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("gpu", "gpu"),
        ("küche", "küche"),
        ("my gpu", '"my gpu"'),
        ("a=b", '"a=b"'),
        ('say "hi"', '"say \\"hi\\""'),
        ("a,b", '"a,b"'),
        ("back\\slash", '"back\\\\slash"'),
        ("line\nend", '"line\\u000aend"'),
        ("\u2028", '"\\u2028"'),
    ],
)
def test_names_of_servers_are_told_unambiguously(name: str, told: str) -> None:
    """Whoever has given them: a field ends where it ends."""
    line = plain([changed(legs=[Leg(name, name, 1, 0, 0, "served")])])
    assert f" route={told} backend={told} outcome=" in line
    assert len(line.splitlines()) == 1
