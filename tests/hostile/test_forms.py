"""Forms that are nearly right: the proxy reads what the service reads, or refuses."""

from __future__ import annotations

import base64
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from immich_ml_proxy.errors import ProxyError
from immich_ml_proxy.protocol import form
from immich_ml_proxy.protocol.form import Entries
from tests.hostile import form_mutations

#: Where make has put both versions of what the service parses forms with.
VERSIONS = Path(sys.prefix) / "forms"
COUNT = int(os.environ.get("HOSTILE_FORMS", "3000"))
PIECE = 7
#: The program that reads there, outside of this environment.
PROGRAM = Path(__file__).with_name("starlette_reading.py")


class Reader:
    """One version of Starlette and python-multipart, as a process."""

    def __init__(self, version: str) -> None:
        folder = VERSIONS / version
        if not folder.is_dir():
            if os.environ.get("CI"):
                pytest.fail(f"{folder} is missing: make forms")
            pytest.skip(f"{folder} is missing: make forms")
        self._process = subprocess.Popen(
            # Nothing of this environment may be found there.
            [sys.executable, "-S", str(PROGRAM)],
            env={"PYTHONPATH": str(folder)},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )

    def read(self, kind: bytes, body: bytes, size: int = 0) -> dict[str, Any]:
        """Return what the service finds."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        asked = {
            "type": kind.decode("latin-1"),
            "body": base64.b64encode(body).decode(),
            "size": size,
        }
        self._process.stdin.write(json.dumps(asked) + "\n")
        self._process.stdin.flush()
        found: dict[str, Any] = json.loads(self._process.stdout.readline())
        return found

    def close(self) -> None:
        """End it."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        self._process.wait()
        self._process.stdout.close()


@pytest.fixture(params=["newest", "older"])
def reader(request: pytest.FixtureRequest) -> Iterator[Reader]:
    """Each version in its turn."""
    reader = Reader(request.param)
    yield reader
    reader.close()


def scanned(kind: bytes, body: bytes, size: int) -> tuple[Entries, bool] | None:
    """Return what the proxy finds, and whether there is a picture."""
    # A head's value has no spaces around it.
    try:
        scanner = form.scanner(kind.strip(b" \t"))
        for at in range(0, len(body), size):
            scanner.feed(body[at : at + size])
        return scanner.finish(), scanner.has_image
    except ProxyError:
        return None


def text(entries: Entries) -> str:
    """Return the value as the service decodes it."""
    if entries.urlencoded:
        return entries.value.decode(errors="replace")
    try:
        return entries.value.decode()
    except UnicodeDecodeError:
        return entries.value.decode("latin-1")


def test_good_forms_are_read_alike(reader: Reader) -> None:
    """What clients send is served, whatever the version of the service."""
    for kind, body in form_mutations.GOOD:
        found = scanned(kind, body, PIECE)
        assert found is not None
        entries, has_image = found
        for size in (0, PIECE):
            expected = {"entries": [text(entries)], "image": has_image}
            assert reader.read(kind, body, size) == expected


def test_what_is_taken_for_entries_is_what_the_service_takes(reader: Reader) -> None:
    """Or it is refused, by the proxy or by the service; whole and in pieces."""
    taken = refused = 0
    for seed in range(COUNT):
        kind, body = form_mutations.form(seed)
        found = scanned(kind, body, len(body) or 1)
        assert scanned(kind, body, PIECE) == found, (seed, kind, body)
        if found is None:
            continue
        entries, has_image = found
        for size in (0, PIECE):
            read = reader.read(kind.strip(b" \t"), body, size)
            if "error" in read:
                refused += 1
                continue
            taken += 1
            assert read["entries"] == [text(entries)], (seed, kind, body)
            assert read["image"] == has_image, (seed, kind, body)
    assert taken > COUNT / 5
    assert refused < taken / 10
