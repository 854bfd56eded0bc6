"""``immich-ml-proxy bench``: how many requests at once each server is good for."""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import attrs
from rich.console import Console, Group
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table
from rich.text import Text

from immich_ml_proxy.commands.asking import TOKEN_VARIABLE, CannotAsk, Peer
from immich_ml_proxy.commands.driver import Driver, Refused
from immich_ml_proxy.commands.knee import LEVELS, Advice, Level, advice, knee
from immich_ml_proxy.observe.kinds import CLIP, FACES, KEYS, OCR, SEARCH
from immich_ml_proxy.trial import samples

_SUFFIXES = {".avif", ".gif", ".heic", ".heif", ".jpeg", ".jpg", ".png", ".webp"}
#: The most pictures that are taken, and the most bytes of one.
_MOST = 500
_LARGEST = 50 * 1024 * 1024


@attrs.define
class Found:
    """
    What was measured of a server.

    :ivar is_proxy: it is an immich-ml-proxy, with servers behind it.
    :ivar levels: by kind of work.
    :ivar reasons: by kind of work that it does not do: why, in words.
    """

    is_proxy: bool
    levels: dict[str, list[Level]] = attrs.field(factory=dict)
    reasons: dict[str, str] = attrs.field(factory=dict)


def main(arguments: list[str]) -> int:
    """
    Measure, and tell what to enter where.

    :return: 0: something was measured at each server; 1: at one it was not; 2: wrong
        usage.
    """
    options = _parser().parse_args(arguments)
    try:
        urls, pictures = sorted_out(options.what)
    except ValueError as error:
        print(f"immich-ml-proxy bench: {error}", file=sys.stderr)  # noqa: T201
        return 2
    console = Console(stderr=True)
    try:
        found = _measure_all(urls, pictures, options, console)
    except CannotAsk as error:
        print(f"immich-ml-proxy bench: {error}", file=sys.stderr)  # noqa: T201
        return 1
    except KeyboardInterrupt:
        return 130
    if options.json:
        print(json.dumps(_document(found), indent=2))  # noqa: T201
    else:
        Console().print(_report(found))
    return 0 if all(one.levels for one in found.values()) else 1


def sorted_out(given: Sequence[str]) -> tuple[list[str], list[bytes]]:
    """
    Return the URLs, and the pictures of the files and folders.

    :raises ValueError: when there are none of one or the other, or one is missing.
    """
    urls: list[str] = []
    files: list[Path] = []
    for one in given:
        path = Path(one)
        if path.is_dir():
            inside = sorted(path.rglob("*"))
            files += [each for each in inside if each.suffix.lower() in _SUFFIXES]
        elif path.is_file():
            files.append(path)
        elif "://" in one or (":" in one and "/" not in one):
            urls.append(one)
        else:
            raise ValueError(f"{one}: is neither an address nor a file or folder")
    if not urls:
        raise ValueError("there is no address of a machine, such as http://nas:3003")
    files = [file for file in files[:_MOST] if 0 < file.stat().st_size <= _LARGEST]
    if not files:
        raise ValueError("there is no picture, nor a folder that has some")
    try:
        return list(dict.fromkeys(urls)), [file.read_bytes() for file in files]
    except OSError as error:
        raise ValueError(
            f"{error.filename}: cannot be read: {error.strerror}"
        ) from None


def _measure_all(
    urls: list[str], pictures: list[bytes], options: Any, console: Console
) -> dict[str, Found]:
    token = os.environ.get(TOKEN_VARIABLE)
    kinds = options.kinds or [CLIP, FACES, OCR]
    for url in urls:  # a wrong one is told of before minutes have passed
        Peer(url, token, timeout=10).ask("GET", "/ping")
    found: dict[str, Found] = {}
    levels = [level for level in LEVELS if level <= options.most]
    columns = TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn()
    with Progress(*columns, console=console, transient=True) as progress:
        total = len(urls) * len(kinds) * len(levels)
        task = progress.add_task("", total=total)
        for url in urls:
            one = found[url] = Found(_is_proxy(url, token))
            for kind in kinds:
                before = progress.tasks[0].completed

                def tell(text: str, url: str = url, kind: str = kind) -> None:
                    progress.update(
                        task, description=f"{url}: {kind}, {text}", advance=1
                    )

                bodies = [samples.form(kind, each) for each in pictures]
                if kind == SEARCH:
                    bodies = [samples.form(kind, b"a dog %d" % i) for i in range(50)]
                driver = Driver(url, token, kind, bodies)
                try:
                    one.levels[kind] = driver.measure(levels, options.seconds, tell)
                except Refused as refused:
                    one.reasons[kind] = str(refused)
                progress.update(task, completed=before + len(levels))
    return found


