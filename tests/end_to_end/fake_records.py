"""Recorded requests that a test makes up, behind the API that the debug page asks."""

from __future__ import annotations

import json
import re
import time
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from tests.end_to_end.fake_proxy import FakeProxy
from tests.pictures import jpeg

MODEL = "ViT-B-32__openai"
#: Tasks and what they are called, by kind of work.
WORK = {
    "search": (["clip/textual"], "search", MODEL),
    "picture": (["clip/visual"], "picture", MODEL),
    "faces": (["facial-recognition/detection"], "faces", "buffalo_l"),
    "ocr": (["ocr/detection"], "text in pictures", "PP-OCRv5_mobile"),
}
KINDS = {"clip": "picture", "ocr": "text in pictures"}
#: No answer that the page asks for may be larger.
LARGEST = 100_000
#: Rows that fit into it.
FITTING = 180
PICTURE = jpeg(7, 320, 240)


def row(number: int, work: str = "search", /, **more: Any) -> dict[str, Any]:
    """Return what the proxy tells of a request that was answered."""
    tasks, words, model = WORK[work]
    return {
        "id": f"r{number}",
        "time": time.time() - 60,
        "traceId": f"trace-{number}",
        "kind": "predict",
        "method": "POST",
        "path": "/predict",
        "tasks": tasks,
        "words": words,
        "models": [model],
        "machines": ["gpu"],
        "status": 200,
        "state": "done",
        "wait": 0.2,
        "work": 0.041,
        "duration": 0.241,
        "requestBytes": 31_000,
        "responseBytes": 12_000,
        "thumbnail": False,
        "error": None,
        "parts": 1,
        **more,
    }


def part(machine: str = "gpu", **more: Any) -> dict[str, Any]:
    """Return what the proxy tells of a request to a machine that answered it."""
    return {
        "machine": machine,
        "begin": 0.0,
        "wait": 0.0,
        "duration": 0.1,
        "status": 200,
        "outcome": "answered",
        "why": "first",
        "reason": None,
        "requestHeaders": {"Content-Type": ["multipart/form-data"]},
        "responseHeaders": {"Content-Type": ["application/json"]},
        "request": {"entries": {"clip": {"visual": {"modelName": MODEL}}}},
        "response": {"clip": {"numbers": 512, "first": [0.01, -0.2, 0.3, 0.4, 0.5]}},
        **more,
    }


def detail(told: dict[str, Any], *parts: dict[str, Any], **more: Any) -> dict[str, Any]:
    """Return what the proxy tells of one request."""
    return {
        **told,
        "outgoing": list(parts),
        "outgoingLeftOut": 0,
        "request": {
            "headers": {"Host": ["proxy"], "Content-Type": ["multipart/form-data"]},
            "entries": {"clip": {"visual": {"modelName": MODEL}}},
        },
        "response": {
            "headers": {"Content-Type": ["application/json"]},
            "body": {"clip": {"numbers": 512, "first": [0.01, -0.2, 0.3, 0.4, 0.5]}},
        },
        "boxes": {"faces": [], "texts": []},
        "imageWidth": None,
        "imageHeight": None,
        "bodyKept": True,
        "pictureKept": False,
        **more,
    }


class FakeRecords:
    """
    The recorded requests of a proxy that says what it is told to.

    :ivar rows: the oldest first.
    :ivar under_way: those that have not ended.
    :ivar details: by id; of others, what ``detail`` makes of their row.
    :ivar enabled: whether requests are recorded.
    :ivar sizes: bytes of every answer.
    :ivar sent: machines that a request was sent to again.
    """

    def __init__(self, fake: FakeProxy) -> None:
        self.rows: list[dict[str, Any]] = []
        self.under_way: list[dict[str, Any]] = []
        self.details: dict[str, dict[str, Any]] = {}
        self.again: dict[str, Any] = {}
        self.enabled = True
        self.max_records = 10_000
        self.sizes: list[int] = []
        fake.answers["/api/demo"] = {"demo": None}
        fake.answers["/api/health"] = {"gpu": {}, "nas": {}}
        fake.served["/api/debug/"] = self._answer

    def _answer(self, method: str, path: str, body: Any) -> Any:
        answer = self._told(method, path, body)
        size = len(answer if isinstance(answer, bytes) else json.dumps(answer))
        self.sizes.append(size)
        return answer

    def _told(self, method: str, path: str, body: Any) -> Any:
        url = urlsplit(path)
        query = {name: one[-1] for name, one in parse_qs(url.query).items()}
        name = url.path.removeprefix("/api/debug/")
        if name == "toggle":
            self.enabled = body["enabled"]
        if name == "max-records":
            self.max_records = body["maxRecords"]
            self.rows = self.rows[-self.max_records :]
        if method == "DELETE":
            self.rows = []
        if name in ("status", "toggle", "max-records") or method == "DELETE":
            return self._status()
        if name == "records":
            return self._listed(query)
        found = re.fullmatch(r"records/([^/]+)(?:/(\w+))?", name)
        assert found is not None, path
        return self._one(unquote(found[1]), found[2], query, body)

    def _status(self) -> dict[str, Any]:
        return {
            "enabled": self.enabled,
            "maxRecords": self.max_records,
            "recordCount": len(self.rows),
            "bytes": 3 << 20,
            "pictureBytes": 1 << 20,
            "bounds": {"bytes": 64 << 20, "pictureBytes": 16 << 20},
        }

    def _listed(self, query: dict[str, str]) -> dict[str, Any]:
        matching = [one for one in self.rows if _matches(one, query)]
        found = matching
        if "before" in query:
            found = [one for one in found if _number(one) < int(query["before"])]
        if "after" in query:
            found = [one for one in found if _number(one) > int(query["after"])]
        limit = min(int(query.get("limit", 200)), FITTING)
        told = found[:limit] if "after" in query else found[-limit:]
        is_all = "after" in query or not told or told[0] is matching[0]
        return {
            "rows": told,
            "next": str(max((_number(one) for one in self.rows), default=0)),
            "older": None if is_all else str(_number(told[0])),
            "total": len(self.rows),
            "matching": len(matching),
            "underWay": [one for one in self.under_way if _matches(one, query)],
            "dropped": 0,
        }

    def _one(self, name: str, what: str | None, query: Any, body: Any) -> Any:
        known = {one["id"]: one for one in (*self.rows, *self.under_way)}
        if name not in known:
            return 404, {"error": "there is no such record"}
        if what is None:
            return self.details.get(name) or detail(known[name])
        if what == "numbers":
            return {"numbers": [n / 1000 for n in range(512)]}
        if what in ("picture", "thumbnail"):
            return PICTURE
        if what == "curl":
            return b"curl http://proxy/predict -F entries=@-"
        if what == "har":
            return {"log": {"version": "1.2", "entries": []}}
        assert what == "send", what
        return {"machine": body["machine"], "status": 200, "duration": 0.1} | self.again


def _number(told: dict[str, Any]) -> int:
    return int(told["id"][1:])


def _matches(told: dict[str, Any], query: dict[str, str]) -> bool:
    tasks = query.get("task")
    status = query.get("status")
    text = " ".join(
        (told["traceId"], told["words"], *told["models"], *told["machines"])
    )
    return (
        (not tasks or told["words"] == KINDS.get(tasks, tasks))
        and ("backend" not in query or query["backend"] in told["machines"])
        and ("trace" not in query or query["trace"] == told["traceId"])
        and (status != "failed" or told["status"] is None or told["status"] >= 400)
        and (status != "ok" or told["status"] == 200)
        and query.get("text", "").lower() in text.lower()
    )
