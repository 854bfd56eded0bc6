"""What answers at an address, by what it has said."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from twisted.web.http_headers import Headers

from immich_ml_proxy.trial import finding, samples
from immich_ml_proxy.trial.finding import PING, QUESTIONS, alternatives, found
from immich_ml_proxy.upstream.reply import Reply

URL = "http://gpu:3003"
OWN = "0123456789abcdef"


def reply(status: int = 200, body: object = b"", **headers: str) -> Reply:
    """Return an answer."""
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return Reply(status, Headers({k: [v] for k, v in headers.items()}), raw)


NOT_FOUND = reply(404, {"detail": "Not Found"})


def said(ping: finding.Said = NOT_FOUND, **more: finding.Said) -> finding.Finding:
    """Return what is found; ``proxy``, ``records`` and ``immich`` are other answers."""
    paths = {
        finding.PROXY: more.get("proxy", NOT_FOUND),
        finding.RECORDS: more.get("records", NOT_FOUND),
        finding.IMMICH: more.get("immich", NOT_FOUND),
    }
    return found(URL, {PING: ping, **paths}, OWN)


PONG = reply(200, b"pong")


def test_an_ml_server() -> None:
    """It says pong, and nothing else of what others say."""
    one = said(PONG)
    assert one == finding.Finding(
        "ml", "An Immich ML server answers at http://gpu:3003.", True
    )


@pytest.mark.parametrize("ping", [PONG, reply(503, b"no machine is configured")])
def test_this_proxy_and_another(ping: Reply) -> None:
    """Whatever its ping says: it may have no server yet."""
    told = {"proxy": "immich-ml-proxy", "version": "1.0", "id": OWN}
    this = said(ping, proxy=reply(200, told))
    assert (this.kind, this.is_ok) == ("this", False)
    other = said(ping, proxy=reply(200, {**told, "id": "another"}))
    assert (other.kind, other.is_ok) == ("proxy", True)
    assert "(version 1.0)" in other.text
    go = said(ping, records=reply(200, {"enabled": False, "maxRecords": 100}))
    assert (go.kind, go.is_ok) == ("proxy", True)


@pytest.mark.parametrize(
    ("ping", "immich"),
    [
        (reply(200, b"<html><title>Immich</title></html>"), {"res": "pong"}),
        (reply(404, b"nothing"), {"res": "pong"}),
        (reply(200, {"res": "pong"}), {}),
        (reply(200, b"<!doctype html><title>Immich</title>"), {}),
    ],
)
def test_immich_itself(ping: Reply, immich: Any) -> None:
    """It is what people take first; it is told where its machine learning is."""
    one = said(ping, immich=reply(200, immich))
    assert (one.kind, one.is_ok) == ("immich", False)
    assert "port 3003" in one.text


@pytest.mark.parametrize(
    "ping",
    [
        reply(200, b"<html><title>My NAS</title></html>"),
        NOT_FOUND,
        reply(502),
        reply(302, b"", Location="/login"),
        reply(200, b"[[[[" * 100),
    ],
)
def test_another_web_server(ping: Reply) -> None:
    """What it says is told."""
    one = said(ping)
    assert (one.kind, one.is_ok) == ("web", False)
    assert one.text.startswith("http://gpu:3003 answer")


@pytest.mark.parametrize(
    ("why", "kind"),
    [
        ("connection refused", "refused"),
        ("host name not found", "unknown-name"),
        ("timed out after 1.5 s", "no-answer"),
        ("no route to host", "no-answer"),
        (
            "connection failed: [('SSL routines', '', 'wrong version number')]",
            "tls-to-plain",
        ),
        ("connection failed: its certificate has expired", "certificate"),
        ("closed the connection without an answer", "other"),
    ],
)
def test_no_answer(why: str, kind: str) -> None:
    """Each has its sentence, which tells what to do."""
    one = said(why)
    assert (one.kind, one.is_ok) == (kind, False)
    assert one.text.endswith((".", "?"))
    assert "connection failed" not in one.text
    assert "SSL routines" not in one.text


def test_a_plain_request_to_a_tls_port() -> None:
    """Web servers say so; others hang up, or say nothing."""
    nginx = b"The plain HTTP request was sent to HTTPS port"
    assert said(reply(400, nginx)).kind == "plain-to-tls"
    assert finding.may_speak_tls(reply(400, nginx))
    assert not finding.may_speak_tls(reply(400, b"bad"))
    for why in ("closed the connection without an answer", "timed out after 1.5 s"):
        assert finding.may_speak_tls(why)
    assert not finding.may_speak_tls("connection refused")
    https = "https://gpu:3003"
    for told in (PONG, "connection failed: its certificate has expired"):
        one = finding.of_tls(https, told)
        assert one is not None
        assert one.kind == "plain-to-tls"
        assert https in one.text
    assert finding.of_tls(https, "connection refused") is None


@pytest.mark.parametrize(
    ("url", "kind", "is_maybe_tls", "others"),
    [
        ("http://gpu", "refused", False, ["http://gpu:3003"]),
        ("http://gpu:3003", "refused", False, []),
        ("http://gpu:2283", "immich", False, ["http://gpu:3003"]),
        ("http://gpu:80/ml", "web", False, ["http://gpu:80", "http://gpu:3003"]),
        ("https://gpu:3003", "tls-to-plain", False, ["http://gpu:3003"]),
        ("https://gpu:3003", "no-answer", False, ["http://gpu:3003"]),
        ("http://gpu:3003", "other", True, ["https://gpu:3003"]),
        ("http://[fd00::1]", "refused", False, ["http://[fd00::1]:3003"]),
        ("http://gup", "unknown-name", False, []),
    ],
)
def test_what_else_may_have_been_meant(
    url: str, kind: str, is_maybe_tls: bool, others: list[str]
) -> None:
    """Never the address itself again."""
    assert alternatives(url, kind, is_maybe_tls) == others


@given(
    st.binary(max_size=300), st.integers(100, 599), st.sampled_from([*QUESTIONS, None])
)
def test_whatever_is_answered_there_is_a_sentence(
    body: bytes, status: int, path: str | None
) -> None:
    """Anything may listen there."""
    answers: dict[str, finding.Said] = dict.fromkeys(QUESTIONS, NOT_FOUND)
    if path is not None:
        answers[path] = reply(status, body)
    assert found(URL, answers, OWN).text.isprintable()


def test_versions_differ_by_what_they_make_of_nothing() -> None:
    """Asked for a task without types; what else stands in for one has no version."""
    assert finding.version_of(reply(200, b"{}")) == "2"
    assert finding.version_of(reply(422, b"{}")) == "3"
    assert finding.version_of(reply(501, b"{}")) is None
    assert finding.version_of("timed out") is None


@pytest.mark.parametrize("kind", samples.KINDS)
def test_an_answer_to_a_sample_is_judged(kind: str) -> None:
    """As that to work is: it must fit what was asked."""
    embedding = json.dumps([0.5] * 512)
    box = {"x1": 0, "y1": 0, "x2": 1, "y2": 1}
    face = {"boundingBox": box, "embedding": embedding, "score": 0.9}
    good = {
        "clip": embedding,
        "facial-recognition": [face],
        "ocr": {"text": [], "box": [], "boxScore": [], "textScore": []},
        "imageHeight": 64,
        "imageWidth": 96,
    }
    is_ok, text = samples.judged(kind, reply(200, good))
    assert is_ok
    assert text.endswith((" was answered.", "512 numbers."))
    for bad, word in (
        (reply(200, b"[]"), "wrongly"),
        (reply(501, b"not here\n"), "refused with 501: not here"),
        (reply(500), "no reason"),
        ("timed out after 3 s", "loaded"),
        ("connection refused", "connection refused"),
    ):
        is_ok, text = samples.judged(kind, bad)
        assert not is_ok
        assert word in text


def test_a_sample_is_what_immich_sends() -> None:
    """A form with the picture as it is, or with a text."""
    assert b'name="text"' in samples.form("search")
    assert samples.PICTURE in samples.form("clip")
    assert samples.PICTURE.startswith(b"\xff\xd8")
    assert b'{"clip":{}}' in samples.version_form()
