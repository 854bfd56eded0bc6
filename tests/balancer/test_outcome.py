"""What an answer or an error means: the table of outcomes, row by row."""

from __future__ import annotations

import msgspec
import pytest
from twisted.web.http_headers import Headers

from immich_ml_proxy.balancer import outcome
from immich_ml_proxy.balancer.outcome import Kind, Outcome, of_answer, of_error
from immich_ml_proxy.protocol.contract import Checked, Violation
from immich_ml_proxy.upstream.reply import ExchangeFailed, Reply

#: Wed, 21 Oct 2015 07:28:00 GMT
UNIX = 1445412480.0


def reply(status: int, body: bytes = b"", **headers: str) -> Reply:
    """Return an answer; ``_`` in a header's name is ``-``."""
    named = {name.replace("_", "-"): [value] for name, value in headers.items()}
    return Reply(status, Headers(named), body)


def of(
    status: int, body: bytes = b"", has_served: bool = True, **headers: str
) -> Outcome:
    """Return what such an answer means."""
    return outcome.of_refusal(reply(status, body, **headers), has_served, UNIX)


def due(status: int, has_served: bool, retry_after: bool) -> Kind:
    """Return the row of the table, as it is written there."""
    if status == 500:
        return Kind.FAILED if has_served else Kind.OPINION
    if status in (400, 422):
        return Kind.OPINION
    if status == 413:
        return Kind.TOO_LARGE
    if status == 429:
        return Kind.BUSY
    if status == 501 or status < 500:
        return Kind.UNWILLING
    return Kind.BUSY if retry_after else Kind.UNABLE


@pytest.mark.parametrize("has_served", [True, False])
@pytest.mark.parametrize("wait", [None, "7"])
def test_every_status_has_its_row(has_served: bool, wait: str | None) -> None:
    """From 300 to 599; ``Retry-After`` matters to 502 and above only."""
    headers = {} if wait is None else {"Retry_After": wait}
    for status in range(300, 600):
        found = of(status, b"no", has_served, **headers)
        assert found.kind is due(status, has_served, wait is not None), status
        assert found.status == status
        assert found.reason == f"answered {status}: no"
        assert found.reply is not None
        assert found.reply.body == b"no"
        is_busy = found.kind is Kind.BUSY
        assert found.pause == ((7.0 if wait else 1.0) if is_busy else 0.0)
        assert (found.members, found.normalised) == ({}, 0)
        is_denied = status < 400 or status in (401, 403, 404, 405, 407)
        assert bool(found.denial) == is_denied, status


@pytest.mark.parametrize(
    ("status", "denial"),
    [
        (401, "needs a login: 401 at /predict"),
        (403, "refuses this proxy: 403 at /predict"),
        (404, "is no ML server: 404 at /predict"),
        (405, "is no ML server: 405 at /predict"),
        (407, "is a proxy that needs a login: 407 at /predict"),
        (302, "redirects to elsewhere: 302 at /predict"),
    ],
)
def test_a_server_that_lets_nobody_in_is_told_why(status: int, denial: str) -> None:
    """In words that follow its name."""
    assert of(status).denial == denial


@pytest.mark.parametrize(
    ("location", "told"),
    [
        ("https://login.example/", "https://login.example/"),
        ("\thttp://x/\x1b[31m", "http://x/ [31m"),
        ("http://x/" + "y" * 500, "http://x/" + "y" * 191),
        ("http://h\xf6me/", "http://h\xf6me/"),
        ("", "elsewhere"),
    ],
)
def test_where_a_server_redirects_to_is_told(location: str, told: str) -> None:
    """As far as it can be read: a stranger has written it."""
    answer = Reply(301, Headers({b"Location": [location.encode("latin-1")]}), b"")
    found = outcome.of_refusal(answer, True, UNIX)
    assert found.denial == f"redirects to {told}: 301 at /predict"


@pytest.mark.parametrize(
    ("wait", "pause"),
    [
        ("0", 1.0),
        ("1", 1.0),
        ("2", 2.0),
        (" 30 ", 30.0),
        ("59", 59.0),
        ("60", 60.0),
        ("61", 60.0),
        ("999999999", 60.0),
        ("9" * 400, 1.0),
        ("-5", 1.0),
        ("1.5", 1.0),
        ("7s", 1.0),
        ("\u0663", 1.0),
        ("soon", 1.0),
        ("", 1.0),
        (" ", 1.0),
        ("inf", 1.0),
        ("nan", 1.0),
        ("Wed, 21 Oct 2015 07:28:20 GMT", 20.0),
        ("Wed, 21 Oct 2015 07:28:00 GMT", 1.0),
        ("Wed, 21 Oct 2015 07:29:00 GMT", 60.0),
        ("Wed, 21 Oct 2015 07:28:59 GMT", 59.0),
        ("Wed, 21 Oct 2015 09:28:20 +0200", 20.0),
        ("Tue, 20 Oct 2015 07:28:20 GMT", 1.0),
        ("Fri, 01 Jan 2100 00:00:00 GMT", 60.0),
        ("Mon, 01 Jan 0001 00:00:00 GMT", 1.0),
        ("Fri, 31 Dec 9999 23:59:59 -2359", 60.0),
        ("Wed, 21 Oct 99999 07:28:00 GMT", 1.0),
        ("Wed, 99 Oct 2015 07:28:00 GMT", 1.0),
        ("Wed, 21 Oct 2015 07:28:00 +99999999999", 1.0),
        ("Oct", 1.0),
        ("\x00\xff", 1.0),
    ],
)
def test_retry_after_is_seconds_or_a_date(wait: str, pause: float) -> None:
    """At most a minute, at least a second; nonsense is a second."""
    for status in (429, 503):
        raw = wait.encode("latin-1", "replace")
        answer = Reply(status, Headers({b"Retry-After": [raw]}), b"")
        found = outcome.of_refusal(answer, True, UNIX)
        assert (found.kind, found.pause) == (Kind.BUSY, pause)


