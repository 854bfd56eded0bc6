"""Requests over HTTP: the list, one of them, its picture, and to send it again."""

from __future__ import annotations

import json
from collections.abc import Callable
from io import BytesIO
from typing import Any

import pytest
from PIL import Image

from immich_ml_proxy.web.thumbnail import thumbnail
from tests.demo_requests import FACES, OCR, TEXTUAL, VISUAL
from tests.fakes import FakeBackend, document, serve
from tests.memory_proxy import Answer, Proxy, http, photo_form, posted, text_form
from tests.network import Network
from tests.pictures import jpeg

Start = Callable[..., Proxy]

JPEG = b"\xff\xd8\xff\xe0 a picture \r\n with line ends \xff\xd9"
API = "/api/debug/records"


@pytest.fixture
def fakes(network: Network) -> dict[str, FakeBackend]:
    """Two ML servers."""
    return serve(network, "a", "b")


@pytest.fixture
def proxy(start_proxy: Start, fakes: dict[str, FakeBackend]) -> Proxy:
    """A proxy that records; clip goes to the second server, the rest to the first."""
    order = {"backends": ["a", "b"], "strategy": "in_order"}
    routes: dict[str, Any] = {"clip": "b", "facial-recognition": order, "ocr": order}
    return start_proxy(document("a", "b", taskRouting=routes), "--debug")


def get(proxy: Proxy, path: str) -> Answer:
    """Return an answer that may take the proxy several slices."""
    client = proxy.send(http("GET", path))
    for _ in range(100):
        if client.got:
            break
        proxy.network.advance(0)
    return client.answer


def page(proxy: Proxy, query: str = "limit=200") -> dict[str, Any]:
    """Return what is told of the list."""
    answer = get(proxy, f"{API}?{query}")
    assert answer.status == 200, answer.body
    assert len(answer.body) < 100_000
    told: dict[str, Any] = answer.json()
    return told


def traces(proxy: Proxy, query: str) -> list[str]:
    """Return the traces of the rows that match."""
    return [row["traceId"] for row in page(proxy, query)["rows"]]


def one(proxy: Proxy, trace: str) -> str:
    """Return the address of the request with a trace."""
    [row] = page(proxy, f"trace={trace}")["rows"]
    return f"{API}/{row['id']}"


def detail(proxy: Proxy, trace: str) -> dict[str, Any]:
    """Return what is told of a request."""
    answer = get(proxy, one(proxy, trace))
    assert answer.status == 200, answer.body
    told: dict[str, Any] = answer.json()
    return told


@pytest.fixture
def busy(proxy: Proxy, fakes: dict[str, FakeBackend]) -> Proxy:
    """A proxy that has done some of everything."""
    proxy.ask(http("GET", "/ping", headers={"X-Request-ID": "ping-1"}))
    proxy.ask(posted(photo_form(VISUAL, JPEG), X_Request_ID="picture-1"))
    proxy.ask(posted(text_form(TEXTUAL), X_Request_ID="search-1"))
    proxy.ask(posted(photo_form(FACES), X_Request_ID="faces-1"))
    fakes["a"].status = fakes["b"].status = 422
    proxy.ask(posted(photo_form(OCR), X_Request_ID="ocr-1"))
    fakes["a"].status = fakes["b"].status = 200
    for path, name in (("/api/health", "page-1"), ("/nowhere", "other-1")):
        proxy.ask(http("GET", path, headers={"X-Request-ID": name}))
    return proxy


