"""The configurations that the proxies are started with."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.proxies.peers import TEMPLATES, Place, proxy_options
from benchmarks.shared.template import fill
from immich_ml_proxy.config import document as config_document


@pytest.mark.parametrize("template", ["stub.conf", "nginx.conf", "haproxy.cfg"])
def test_no_place_in_a_template_stays_empty(template: str) -> None:
    """A name that nobody fills in would stand in the peer's configuration."""
    values = dict.fromkeys(
        ("PORT", "PROBE", "ROUTE", "NAME", "DELAY", "USER", "DIR", "MODULES"), "x"
    )
    text = fill(TEMPLATES / template, {**values, "STUB_A": 1, "STUB_B": 2})
    assert "@" not in text


def test_our_configuration_is_valid(tmp_path: Path) -> None:
    """The proxy measured routes clip to stub a and faces to stub b."""
    options = proxy_options(Place(3004, tmp_path, 3001, 3002))
    assert options[1] == "tcp:3004:interface=127.0.0.1"
    parsed = config_document.parse(Path(options[3]).read_bytes())
    assert [backend.url for backend in parsed.backends] == [
        "http://127.0.0.1:3001",
        "http://127.0.0.1:3002",
    ]