def test_429_without_a_time_is_a_second() -> None:
    """It is busy all the same; 503 without one is not."""
    assert (of(429).kind, of(429).pause) == (Kind.BUSY, 1.0)
    assert (of(503).kind, of(503).pause) == (Kind.UNABLE, 0.0)


def test_the_first_of_several_times_counts() -> None:
    """A gateway may have added its own."""
    answer = Reply(503, Headers({b"Retry-After": [b"3", b"9"]}), b"")
    assert outcome.of_refusal(answer, True, UNIX).pause == 3.0


def test_no_answer_is_lost_or_late() -> None:
    """What took too long may still be at work; the reason is the error's."""
    lost = of_error(ExchangeFailed("connection refused"))
    assert lost == Outcome(Kind.LOST, "connection refused")
    late = of_error(ExchangeFailed("timed out after 30 s", timed_out=True))
    assert late == Outcome(Kind.LATE, "timed out after 30 s")
    assert (late.status, late.reply, late.denial) == (0, None, "")


def right(server: str, task: str, model: str, number: int) -> str | None:
    """Find 512 numbers right."""
    assert server == "gpu"
    return None if number == 512 else f"{task} {model} {number}"


def test_an_answer_that_fits_is_served() -> None:
    """With its members, and as it came."""
    came = reply(200, b'{"clip": "[1]"}')
    checked = Checked(came.body, {"clip": msgspec.Raw(b"1")}, 0, {("clip", "m"): 512})
    found = of_answer(came, checked, "gpu", right)
    assert (found.kind, found.reason) == (Kind.SERVED, "")
    assert found.reply is came
    assert found.members is checked.members
    assert found.normalised == 0


def test_what_was_normalised_is_passed_on_so() -> None:
    """And counted."""
    came = reply(201, b'{"clip": [1]}', Content_Type="application/json")
    found = of_answer(came, Checked(b'{"clip": "[1]"}', {}, 2), "gpu", right)
    assert found.reply is not None
    assert (found.reply.status, found.reply.body) == (201, b'{"clip": "[1]"}')
    assert found.reply.headers is came.headers
    assert found.normalised == 2


def test_an_answer_that_does_not_fit_is_none() -> None:
    """The reason is in words; dimensions are not looked at."""
    found = of_answer(reply(200), Violation("ocr", "answers no `ocr`"), "gpu", right)
    assert (found.kind, found.reason) == (Kind.MISFIT, "answers no `ocr`")
    assert found.status == 200


def test_one_wrong_number_of_dimensions_is_another_model() -> None:
    """The first that is wrong is told."""
    numbers = {("clip", "a"): 512, ("face", "b"): 768, ("clip", "c"): 3}
    found = of_answer(reply(200), Checked(b"", {}, 1, numbers), "gpu", right)
    assert (found.kind, found.reason) == (Kind.OTHER_MODEL, "face b 768")
    assert found.status == 200
    assert (found.members, found.normalised) == ({}, 0)


def test_the_kinds_are_sorted_as_the_table_says() -> None:
    """Each of what becomes of the group, and of the server."""

    def named(kinds: frozenset[Kind]) -> set[str]:
        return {kind.name for kind in kinds}

    assert named(outcome.PASSING) == {"LOST", "UNABLE"}
    assert named(outcome.OPINIONS) == {"OPINION", "FAILED"}
    assert named(outcome.REFUSALS) == {"OPINION", "TOO_LARGE", "UNWILLING"}
    assert named(outcome.INABILITIES) == {
        "OPINION",
        "TOO_LARGE",
        "UNWILLING",
        "OTHER_MODEL",
    }
    assert named(outcome.FAILURES) == {"FAILED", "MISFIT", "UNABLE", "LOST", "LATE"}
    assert named(outcome.DOUBTFUL) == {"LOST", "LATE", "UNABLE", "FAILED"}
    assert named(outcome.OVERLOADS) == {"FAILED", "UNABLE", "LOST", "LATE", "BUSY"}
    assert outcome.LONGEST_PAUSE == 60.0
    assert outcome.PAUSE == 1.0