def test_a_row_is_a_request_with_what_went_out_for_it(busy: Proxy) -> None:
    """In words, with the machines that were asked, newest last."""
    told = page(busy)
    assert [
        (row["traceId"], row["words"], row["machines"], row["status"], row["parts"])
        for row in told["rows"]
    ] == [
        ("picture-1", "picture", ["b"], 200, 1),
        ("search-1", "search", ["b"], 200, 1),
        ("faces-1", "faces", ["a"], 200, 1),
        ("ocr-1", "text in pictures", ["a", "b"], 422, 2),
        ("other-1", "", [], 404, 0),
    ]
    first = told["rows"][0]
    assert first["tasks"] == ["clip/visual"]
    assert first["models"] == ["ViT-B-32__openai"]
    assert (first["kind"], first["state"], first["route"]) == (
        "predict",
        "done",
        ["clip"],
    )
    assert first["thumbnail"] is True
    assert first["requestBytes"] == len(photo_form(VISUAL, JPEG))
    assert (told["total"], told["matching"], told["dropped"]) == (5, 5, 0)
    assert (told["underWay"], told["underWayTotal"], told["reset"]) == ([], 0, False)


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("task=search", ["search-1"]),
        ("task=clip", ["picture-1"]),
        ("task=textual", ["search-1"]),
        ("task=clip/visual", ["picture-1"]),
        ("task=facial_recognition", ["faces-1"]),
        ("task=faces", ["faces-1"]),
        ("task=ocr", ["ocr-1"]),
        ("task=nothing", []),
        ("backend=b", ["picture-1", "search-1", "ocr-1"]),
        ("backend=a", ["faces-1", "ocr-1"]),
        ("route=clip", ["picture-1", "search-1"]),
        ("route=facial-recognition", ["faces-1"]),
        ("status=ok", ["picture-1", "search-1", "faces-1"]),
        ("status=failed", ["ocr-1", "other-1"]),
        ("status=4xx", ["ocr-1", "other-1"]),
        ("status=422", ["ocr-1"]),
        ("status=5xx", []),
        ("text=BUFFALO", ["faces-1"]),
        ("text=search-1", ["search-1"]),
        ("text=nowhere", ["other-1"]),
        ("text=answered+422", ["ocr-1"]),
        ("trace=ocr-1", ["ocr-1"]),
        ("kind=pings&task=", "ping-1 picture-1 search-1 faces-1 ocr-1 other-1"),
        ("kind=pages&text=health", ["page-1"]),
        ("kind=pings,pages&text=-1&limit=3", ["ocr-1", "page-1", "other-1"]),
        ("kind=pings&kind=pages&backend=a&text=ping", ["ping-1"]),
        ("limit=2", ["ocr-1", "other-1"]),
    ],
)
def test_the_server_filters(busy: Proxy, query: str, found: Any) -> None:
    """By kind of work, machine, route, status and text; pings only if asked for."""
    due = found.split() if isinstance(found, str) else found
    assert traces(busy, query) == due


def test_pages_go_back_and_polls_go_on(proxy: Proxy) -> None:
    """Nothing is told twice, and nothing is left out."""
    for number in range(7):
        proxy.ask(posted(text_form(TEXTUAL), X_Request_ID=f"n-{number}"))
    last = page(proxy, "limit=3")
    assert [row["traceId"] for row in last["rows"]] == ["n-4", "n-5", "n-6"]
    middle = page(proxy, f"limit=3&before={last['older']}")
    assert [row["traceId"] for row in middle["rows"]] == ["n-1", "n-2", "n-3"]
    first = page(proxy, f"limit=3&before={middle['older']}")
    assert [row["traceId"] for row in first["rows"]] == ["n-0"]
    assert first["older"] is None
    assert page(proxy, f"after={last['next']}")["rows"] == []
    for number in range(7, 12):
        proxy.ask(posted(text_form(TEXTUAL), X_Request_ID=f"n-{number}"))
    new = page(proxy, f"limit=3&after={last['next']}")
    assert ([row["traceId"] for row in new["rows"]], new["more"]) == (
        ["n-7", "n-8", "n-9"],
        True,
    )
    newer = page(proxy, f"limit=3&after={new['next']}")
    assert ([row["traceId"] for row in newer["rows"]], newer["more"]) == (
        ["n-10", "n-11"],
        False,
    )
    assert newer["matching"] == 12


def test_a_poll_goes_on_behind_what_does_not_match(busy: Proxy) -> None:
    """Else it would look through the same rows for ever."""
    told = page(busy, "text=no+such+thing")
    assert told["rows"] == []
    assert page(busy, f"after={told['next']}")["rows"] == []


def test_a_cursor_of_another_run_counts_as_none(busy: Proxy) -> None:
    """The proxy was started anew: the page forgets what it shows."""
    told = page(busy, "after=0123abcd.99")
    assert (told["reset"], len(told["rows"])) == (True, 5)


@pytest.mark.parametrize(
    ("query", "told"),
    [
        ("limit=0", "limit: must be a number from 1 to 500"),
        ("limit=501", "limit: "),
        ("limit=x", "limit: "),
        ("kind=all", "kind: must be pings or pages"),
        ("status=maybe", "status: must be ok, failed"),
        ("after=1", "after: must be what an answer had"),
        ("before=%ff", "before: must be"),
        ("last=0", "last: must be a number"),
    ],
)
def test_what_makes_no_sense_is_refused(proxy: Proxy, query: str, told: str) -> None:
    """With the parameter that is wrong."""
    answer = proxy.get(f"{API}?{query}")
    assert answer.status == 400
    assert answer.error.startswith(told)


