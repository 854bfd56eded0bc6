"""What every benchmark uses: numbers for people and for files, options, payloads."""

from __future__ import annotations

import pytest

from benchmarks.shared.options import choose
from benchmarks.shared.payloads import BOUNDARY, all_payloads
from benchmarks.shared.report import Spread, aligned, rounded, spread


def test_a_spread_is_the_median_and_the_range() -> None:
    """An odd value out moves the range, not the median."""
    assert spread([3.0, 1.0, 90.0]) == Spread(3.0, 1.0, 90.0)
    assert Spread(1234.5, 1000.0, 2000.0).text() == "1,234 (1,000-2,000)"
    assert spread([2.0]).text(2) == "2.00"


def test_columns_are_as_wide_as_their_widest_cell() -> None:
    """Names stand left, numbers right."""
    assert aligned([["a", "b"], ["name", "1,000"]]) == "a         b\nname  1,000"


def test_json_numbers_keep_four_digits() -> None:
    """More would be noise in a file that is compared with the next one."""
    value = {"a": [1234.56, 0.0123456, 3], "b": "x"}
    assert rounded(value) == {"a": [1235.0, 0.01235, 3], "b": "x"}


def test_names_are_chosen_in_the_order_offered() -> None:
    """An unknown name ends the run and says what there is."""
    assert choose("b, a", ["a", "b", "c"], "--only") == ["a", "b"]
    assert choose(None, ["a", "b"], "--only") == ["a", "b"]
    with pytest.raises(SystemExit, match="--only: x is not one of a, b"):
        choose("x", ["a", "b"], "--only")


def test_bodies_are_what_immich_sends() -> None:
    """Entries first, an octet-stream called blob, the closing boundary at the end."""
    payloads = all_payloads()
    assert list(payloads) == ["text", "300KB", "4MB"]
    search, faces = payloads["300KB"].bodies
    start = f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="entries"\r\n\r\n{{'
    image = b'name="image"; filename="blob"\r\nContent-Type: application/octet-stream'
    for body in (search, faces):
        assert body.startswith(start.encode())
        assert image in body
        assert body.endswith(f"\r\n--{BOUNDARY}--\r\n".encode())
        assert 300 * 1024 < len(body) < 300 * 1024 + 1000
    assert b'{"facial-recognition":' in faces
