"""``immich-ml-proxy predict``: one picture or one search, as Immich would send it."""

from __future__ import annotations

import argparse
import json
import os
import re
import sys
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from immich_ml_proxy.commands.asking import (
    Answer,
    CannotAsk,
    Peer,
    add_options,
    proxy_of,
)
from immich_ml_proxy.observe.kinds import CLIP, FACES, OCR, SEARCH
from immich_ml_proxy.trial import samples
from immich_ml_proxy.upstream.reply import Fields, Reply

#: What looks like the name of a picture.
_PICTURE = re.compile(r"\.(avif|bmp|gif|heic|heif|jpe?g|jxl|png|tiff?|webp)$", re.I)
#: Seconds without a byte: a model may have to be loaded, or compiled.
_PATIENCE = 600.0
#: Numbers of a vector, and characters of a text, that are shown.
_FEW = 4
_SHORT = 60


def main(arguments: list[str]) -> int:
    """
    Ask, and tell what came back.

    :return: 0: every answer was right; 1: one was not, or there is none; 2: there is
        nothing that could be asked.
    """
    parser = _parser()
    options = parser.parse_args(arguments)
    try:
        kinds, content = what(options.what, options.task)
    except ValueError as error:
        print(f"immich-ml-proxy predict: {error}", file=sys.stderr)  # noqa: T201
        return 2
    try:
        proxy = proxy_of(options, _PATIENCE)
        answers = {kind: _ask(proxy, kind, content, options.model) for kind in kinds}
    except CannotAsk as error:
        print(f"immich-ml-proxy predict: {error}", file=sys.stderr)  # noqa: T201
        return 1
    judged = {kind: _judged(kind, answer) for kind, answer in answers.items()}
    if options.json:
        told = {kind: _told(answer) for kind, answer in answers.items()}
        print(json.dumps(told))  # noqa: T201
    else:
        Console().print(_table(answers, judged))
    return 0 if all(is_well for is_well, _ in judged.values()) else 1


def what(given: str, tasks: list[str]) -> tuple[list[str], bytes]:
    """
    Return the kinds of work to ask for, and the picture or the words.

    An existing file is a picture; so is what is called like one, or is a path, and then
    it is missing.

    :param tasks: those that are wanted; empty: all that Immich asks for.
    :raises ValueError: when it cannot be asked; its text says why.
    """
    if os.path.isfile(given):
        if tasks and SEARCH in tasks:
            raise ValueError(f"--task {SEARCH}: {given} is a picture, no words")
        try:
            content = Path(given).read_bytes()
        except OSError as error:
            raise ValueError(f"{given}: cannot be read: {error.strerror}") from None
        if not content:
            raise ValueError(f"{given}: is empty")
        return list(dict.fromkeys(tasks)) or [CLIP, FACES, OCR], content
    if os.path.isdir(given):
        raise ValueError(f"{given}: is a folder, no picture")
    if "/" in given or _PICTURE.search(given):
        raise ValueError(f"{given}: there is no such file")
    if not given.strip():
        raise ValueError("there is neither a picture nor a text")
    others = [task for task in tasks if task != SEARCH]
    if others:
        raise ValueError(f"--task {others[0]}: needs a picture, and {given!r} is none")
    return [SEARCH], given.encode()


def shortened(value: Any) -> Any:
    """Return an answer with its vectors and texts short: ``512 numbers: 0.01, ...``."""
    if isinstance(value, str) and value.startswith("[") and value.endswith("]"):
        try:
            value = json.loads(value)
        except ValueError:
            return _short(value)
    if isinstance(value, str):
        return _short(value)
    if isinstance(value, dict):
        return {name: shortened(one) for name, one in value.items()}
    if isinstance(value, list):
        if len(value) > 2 * _FEW and all(isinstance(one, int | float) for one in value):
            few = ", ".join(f"{one:.4g}" for one in value[:_FEW])
            return f"{len(value)} numbers: {few}, ..."
        return [shortened(one) for one in value]
    return value


def _ask(proxy: Peer, kind: str, content: bytes, model: str | None) -> Answer:
    body = samples.form(kind, content, model)
    return proxy.ask("POST", "/predict", body, samples.CONTENT_TYPE.decode())


def _judged(kind: str, answer: Answer) -> tuple[bool, str]:
    return samples.judged(kind, Reply(answer.status, Fields(()), answer.body))


def _told(answer: Answer) -> dict[str, Any]:
    try:
        body = json.loads(answer.body)
    except ValueError:
        body = answer.body.decode("utf-8", "replace")
    return {
        "status": answer.status,
        "seconds": round(answer.seconds, 4),
        "machine": answer.headers.get("X-Immich-ML-Backend".lower()),
        "answer": body,
    }


def _table(answers: dict[str, Answer], judged: dict[str, tuple[bool, str]]) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("asked for")
    table.add_column("time", justify="right")
    table.add_column("machine")
    table.add_column("answer", overflow="fold")
    for kind, answer in answers.items():
        is_well, text = judged[kind]
        told = _told(answer)
        body = json.dumps(shortened(told["answer"]), ensure_ascii=False)
        table.add_row(
            kind,
            f"{1000 * answer.seconds:.0f} ms",
            Text(told["machine"] or "-"),
            Text(body if is_well else text, style="" if is_well else "red"),
        )
    return table


def _short(text: str) -> str:
    return text if len(text) <= _SHORT else f"{text[:_SHORT]}..."


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        "immich-ml-proxy predict",
        description="Send one picture, or the words of a search, as Immich would, and "
        "tell what comes back, from which machine, and how long it took.",
        epilog="Exit code 0: every answer was right; 1: one was not, or there is none; "
        "2: wrong usage, such as a file that is missing.",
    )
    parser.add_argument(
        "what", metavar="IMAGE|TEXT", help="a file is a picture, all else a search"
    )
    parser.add_argument(
        "--task",
        action="append",
        default=[],
        choices=[SEARCH, CLIP, FACES, OCR],
        help="what is asked for; may be given several times (default: all)",
    )
    parser.add_argument("--model", help="instead of Immich's default for each task")
    parser.add_argument("--json", action="store_true", help="whole answers, as JSON")
    add_options(parser)
    return parser