def test_what_is_under_way_is_told(proxy: Proxy, fakes: dict[str, FakeBackend]) -> None:
    """With the machine, by the same name before and after, recorded or not."""
    fakes["b"].silent = True
    client = proxy.send(posted(text_form(TEXTUAL), X_Request_ID="slow"))
    proxy.network.advance(3)
    told = page(proxy)
    [going] = told["underWay"]
    assert told["rows"] == []
    assert (going["traceId"], going["words"], going["machines"], going["state"]) == (
        "slow",
        "search",
        ["b"],
        "under way",
    )
    assert (going["status"], going["duration"], going["work"]) == (None, 3, 3)
    shown = get(proxy, f"{API}/{going['id']}").json()
    assert (shown["state"], shown["words"]) == ("under way", "search")
    [part] = shown["outgoing"]
    assert (part["machine"], part["outcome"], part["duration"]) == (
        "b",
        "under way",
        None,
    )
    fakes["b"].speak()
    proxy.network.flush()
    assert client.answer.status == 200
    [row] = page(proxy)["rows"]
    assert (row["id"], row["state"], row["duration"]) == (going["id"], "done", 3)


def test_what_is_under_way_is_told_while_nothing_is_recorded(
    start_proxy: Start, fakes: dict[str, FakeBackend]
) -> None:
    """Its details are few."""
    proxy = start_proxy(document("a", "b"))
    fakes["a"].silent = True
    proxy.send(posted(photo_form(OCR), X_Request_ID="slow"))
    proxy.network.advance(2)
    [going] = page(proxy)["underWay"]
    assert going["id"].startswith("u")
    assert (going["words"], going["machines"]) == ("text in pictures", ["a"])
    assert going["duration"] == going["work"] == 2
    shown = get(proxy, f"{API}/{going['id']}").json()
    assert (shown["outgoing"], shown["bodyKept"]) == ([], False)
    assert page(proxy, "text=slow")["underWayTotal"] == 1
    assert page(proxy, "text=quick")["underWayTotal"] == 0
    fakes["a"].speak()
    proxy.network.flush()
    assert get(proxy, f"{API}/{going['id']}").status == 404


def test_what_waits_and_what_is_held_are_told_apart(
    start_proxy: Start, fakes: dict[str, FakeBackend]
) -> None:
    """The one for a place, the other for a machine."""
    held = {"backends": ["b"], "holdSeconds": 60}
    config = document("a", taskRouting={"clip": held})
    config["backends"] = [
        {"name": "a", "url": "http://a:3003", "maxConcurrent": 1},
        {"name": "b", "url": "http://b:3003"},
    ]
    proxy = start_proxy(config, "--debug")
    fakes["a"].silent = fakes["a"].answers_pings = True
    proxy.start_checks()
    proxy.network.close("b")
    proxy.network.advance(11)
    proxy.send(posted(photo_form(OCR), X_Request_ID="asked"))
    proxy.send(posted(photo_form(OCR), X_Request_ID="waits"))
    proxy.send(posted(text_form(TEXTUAL), X_Request_ID="held"))
    proxy.network.advance(1)
    assert {
        row["traceId"]: (row["state"], row["route"]) for row in page(proxy)["underWay"]
    } == {
        "asked": ("under way", ["default"]),
        "waits": ("waiting", ["default"]),
        "held": ("held", ["clip"]),
    }


def test_a_detail_has_both_messages(busy: Proxy) -> None:
    """What was asked, what was answered, and the picture by size and digest."""
    told = detail(busy, "picture-1")
    assert told["request"]["entries"] == VISUAL
    assert [field["name"] for field in told["request"]["fields"]] == [
        "entries",
        "image",
    ]
    image = told["request"]["fields"][1]
    assert (image["size"], len(image["sha256"])) == (len(JPEG), 64)
    assert told["response"]["status"] == 200
    assert told["response"]["body"]["clip"] == "b"
    assert (told["imageWidth"], told["imageHeight"]) == (4, 3)
    assert (told["bodyKept"], told["pictureKept"]) == (True, True)
    [part] = told["outgoing"]
    assert (part["machine"], part["why"], part["outcome"]) == ("b", "first", "answered")
    assert part["requestHeaders"]["X-Request-ID"] == ["picture-1"]
    assert part["response"]["clip"] == "b"


