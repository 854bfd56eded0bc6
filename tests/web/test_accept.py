"""Who gets JSON at the address that people open in their browsers."""

from __future__ import annotations

import pytest

from immich_ml_proxy.web.accept import takes_gzip, wants_json


@pytest.mark.parametrize(
    "lines",
    [
        [b"application/json"],
        [b"Application/JSON; charset=utf-8"],
        [b"application/json, text/plain, */*"],
        [b"application/json;q=0.1"],
        [b"application/json ; q=0.5 ; v=1, image/png"],
        [b"application/json, text/html;q=0"],
        [b"text/html ; Q=0.0, application/json, application/xhtml+xml;q=0"],
        [b"application/json, text/*, text/html;q=0"],
        [b"text/plain", b"application/json"],
        [b"application/json;q=often"],
    ],
)
def test_json_is_for_who_asks_for_it(lines: list[bytes]) -> None:
    """And does not ask for HTML, by a weight above 0."""
    assert wants_json(lines)


@pytest.mark.parametrize(
    "lines",
    [
        [],
        [b""],
        [b"*/*"],
        [b"text/html"],
        [b"text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"],
        [b"text/html, application/json"],
        [b"application/json, text/html;q=0.1"],
        [b"application/json, text/*;q=0.1"],
        [b"application/json, application/xhtml+xml"],
        [b"application/json", b"text/html"],
        [b"application/json;q=0"],
        [b"application/json;q=0.000, */*"],
        [b"application/*"],
        [b"application/jsonlines"],
        [b"text/plain"],
        [b",;,=,;q=;"],
    ],
)
def test_everybody_else_gets_the_page(lines: list[bytes]) -> None:
    """Also who takes anything, as curl does."""
    assert not wants_json(lines)


@pytest.mark.parametrize(
    ("lines", "takes"),
    [
        ([], False),
        ([b""], False),
        ([b"identity"], False),
        ([b"br, deflate"], False),
        ([b"gzip;q=0"], False),
        ([b"gzip;q=0, *"], False),
        ([b"gzip"], True),
        ([b"br", b"GZip ; q=0.1"], True),
        ([b"gzip, deflate, br, zstd"], True),
        ([b"*"], True),
        ([b"*;q=0"], False),
    ],
)
def test_gzip_is_for_who_says_so(lines: list[bytes], takes: bool) -> None:
    """By a weight above 0, for itself or for anything."""
    assert takes_gzip(lines) is takes
