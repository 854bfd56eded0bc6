"""
Longer than the tests, what they do: ``python -m tests.hostile.fuzz --minutes 10``.

Forms, heads, configurations, answers and entries that are nearly right are given to
what reads them. Anything but a refusal of ours is a find. Where atheris installs,
``fuzz_led`` does the same with changes that are led by what code they reach.
"""

from __future__ import annotations

import argparse
import random
import sys
import time
from collections.abc import Callable

from immich_ml_proxy.config import document
from immich_ml_proxy.downstream import head_rules
from immich_ml_proxy.errors import ProxyError
from immich_ml_proxy.protocol import form, routing
from immich_ml_proxy.upstream.answer_reader import AnswerReader, BadAnswer
from tests.hostile import form_mutations

Target = Callable[[bytes], None]

CHUNKED = (
    b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2;a=b\r\n{}\r\n0\r\n\r\n"
)
PLAIN = (
    b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}"
)
CONFIG = (
    b'{"defaultBackend": {"backends": ["a"], "strategy": "fastest"}, "backends": '
    b'[{"name": "a", "url": "http://a:3003", "limits": {"ocr": 1}}], "taskRouting": '
    b'{"clip/textual": "a", "ocr": {"backends": ["a"], "holdSeconds": 3}}}'
)
ENTRIES = b'{"clip": {"visual": {"modelName": "ViT-B-32__openai", "options": {}}}}'


def read_form(data: bytes) -> None:
    """Read a form whole and in pieces; both must come to the same."""
    kind, _, body = data.partition(b"\n")
    assert _scanned(kind, body, len(body) or 1) == _scanned(kind, body, 7)


def _scanned(kind: bytes, body: bytes, size: int) -> object:
    try:
        scanner = form.scanner(kind)
        for at in range(0, len(body), size):
            scanner.feed(body[at : at + size])
        found = scanner.finish()
    except ProxyError as error:
        return type(error)
    assert found.urlencoded or body[found.start : found.end] == found.value
    return found


def read_answer(data: bytes) -> None:
    """Read an answer whole and in pieces; both must come to the same."""
    assert _answered(data, len(data) or 1) == _answered(data, 7)


def _answered(data: bytes, size: int) -> object:
    reader = AnswerReader()
    try:
        for at in range(0, len(data), size):
            if reader.take(data[at : at + size]):
                assert reader.head is not None
                return reader.head.code, reader.body
    except BadAnswer:
        return None
    return reader.end()


def read_config(data: bytes) -> None:
    """Read a configuration; what is taken can be written and read again."""
    try:
        found = document.parse(data)
    except ProxyError as error:
        assert 400 <= error.status < 500
        return
    assert document.parse(found.document) == found


def read_entries(data: bytes) -> None:
    """Read what is asked for, and divide it."""
    try:
        routing.groups(routing.read(data), document.parse(CONFIG))
    except ProxyError as error:
        assert 400 <= error.status < 500


def read_head(data: bytes) -> None:
    """Look at a head."""
    target, *lines = data.split(b"\n")
    pairs = [(name, value) for name, _, value in (one.partition(b":") for one in lines)]
    told = head_rules.refusal(b"HTTP/1.1", target, pairs)
    assert told is None or told.isascii() or len(told) < 200


#: What is read, and what is right.
TARGETS: dict[str, tuple[Target, list[bytes]]] = {
    "form": (read_form, [b"\n".join(pair) for pair in form_mutations.GOOD]),
    "answer": (read_answer, [CHUNKED, PLAIN]),
    "config": (read_config, [CONFIG]),
    "entries": (read_entries, [ENTRIES]),
    "head": (read_head, [b"/predict\nHost:a:3004\nConnection:close, x"]),
}


def changed(chance: random.Random, text: bytes, others: list[bytes]) -> bytes:
    """Return ``text`` with a few changes."""
    for _ in range(chance.choice((1, 1, 2, 3, 8))):
        at = chance.randrange(len(text) + 1)
        end = min(len(text), at + chance.choice((0, 1, 2, 5, 20)))
        kind = chance.randrange(5)
        if kind == 0:
            text = text[:at] + chance.randbytes(chance.choice((1, 2, 4))) + text[end:]
        elif kind == 1:
            text = text[:at] + text[end:]
        elif kind == 2:
            text = text[:at] + text[at:end] * chance.choice((2, 3, 100)) + text[end:]
        elif kind == 3:
            other = chance.choice(others)
            start = chance.randrange(len(other))
            text = text[:at] + other[start : start + 20] + text[end:]
        else:
            piece = chance.choice(
                (b"\r\n", b'"', b"\\", b"{", b"[", b"-1", b"1e9", b"\0")
            )
            text = text[:at] + piece + text[end:]
    return text


def draw(name: str, seconds: float, seed: int) -> int:
    """Try changes for so long; return how many. An error shows the bytes."""
    target, good = TARGETS[name]
    chance = random.Random(seed)
    end, tried = time.monotonic() + seconds, 0
    while time.monotonic() < end:
        data = changed(chance, chance.choice(good), good)
        try:
            target(data)
        except BaseException:
            print(f"{name}, seed {seed}, try {tried}: {data!r}", file=sys.stderr)
            raise
        tried += 1
    return tried


def main() -> None:
    """Try all for the time that the command line says."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--minutes", type=float, default=10.0)
    options.add_argument("--seed", type=int, default=None)
    given = options.parse_args()
    seed = random.SystemRandom().randrange(2**32) if given.seed is None else given.seed
    for name in TARGETS:
        tried = draw(name, given.minutes * 60 / len(TARGETS), seed)
        print(f"{name}: {tried} tried, seed {seed}", flush=True)


if __name__ == "__main__":
    main()