def test_a_second_opinion_is_told_with_its_reason(busy: Proxy) -> None:
    """And what came of the first."""
    first, second = detail(busy, "ocr-1")["outgoing"]
    assert (first["outcome"], first["reason"]) == ("refused", "answered 422")
    assert second["why"] == "second opinion"
    assert second["whyWords"] == "Asked for a second opinion: a answered 422."


def test_a_failover_is_told_with_its_reason(
    start_proxy: Start, network: Network, fakes: dict[str, FakeBackend]
) -> None:
    """Which is not in the answer that the client got."""
    proxy = start_proxy(document("a", "b"), "--debug")
    network.close("a")
    proxy.send(posted(photo_form(VISUAL), X_Request_ID="one"))
    proxy.network.advance(1)
    first, second = detail(proxy, "one")["outgoing"]
    assert (first["machine"], first["outcome"], first["status"]) == (
        "a",
        "failed",
        None,
    )
    assert second["why"] == "failover"
    assert second["whyWords"] == "Asked because a connection refused."


def test_an_answer_that_does_not_fit_is_told(
    start_proxy: Start, fakes: dict[str, FakeBackend]
) -> None:
    """Though it is a 200."""
    proxy = start_proxy(document("a", "b", checkAnswers="full"), "--debug")
    fakes["a"].answer = b"{}"
    fakes["b"].answer = vector(*range(512))
    proxy.ask(posted(text_form(TEXTUAL), X_Request_ID="one"))
    first, second = detail(proxy, "one")["outgoing"]
    assert (first["status"], first["outcome"]) == (200, "misfit")
    assert first["reason"] == "answers no `clip`"
    assert (second["status"], second["outcome"]) == (200, "answered")


def test_a_hedge_is_told_and_what_became_of_the_other(
    start_proxy: Start, fakes: dict[str, FakeBackend]
) -> None:
    """The one that nobody waited for any more was outpaced."""
    route = {"backends": ["a", "b"], "strategy": "in_order", "hedgeAfterMs": 100}
    proxy = start_proxy(document("a", "b", taskRouting={"clip": route}), "--debug")
    proxy.ask(http("GET", "/ping"))
    for _ in range(30):
        proxy.ask(posted(text_form(TEXTUAL)))
    fakes["a"].silent = True
    proxy.send(posted(text_form(TEXTUAL), X_Request_ID="one"))
    proxy.network.advance(1)
    first, second = detail(proxy, "one")["outgoing"]
    assert (first["machine"], first["outcome"]) == ("a", "outpaced")
    assert (second["machine"], second["why"], second["outcome"]) == (
        "b",
        "hedge",
        "answered",
    )
    assert "a" in second["whyWords"]


def test_the_picture_is_served_as_what_its_bytes_are(busy: Proxy) -> None:
    """And so that no browser makes a page of it."""
    for path in ("picture", "thumbnail"):
        answer = get(busy, f"{one(busy, 'picture-1')}/{path}")
        assert (answer.status, answer.body) == (200, JPEG)
        headers = answer.headers
        assert headers["content-type"] == "image/jpeg"
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["content-security-policy"] == "default-src 'none'; sandbox"
        assert headers["content-length"] == str(len(JPEG))


@pytest.mark.parametrize("path", ["picture", "thumbnail"])
@pytest.mark.parametrize("trace", ["search-1", "other-1", "ocr-1"])
def test_what_is_no_picture_is_not_served(busy: Proxy, trace: str, path: str) -> None:
    """There is none, or its bytes are of no kind that browsers only show."""
    fake = photo_form(OCR, b"<html><script>alert(1)</script>")
    busy.ask(posted(fake, X_Request_ID="page-as-picture"))
    for name in (trace, "page-as-picture"):
        answer = get(busy, f"{one(busy, name)}/{path}")
        if name == "ocr-1":
            continue  # that is a JPEG
        assert answer.status == 404
        assert b"<html" not in answer.body


