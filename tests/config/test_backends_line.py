"""Machines in one line of the environment: a whole configuration."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from immich_ml_proxy.config import backends_line
from immich_ml_proxy.errors import ConfigError


def read(line: str) -> dict[str, str]:
    """Return URLs by name."""
    return {one.name: one.url for one in backends_line.read(line).backends}


@pytest.mark.parametrize(
    ("line", "machines"),
    [
        (
            "nas:3003,desktop=192.168.1.20:3003",
            {"nas": "http://nas:3003", "desktop": "http://192.168.1.20:3003"},
        ),
        ("nas:3003", {"nas": "http://nas:3003"}),
        (
            " nas:3003 ,\n gaming pc = pc.lan:3003, ",
            {"nas": "http://nas:3003", "gaming pc": "http://pc.lan:3003"},
        ),
        (
            "nas:3003,nas:3004,b:1",
            {
                "nas:3003": "http://nas:3003",
                "nas:3004": "http://nas:3004",
                "b": "http://b:1",
            },
        ),
        (
            "nas=other:1,nas:3003",
            {"nas": "http://other:1", "nas:3003": "http://nas:3003"},
        ),
        (
            "[fd00::2]:3003,a=[::1]:1",
            {"fd00::2": "http://[fd00::2]:3003", "a": "http://[::1]:1"},
        ),
        (
            "[::1]:1,[::1]:2",
            {"[::1]:1": "http://[::1]:1", "[::1]:2": "http://[::1]:2"},
        ),
        (
            "https://ml.example.org/nas,b=HTTP://b/x=y",
            {
                "ml.example.org": "https://ml.example.org/nas",
                "b": "http://b/x=y",
            },
        ),
        (
            "immich_machine_learning:3003",
            {"immich_machine_learning": "http://immich_machine_learning:3003"},
        ),
    ],
)
def test_every_form_is_read(line: str, machines: dict[str, str]) -> None:
    """With a name or without, as an address or as a URL."""
    assert read(line) == machines


def test_every_task_goes_over_all_of_them() -> None:
    """In the order in which they are written."""
    config = backends_line.read("b:1,a:2")
    assert config.default is not None
    assert config.default.backends == ("b", "a")
    assert config.routes == {}


def test_a_login_becomes_a_header() -> None:
    """As anywhere else."""
    config = backends_line.read("nas=http://me:secret@nas:3003,b=http://me:x@nas:3003")
    assert [one.url for one in config.backends] == ["http://nas:3003"] * 2
    assert "Authorization" in config.backends[0].headers
    assert [one.name for one in backends_line.read("http://me:x@nas").backends] == [
        "nas"
    ]


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("", "names no machine"),
        (" , ,", "names no machine"),
        ("nas", "entry 1: must be like nas:3003"),
        ("nas:3003,gpu", "entry 2: must be like"),
        ("nas:http", "entry 1: must be like"),
        ("=nas:3003", "entry 1: has no name before ="),
        ("nas:0", "entry 1: its port must be"),
        ("nas:99999", "entry 1: "),
        ("a=nas:3003,a=nas:3004", "entry 2: 'a' is already the name"),
        ("nas:3003,nas:3003", "entry 2: 'nas:3003' is already the name"),
        ("fd00::2:3003", "entry 1: must be like"),
        ("ftp://nas:3003", "entry 1: must be like"),
        ("http://", "entry 1: has no host name"),
        ("http://[::1", "entry 1: is no URL"),
        ("me@nas:3003", "entry 1: must be like"),
        ("nas:3003?x", "entry 1: must be like"),
        ("nas:3003;gpu:3003", "entry 1: must be like"),
    ],
)
def test_what_makes_no_sense_is_told_by_its_number(line: str, told: str) -> None:
    """A password that may stand there is not repeated."""
    with pytest.raises(ConfigError) as refused:
        backends_line.read(line)
    assert told in str(refused.value)


@given(st.text("a=:/,@[]1.? ", max_size=30) | st.text(max_size=30))
def test_any_line_is_taken_or_refused(line: str) -> None:
    """Nothing but a configuration or a ``ConfigError`` comes of it."""
    try:
        config = backends_line.read(line)
    except ConfigError as refused:
        assert refused.reason
    else:
        assert config.backends
