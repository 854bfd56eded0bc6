"""Immich's client on Node.js: jobs in, finished jobs out, each checked."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from immich_ml_proxy.demo import expected_answer

CLIENT = Path(__file__).with_name("immich_client.mjs")

Job = dict[str, Any]

_DETECTION = {"modelName": "buffalo_l", "options": {"minScore": 0.7}}
_OCR = "PP-OCRv5_mobile"
_LINES = {"modelName": _OCR, "options": {"minScore": 0.5, "maxResolution": 736}}
_WORDS = {"modelName": _OCR, "options": {"minScore": 0.8}}


def need(tool: str) -> str:
    """Return the path of a program; without it skip, or fail where CI is set."""
    path = shutil.which(tool)
    if path is None and os.environ.get("CI"):
        pytest.fail(f"{tool} is not installed")
    if path is None:
        pytest.skip(f"{tool} is not installed")
    return path


def run(url: str, jobs: list[Job], concurrency: int, folder: Path) -> Iterator[Job]:
    """Send ``jobs`` as Immich does; yield each as it is finished."""
    file = folder / "jobs.json"
    file.write_text(json.dumps({"concurrency": concurrency, "jobs": jobs}))
    with subprocess.Popen(
        [need("node"), str(CLIENT), url, str(file)],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        text=True,
    ) as client:
        assert client.stdout is not None
        for line in client.stdout:
            finished = json.loads(line)
            if finished.get("event") != "summary":
                yield finished
    assert client.returncode == 0


def entries(job: Job) -> dict[str, Any]:
    """Return the entries that the client sends for a job."""
    kind = job["kind"]
    if kind == "text":
        options = {"language": job.get("language", "en")}
        textual = {"modelName": "ViT-B-32__openai", "options": options}
        return {"clip": {"textual": textual}}
    if kind == "image":
        return {"clip": {"visual": {"modelName": "ViT-B-32__openai"}}}
    if kind == "faces":
        recognition = {"modelName": "buffalo_l"}
        faces = {"detection": _DETECTION, "recognition": recognition}
        return {"facial-recognition": faces}
    return {"ocr": {"detection": _LINES, "recognition": _WORDS}}


def answer_due(job: Job) -> Any:
    """Return the one right answer to a job."""
    if job["kind"] == "ping":
        return "pong"
    image = Path(job["file"]).read_bytes() if "file" in job else None
    return expected_answer(entries(job), image, job.get("text"))