def test_a_thumbnail_is_small(proxy: Proxy) -> None:
    """It is made of what is too large for a list; what cannot be read has none."""
    large = jpeg(1, 1440, 1080, grain=0.2)
    assert len(large) > 100_000
    for name, picture in (("large", large), ("broken", large[:1000] + bytes(100_000))):
        proxy.ask(posted(photo_form(VISUAL, picture), X_Request_ID=name))
    answer = get(proxy, f"{one(proxy, 'large')}/thumbnail")
    assert (answer.status, answer.headers["content-type"]) == (200, "image/jpeg")
    assert len(answer.body) < 20_000
    with Image.open(BytesIO(answer.body)) as small:
        assert small.size == (160, 120)
    answer = get(proxy, f"{one(proxy, 'large')}/thumbnail?size=large")
    assert answer.status == 200
    assert len(answer.body) < 100_000
    with Image.open(BytesIO(answer.body)) as small:
        assert small.size == (960, 720)
    answer = get(proxy, f"{one(proxy, 'broken')}/thumbnail")
    assert answer.status in (200, 404)  # Pillow may be content with what there is


@pytest.mark.parametrize(
    "picture",
    [
        b"",
        b"\xff\xd8\xff" + bytes(1000),
        b"\x89PNG\r\n\x1a\n" + bytes(1000),
        b"RIFF\0\0\0\0WEBP" + bytes(1000),
        b"GIF89a" + bytes(1000),
        b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n",
    ],
)
def test_what_is_no_picture_has_no_thumbnail(picture: bytes) -> None:
    """Nor has anything but the kinds that browsers are shown."""
    assert thumbnail(picture) is None


def test_a_picture_of_too_many_pixels_has_no_thumbnail() -> None:
    """A few bytes can be a picture that takes all memory."""
    made = BytesIO()
    Image.new("1", (9000, 9000)).save(made, "PNG")
    assert len(made.getvalue()) < 100_000
    assert thumbnail(made.getvalue()) is None


def test_a_large_picture_comes_in_pieces(proxy: Proxy) -> None:
    """All of it, and nothing else."""
    large = b"\xff\xd8\xff" + bytes(range(256)) * 4000
    proxy.ask(posted(photo_form(VISUAL, large), X_Request_ID="large"))
    path = one(proxy, "large")
    client = proxy.send(http("GET", f"{path}/picture"))
    proxy.network.advance(1)
    assert client.answer.body == large


@pytest.mark.parametrize(
    "path", ["", "/picture", "/thumbnail", "/numbers?path=/clip", "/har", "/curl"]
)
@pytest.mark.parametrize(
    "name", ["r1", "x", "u0-1", "%2e%2e", "r" + "9" * 500, "<b>", "%c3%a9"]
)
def test_a_request_that_is_not_there_is_404(busy: Proxy, name: str, path: str) -> None:
    """In JSON, with what may have become of it."""
    answer = get(busy, f"{API}/{name}{path}")
    assert answer.status == 404
    assert "not kept" in answer.error


def test_the_command_sends_the_same_again(busy: Proxy) -> None:
    """With what it needs to get the picture first."""
    path = one(busy, "picture-1")
    answer = get(busy, f"{path}/curl")
    assert answer.headers["content-type"] == "text/plain; charset=utf-8"
    text = answer.body.decode()
    assert f"curl -o picture http://proxy:3004{path}/picture\n" in text
    assert "http://proxy:3004/predict" in text
    assert f"--form-string entries='{json.dumps(VISUAL)}'" in text
    assert "-F image=@picture" in text
    searched = get(busy, f"{one(busy, 'search-1')}/curl").body.decode()
    assert "--form-string text='a dog'" in searched
    assert "picture" not in searched


def test_the_archive_has_the_request_and_what_went_out(busy: Proxy) -> None:
    """As HAR 1.2, to be saved as a file."""
    answer = get(busy, f"{one(busy, 'ocr-1')}/har")
    assert answer.headers["content-disposition"].endswith('.har"')
    log = answer.json()["log"]
    assert log["version"] == "1.2"
    assert [entry["request"]["url"] for entry in log["entries"]] == [
        "http://proxy:3004/predict",
        "http://a:3003/predict",
        "http://b:3003/predict",
    ]
    first = log["entries"][0]
    assert first["response"]["status"] == 422
    assert [one["name"] for one in first["request"]["postData"]["params"]] == [
        "entries",
        "image",
    ]
    for entry in log["entries"]:
        assert {"startedDateTime", "time", "cache", "timings"} <= entry.keys()