def _is_proxy(url: str, token: str | None) -> bool:
    try:
        found = Peer(url, token, timeout=10).json("/api/proxy")
    except CannotAsk:
        return False
    return isinstance(found, dict) and found.get("proxy") == "immich-ml-proxy"


def _knees(found: dict[str, Found]) -> dict[str, dict[str, Level | None]]:
    return {
        url: {
            **{kind: knee(levels) for kind, levels in one.levels.items()},
            **dict.fromkeys(one.reasons),
        }
        for url, one in found.items()
    }


def _document(found: dict[str, Found]) -> dict[str, Any]:
    return {
        "machines": {url: attrs.asdict(one) for url, one in found.items()},
        "advice": attrs.asdict(advice(_knees(found))),
    }


def _report(found: dict[str, Found]) -> Group:
    knees = _knees(found)
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("machine")
    table.add_column("work")
    for title in ("at once", "a second", "median", "p95"):
        table.add_column(title, justify="right")
    table.add_column("")
    for url, one in found.items():
        for kind, levels in one.levels.items():
            for level in levels:
                is_knee = level is knees[url][kind]
                note = "enough: more brings little" if is_knee else ""
                if level.failed:
                    note = f"{level.failed} failed"
                table.add_row(
                    Text(url),
                    kind,
                    str(level.at_once),
                    f"{level.rate:.1f}",
                    f"{1000 * level.median:.0f} ms",
                    f"{1000 * level.p95:.0f} ms",
                    note,
                    style="bold" if is_knee else "",
                )
        for kind, reason in one.reasons.items():
            table.add_row(Text(url), kind, "-", "-", "-", "-", Text(reason))
    told = advice(knees)
    return Group(table, Text(""), *(Text(line) for line in advised(found, told)))


def advised(found: dict[str, Found], told: Advice) -> list[str]:
    """Return what to enter where, a line each."""
    lines = []
    for url, limits in told.limits.items():
        if limits and not found[url].is_proxy:
            each = {KEYS[kind]: places for kind, places in limits.items()}
            fields: dict[str, Any] = {"maxConcurrent": max(limits.values())}
            if len(set(limits.values())) > 1:
                fields["limits"] = each
            if url in told.weights:
                fields["weight"] = told.weights[url]
            lines.append(f"{url}: {json.dumps(fields)[1:-1]}")
    for job, places in told.concurrency.items():
        lines.append(f"Immich, Administration, Settings, Jobs: {job} {places}")
    return lines or ["Nothing could be measured."]


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        "immich-ml-proxy bench",
        description="Drive pictures through machines, or through a proxy, with more "
        "and more requests at once; tell from where on more brings nothing, and what "
        "follows for limits, weights and Immich's concurrency.",
        epilog="Exit code 0: each was measured; 1: one was not; 2: wrong usage.",
    )
    parser.add_argument(
        "what",
        nargs="+",
        metavar="URL|IMAGES",
        help="addresses of machines, and files or folders of pictures",
    )
    kinds = [CLIP, FACES, OCR, SEARCH]
    parser.add_argument(
        "--task",
        dest="kinds",
        action="append",
        choices=kinds,
        help="what is measured; may be given several times (default: clip, faces, ocr)",
    )
    parser.add_argument(
        "--seconds", type=_seconds, default=5.0, help="for each step (default: 5)"
    )
    parser.add_argument(
        "--most", type=_most, default=16, help="requests at once (default: 16, to 32)"
    )
    parser.add_argument("--json", action="store_true", help="the figures, as JSON")
    return parser


def _seconds(text: str) -> float:
    value = float(text)
    if not 0.1 <= value <= 600:
        raise argparse.ArgumentTypeError("must be 0.1 to 600 seconds")
    return value


def _most(text: str) -> int:
    value = int(text)
    if not 1 <= value <= LEVELS[-1]:
        raise argparse.ArgumentTypeError(f"must be 1 to {LEVELS[-1]}")
    return value
