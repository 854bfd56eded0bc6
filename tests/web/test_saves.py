"""Two who change the configuration at once, looking before saving, and undoing."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from twisted.logger import capturedLogs, formatEvent

from tests.demo_requests import VISUAL
from tests.fakes import document, serve
from tests.memory_proxy import Answer, Proxy, photo_form, posted
from tests.network import Network

Start = Callable[..., Proxy]


@pytest.fixture
def proxy(network: Network, start_proxy: Start) -> Proxy:
    """A proxy that knows two machines."""
    serve(network, "a", "b")
    return start_proxy(document("a", "b", defaultBackend="a"))


class Page:
    """Somebody who has loaded the configuration."""

    def __init__(self, proxy: Proxy) -> None:
        self._proxy = proxy
        shown = proxy.get("/api/config")
        self.document, self.version = shown.json(), shown.headers["etag"]

    def set(self, name: str, **fields: Any) -> Page:
        """Change fields of a machine."""
        for backend in self.document["backends"]:
            if backend["name"] == name:
                backend.update(fields)
        return self

    def post(self, path: str = "/api/config") -> Answer:
        """Send what he has made of it."""
        return self._proxy.post(path, self.document, **{"If-Match": self.version})


def saved(proxy: Proxy) -> dict[str, Any]:
    """Return what stands in the file, by machine."""
    document = json.loads(proxy.file.read_text())
    return {one["name"]: one for one in document["backends"]}


def test_changes_of_different_fields_both_survive(proxy: Proxy) -> None:
    """In the file and in force; the second is told that it was so."""
    one, two = Page(proxy), Page(proxy)
    assert "merged" not in one.set("a", weight=2).post().json()
    answer = two.set("a", maxConcurrent=3).set("b", weight=4).post()
    assert answer.status == 200
    assert answer.json()["merged"] is True
    assert saved(proxy)["a"] | {"weight": 2, "maxConcurrent": 3} == saved(proxy)["a"]
    assert saved(proxy)["b"]["weight"] == 4
    again = Page(proxy)
    assert again.version == answer.headers["etag"]
    assert "merged" not in again.document


def test_the_same_field_is_told_with_both_values(proxy: Proxy) -> None:
    """Nothing is saved; for the version that is told it can be sent again."""
    one, two = Page(proxy), Page(proxy)
    one.set("a", weight=2).post()
    before = proxy.file.read_bytes()
    refused = two.set("a", weight=3).post()
    assert refused.status == 412
    told = refused.json()
    assert told["error"] == (
        "somebody else has changed the weight of a meanwhile; nothing was saved. "
        "Choose which value is to stay, and save again"
    )
    assert told["conflicts"] == [
        {
            "path": "backends.a.weight",
            "words": "the weight of a",
            "base": None,
            "mine": 3,
            "theirs": 2,
        }
    ]
    assert told["current"] == proxy.get("/api/config").json()
    assert f'"{told["version"]}"' == refused.headers["etag"]
    assert proxy.file.read_bytes() == before
    two.version = told["version"]
    assert two.post().status == 200
    assert saved(proxy)["a"]["weight"] == 3


def test_a_version_of_before_the_start_is_told_without_conflicts(proxy: Proxy) -> None:
    """What was changed since then is not known."""
    page = Page(proxy)
    page.version = '"before"'
    told = page.set("a", weight=3).post()
    assert (told.status, told.json()["conflicts"]) == (412, [])
    assert told.json()["current"]["defaultBackend"] == "a"


def test_a_state_set_on_the_overview_is_not_undone_by_a_save(proxy: Proxy) -> None:
    """Nor does it hinder one."""
    page = Page(proxy)
    for state in ("disabled", "drain"):
        proxy.post("/api/backends/b", {"state": state})
        assert page.set("b", weight=2).post().status == 200
        assert saved(proxy)["b"]["state"] == state


def test_checking_tells_what_a_save_would(proxy: Proxy) -> None:
    """And changes nothing."""
    before = proxy.file.read_bytes(), proxy.get("/api/config").headers["etag"]
    page, other = Page(proxy), Page(proxy)
    page.document["taskRouting"]["cilp"] = "a"
    page.set("b", url="b:3003")
    mended = "backends[1].url: http:// was added; it is http://b:3003 now"
    doubtful = "cilp: no task of Immich's; did you mean clip?"
    expected = {
        "warnings": [mended, doubtful],
        "warningsAt": [
            {"path": "backends[1].url", "text": mended},
            {"path": "taskRouting.cilp", "text": doubtful},
        ],
    }
    checked = page.post("/api/config/check")
    assert checked.json() == {"ok": True, **expected, "merged": False}
    assert (proxy.file.read_bytes(), checked.headers["etag"]) == before
    assert page.post().json() == {**json.loads(proxy.file.read_text()), **expected}
    assert other.set("a", weight=2).post("/api/config/check").json()["merged"] is True
    assert other.set("a", weight="x").post("/api/config/check").status == 400
    other.set("a", weight=3)
    Page(proxy).set("a", weight=2).post()
    assert other.post("/api/config/check").status == 412


def test_an_unknown_task_is_saved_and_told(proxy: Proxy) -> None:
    """Immich will have new ones; what the answer tells is no part of what is saved."""
    page = Page(proxy)
    page.document["taskRouting"]["captions"] = "b"
    answer = page.post().json()
    assert answer["warnings"] == ["captions: no task of Immich's that is known today"]
    assert proxy.post("/api/config", answer).status == 200
    assert json.loads(proxy.file.read_text())["taskRouting"] == {"captions": "b"}


def test_an_error_has_its_path_and_no_librarys_words(proxy: Proxy) -> None:
    """So that the page can show it at its field."""
    told = Page(proxy).set("b", weight="heavy").post().json()
    assert told == {
        "error": "backends[1].weight: must be a number over 0 and at most 1000, "
        'not "heavy"',
        "field": "backends[1].weight",
        "path": "backends[1].weight",
    }


def test_the_last_save_is_undone_and_that_again(proxy: Proxy) -> None:
    """A state that was set since stays."""
    assert proxy.get("/api/status").json()["undo"] is None
    assert proxy.post("/api/config/undo", {}).status == 409
    proxy.network.advance(100)
    Page(proxy).set("a", weight=2).post()
    undo = proxy.get("/api/status").json()["undo"]
    assert undo == {"savedBy": "10.0.0.1", "savedAt": 100}
    proxy.post("/api/backends/b", {"state": "drain"})
    undone = proxy.post("/api/config/undo", {})
    assert undone.status == 200
    assert undone.headers["etag"] == Page(proxy).version
    assert "weight" not in saved(proxy)["a"]
    assert saved(proxy)["b"]["state"] == "drain"
    assert proxy.post("/api/config/undo", {}).status == 200
    assert saved(proxy)["a"]["weight"] == 2
    assert saved(proxy)["b"]["state"] == "drain"


def test_a_save_that_changes_nothing_is_nothing_to_undo(proxy: Proxy) -> None:
    """The one before stays the last."""
    Page(proxy).set("a", weight=2).post()
    Page(proxy).post()
    proxy.post("/api/config/undo", {})
    assert "weight" not in saved(proxy)["a"]


def test_an_undo_is_for_the_version_that_was_looked_at(proxy: Proxy) -> None:
    """Else somebody's save would be undone who has just made it."""
    page = Page(proxy)
    Page(proxy).set("a", weight=2).post()
    refused = proxy.post("/api/config/undo", {}, **{"If-Match": page.version})
    assert (refused.status, refused.json()["conflicts"]) == (412, [])
    assert saved(proxy)["a"]["weight"] == 2


def test_what_is_merged_is_in_force(proxy: Proxy) -> None:
    """At once, as any save."""
    one, two = Page(proxy), Page(proxy)
    one.set("a", weight=2).post()
    two.document["taskRouting"]["clip"] = "b"
    two.post()
    assert proxy.ask(posted(photo_form(VISUAL))).json()["clip"] == "b"


def test_what_is_doubtful_in_the_file_is_logged(
    network: Network, start_proxy: Start
) -> None:
    """Who edits it by hand sees no page."""
    serve(network, "a")
    with capturedLogs() as events:
        start_proxy(document("a", taskRouting={"cilp": "a"}))
    told = [formatEvent(event) for event in events]
    doubt = "cilp: no task of Immich's; did you mean clip?"
    assert f"The configuration is in force, but {doubt}" in told