def test_no_secret_is_told_in_any_form(
    start_proxy: Start, fakes: dict[str, FakeBackend]
) -> None:
    """Of the client's headers, of the machines', of an address or a body."""
    secret = "p4ssw0rd-of-mine"
    config = document("a", "b")
    for backend in config["backends"]:
        backend["headers"] = {"X-Whatever": secret}
    proxy = start_proxy(config, "--debug")
    fakes["a"].headers = {"Set-Cookie": secret, "Content-Type": "application/json"}
    fakes["a"].answer = json.dumps({"clip": secret, "password": secret}).encode()
    form = photo_form(VISUAL | {"token": {"x": {"apiKey": secret}}}, JPEG)
    request = posted(
        form, X_Request_ID="one", Authorization=f"Bearer {secret}", Cookie=secret
    )
    proxy.ask(request.replace(b"/predict ", f"/predict?token={secret} ".encode(), 1))
    path = one(proxy, "one")
    for way in (API, f"{API}?text=one", path, f"{path}/har", f"{path}/curl"):
        answer = get(proxy, way)
        assert answer.status == 200
        assert secret.encode() not in answer.body, way
        assert b"***" in answer.body or way.endswith("one"), way


def test_hostile_names_are_told_as_they_are_and_not_too_long(
    start_proxy: Start, fakes: dict[str, FakeBackend]
) -> None:
    """Markup, lines, right to left, a megabyte: each answer stays small, and JSON."""
    proxy = start_proxy(document("a", "b", checkAnswers="off"), "--debug")
    nasty = "<img src=x onerror=alert(1)>\u202e'\"\n$(reboot)`ls`;" * 20_000
    entries = {nasty[:5000]: {nasty[:5000]: {"modelName": nasty}}}
    fakes["a"].headers = {"X-Long": nasty[:50].replace("\n", "") + "v" * 8000}
    fakes["a"].answer = json.dumps({nasty[:1000]: [nasty] * 3 + [[[nasty]]]}).encode()
    proxy.ask(posted(photo_form(entries, JPEG), X_Request_ID="one"))
    path = one(proxy, "one")
    for way in (path, f"{path}/har", f"{path}/curl", f"{API}?limit=500"):
        answer = get(proxy, way)
        assert answer.status == 200
        assert len(answer.body) < 100_000
        assert answer.headers["x-content-type-options"] == "nosniff"
        if not way.endswith("curl"):
            answer.json()
    command = get(proxy, f"{path}/curl").body.decode()
    assert "\u202e" not in command


def test_an_answer_with_everything_stays_small(
    start_proxy: Start, fakes: dict[str, FakeBackend]
) -> None:
    """Hundreds of faces and texts, and many tries, in less than 100 KB."""
    face = {
        "boundingBox": {"x1": 1, "y1": 2, "x2": 3, "y2": 4},
        "embedding": json.dumps([0.125] * 512),
        "score": 0.9,
    }
    texts = {
        "text": ["word " * 20] * 400,
        "box": [1.5] * 3200,
        "boxScore": [0.5] * 400,
        "textScore": [0.5] * 400,
    }
    proxy = start_proxy(document("a", "b", checkAnswers="off"), "--debug")
    fakes["a"].answer = json.dumps(
        {
            "facial-recognition": [face] * 250,
            "ocr": texts,
            "imageHeight": 3,
            "imageWidth": 4,
        }
    ).encode()
    proxy.ask(posted(photo_form(FACES, JPEG), X_Request_ID="one"))
    path = one(proxy, "one")
    client = proxy.send(http("GET", path))
    proxy.network.advance(1)
    answer = client.answer
    assert len(answer.body) < 100_000
    told = answer.json()
    assert len(told["boxes"]["faces"]) == 150
    assert told["boxes"]["faces"][0] == {
        "x1": 1,
        "y1": 2,
        "x2": 3,
        "y2": 4,
        "score": 0.9,
    }
    assert told["boxes"]["texts"][0]["points"] == [1.5] * 8
    [shown, *_] = told["response"]["body"]["facial-recognition"]
    assert shown["embedding"] == {"numbers": 512, "first": [0.125] * 5}


def vector(*numbers: float) -> bytes:
    """Return an answer with an embedding."""
    return json.dumps({"clip": json.dumps(numbers)}).encode()


def test_all_numbers_of_a_vector_are_told(
    proxy: Proxy, fakes: dict[str, FakeBackend]
) -> None:
    """Of the answer to the client, or of a machine's; else it is said why not."""
    numbers = [n / 4 for n in range(512)]
    fakes["b"].answer = vector(*numbers)
    proxy.ask(posted(text_form(TEXTUAL), X_Request_ID="one"))
    path = f"{one(proxy, 'one')}/numbers"
    for query in ("path=/clip", "path=%2Fclip&part=0"):
        assert get(proxy, f"{path}?{query}").json() == {"numbers": numbers}
    for query, status, told in (
        ("path=/gone", 404, "no such place"),
        ("", 404, "no numbers"),
        ("path=/clip&part=1", 404, "not kept"),
        ("path=/clip&part=-1", 400, "part: must be a number"),
    ):
        answer = get(proxy, f"{path}?{query}")
        assert (answer.status, told in answer.error) == (status, True)


def send(proxy: Proxy, path: str, machine: str) -> Answer:
    """Send a request again."""
    return proxy.post(f"{path}/send", {"machine": machine})


def test_a_search_is_sent_again_and_compared(
    proxy: Proxy, fakes: dict[str, FakeBackend]
) -> None:
    """With the cosine of the two vectors; nothing is recorded or counted."""
    fakes["b"].answer = vector(1, 0)
    fakes["a"].answer = vector(3, 4)
    proxy.ask(posted(text_form(TEXTUAL), X_Request_ID="one"))
    before = proxy.get("/api/status").json(), page(proxy)["rows"]
    told = send(proxy, one(proxy, "one"), "a").json()
    assert (told["machine"], told["status"], told["error"]) == ("a", 200, None)
    assert told["similarity"] == {"clip": 0.6}
    assert "0.600" in told["text"] and "b" in told["text"]
    [again] = fakes["a"].predicts
    [first] = fakes["b"].predicts
    assert again.body == first.body
    assert (proxy.get("/api/status").json(), page(proxy)["rows"]) == before


def test_a_picture_is_sent_again_and_its_faces_compared(
    proxy: Proxy, fakes: dict[str, FakeBackend]
) -> None:
    """Those whose boxes overlap by more than a half."""

    def answer(*faces: tuple[float, list[float]]) -> bytes:
        told = [
            {
                "boundingBox": {"x1": x, "y1": 0, "x2": x + 10, "y2": 10},
                "embedding": json.dumps(numbers),
                "score": 0.9,
            }
            for x, numbers in faces
        ]
        size = {"imageHeight": 3, "imageWidth": 4}
        return json.dumps({"facial-recognition": told, **size}).encode()

    fakes["a"].answer = answer((0, [1, 0]), (100, [0, 1]), (300, [1, 1]))
    fakes["b"].answer = answer((101, [0, 2]), (1, [1, 1]), (205, [1, 1]))
    proxy.ask(posted(photo_form(FACES, JPEG), X_Request_ID="one"))
    told = send(proxy, one(proxy, "one"), "b").json()
    assert [round(pair["cosine"], 3) for pair in told["faces"]] == [0.707, 1]
    assert all(pair["iou"] > 0.8 for pair in told["faces"])
    assert "2 of them" in told["text"]


def test_another_model_is_told(proxy: Proxy, fakes: dict[str, FakeBackend]) -> None:
    """Its vector has another length."""
    fakes["b"].answer, fakes["a"].answer = vector(1, 0), vector(1, 0, 0)
    proxy.ask(posted(text_form(TEXTUAL), X_Request_ID="one"))
    told = send(proxy, one(proxy, "one"), "a").json()
    assert told["similarity"] == {"clip": None}
    assert "different models" in told["text"]


def test_a_machine_that_fails_it_is_not_held_to_it(
    proxy: Proxy, network: Network, fakes: dict[str, FakeBackend]
) -> None:
    """What it says is told, and nothing is learned of it."""
    proxy.ask(posted(text_form(TEXTUAL), X_Request_ID="one"))
    path = one(proxy, "one")
    before = proxy.get("/api/status").json()
    for status in (422, 500, 503, 401):
        fakes["a"].status = status
        told = send(proxy, path, "a").json()
        assert (told["status"], told["text"]) == (
            status,
            f"a answered {status} in 0.00 s.",
        )
    assert proxy.get("/api/status").json() == before
    network.close("a")
    client = proxy.send(http("POST", f"{path}/send", b'{"machine": "a"}'))
    proxy.network.advance(1)
    told = client.answer.json()
    assert (told["status"], told["error"]) == (None, "connection refused")
    assert proxy.get("/api/status").json() == before


def test_it_takes_a_place_and_gives_it_back(
    start_proxy: Start, fakes: dict[str, FakeBackend]
) -> None:
    """A machine is never given more than it may be, and it waits for its turn."""
    config = document("a", "b")
    config["backends"][0]["maxConcurrent"] = 1
    proxy = start_proxy(config, "--debug")
    proxy.ask(posted(text_form(TEXTUAL), X_Request_ID="one"))
    path = one(proxy, "one")
    fakes["a"].silent = True

    def in_flight() -> int:
        told: int = proxy.get("/api/status").json()["backends"]["a"]["inFlight"]
        return told

    body = json.dumps({"machine": "a"}).encode()
    first = proxy.send(http("POST", f"{path}/send", body))
    assert in_flight() == 1
    second = proxy.send(http("POST", f"{path}/send", body))
    assert (in_flight(), fakes["a"].holds) == (1, 1)
    fakes["a"].speak()
    fakes["a"].silent = True
    proxy.network.flush()
    assert first.answer.status == 200
    assert (in_flight(), fakes["a"].holds) == (1, 1)
    second.leave()
    assert in_flight() == 0
    third = proxy.send(http("POST", f"{path}/send", body))
    fourth = proxy.send(http("POST", f"{path}/send", body))
    proxy.network.advance(31)
    assert fourth.answer.status == 503
    assert "no place" in fourth.answer.error
    third.leave()
    assert in_flight() == 0


def test_what_cannot_be_sent_again_says_why(
    busy: Proxy, fakes: dict[str, FakeBackend]
) -> None:
    """No such machine, one that is disabled, no work, or what is gone."""
    path = one(busy, "picture-1")
    answer = send(busy, path, "c")
    assert (answer.status, answer.error) == (404, "there is no machine named 'c'")
    busy.post("/api/backends/a", {"state": "disabled"})
    answer = send(busy, path, "a")
    assert (answer.status, answer.error) == (409, "a is disabled; enable it first")
    assert send(busy, one(busy, "other-1"), "b").status == 409
    assert send(busy, f"{API}/r1", "b").status == 404
    for body in (b"", b"{}", b'{"machine": 1}', b'{"machine": "b", "x": 1}'):
        assert busy.ask(http("POST", f"{path}/send", body)).status == 400


def test_what_was_let_go_is_said_to_be(proxy: Proxy) -> None:
    """Its row stays, with all that the list tells."""
    for number in range(30):
        picture = JPEG + bytes(1_000_000)
        request = posted(photo_form(VISUAL, picture), X_Request_ID=f"n-{number}")
        proxy.ask(request)
    rows = page(proxy)["rows"]
    assert len(rows) == 30
    assert [row["thumbnail"] for row in rows] == [False] * 14 + [True] * 16
    path = one(proxy, "n-0")
    assert get(proxy, f"{path}/picture").status == 404
    assert send(proxy, path, "a").error == "its picture is not kept any more"
    command = get(proxy, f"{path}/curl").body
    assert b"The picture is not kept any more" in command
    status = proxy.get("/api/debug/status").json()
    assert 15_000_000 < status["pictureBytes"] <= 16 * 2**20
    proxy.ask(http("DELETE", API))
    assert get(proxy, path).status == 404


def test_the_whole_array_comes_in_pieces(proxy: Proxy) -> None:
    """However many there are; what is paused waits, and is the same at the end."""
    for number in range(300):
        proxy.ask(posted(text_form(TEXTUAL), X_Request_ID=f"n-{number}"))
    client = proxy.send(http("GET", API))
    assert b"]" not in client.got[-8:]
    proxy.network.advance(1)
    head, _, body = client.got.partition(b"\r\n\r\n")
    assert b"chunked" in head
    pieces = []
    while body:
        size, _, body = body.partition(b"\r\n")
        pieces.append(body[: int(size, 16)])
        body = body[int(size, 16) + 2 :]
    assert max(map(len, pieces)) < 200_000
    records = json.loads(b"".join(pieces))
    assert len(records) == 600
    assert records[-1]["traceId"] == "n-299"
    client = proxy.send(http("GET", API))
    client.leave()
    proxy.network.advance(1)
