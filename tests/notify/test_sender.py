"""Messages go out beside all the work, in bounded time."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.task import Clock
from twisted.logger import LogLevel, capturedLogs, formatEvent
from twisted.web.http_headers import Headers

from immich_ml_proxy.config.notify import Target, read
from immich_ml_proxy.notify.sender import RETRY_AFTER, TIMEOUT, WAITING, Sender
from immich_ml_proxy.observe.incidents import Notice
from immich_ml_proxy.upstream.reply import ExchangeFailed, Reply
from tests.fakes import result_of

NTFY = {"url": "https://ntfy.sh/my-topic", "format": "ntfy"}
LOG = {"url": "http://log:8080/", "events": ["saved"]}


def notice(number: int = 1, subject: Any = "down") -> Notice:
    """Return a message."""
    return Notice(subject, subject, "gpu is down", f"gpu is down: {number}.", 0.0)


class Post:
    """
    Posts nothing, and keeps what it should.

    :ivar asked: URL and body of each; ``waiting``: those that are not answered.
    :ivar answer: of those that come from now on; ``None``: they wait.
    """

    def __init__(self) -> None:
        self.asked: list[tuple[str, bytes]] = []
        self.waiting: list[Deferred[Reply]] = []
        self.cancelled = 0
        self.answer: Reply | Exception | None = Reply(200, Headers(), b"ok")

    def __call__(
        self, url: str, headers: Mapping[str, str], content: bytes, seconds: float
    ) -> Deferred[Reply]:
        """Take one."""
        assert seconds == TIMEOUT
        self.asked.append((url, content))
        posted: Deferred[Reply] = Deferred(self._cancelled)
        if self.answer is None:
            self.waiting.append(posted)
        elif isinstance(self.answer, Exception):
            posted.errback(self.answer)
        else:
            posted.callback(self.answer)
        return posted

    def _cancelled(self, posted: object) -> None:
        self.cancelled += 1


class Sending:
    """A sender to nobody, with a clock."""

    def __init__(self, *entries: dict[str, Any]) -> None:
        self.clock, self.post = Clock(), Post()
        self.sender = Sender(self.clock, lambda: 1000 + self.clock.seconds(), self.post)
        self.failed: list[tuple[str, str]] = []
        self.sender.failed = lambda name, why: self.failed.append((name, why))
        self.configure(*entries)

    def configure(self, *entries: dict[str, Any]) -> tuple[Target, ...]:
        """Have these be told."""
        targets = read(list(entries))
        self.sender.reconfigured(targets)
        return targets

    @property
    def texts(self) -> list[str]:
        """What was posted."""
        return [body.decode() for _, body in self.post.asked]


def test_who_wants_to_know_is_told() -> None:
    """And nobody else."""
    sending = Sending(NTFY, LOG)
    sending.sender.send(notice())
    assert [url for url, _ in sending.post.asked] == ["https://ntfy.sh/my-topic"]
    sending.sender.send(notice(2, "saved"))
    assert [url for url, _ in sending.post.asked[1:]] == [
        "https://ntfy.sh/my-topic",
        "http://log:8080/",
    ]


def test_messages_come_in_their_order_one_after_the_other() -> None:
    """However slow he is who is told; the others do not wait for him."""
    sending = Sending(NTFY, {"url": "http://log:8080/"})
    sending.post.answer = None
    for number in range(3):
        sending.sender.send(notice(number))
    assert len(sending.post.asked) == 2
    assert [one["waiting"] for one in sending.sender.told()] == [3, 3]
    first, other = sending.post.waiting
    sending.post.answer = Reply(204, Headers(), b"")
    first.callback(sending.post.answer)
    assert [one["waiting"] for one in sending.sender.told()] == [0, 3]
    other.callback(sending.post.answer)
    assert [url for url, _ in sending.post.asked].count("http://log:8080/") == 3
    ours = [body for url, body in sending.post.asked if "ntfy" in url]
    assert ours == [b"gpu is down: 0.", b"gpu is down: 1.", b"gpu is down: 2."]


def test_what_fails_is_tried_once_more() -> None:
    """After two seconds; then it is given up, and the next one is sent."""
    sending = Sending(NTFY)
    sending.post.answer = ExchangeFailed("connection refused")
    sending.sender.send(notice(1))
    assert len(sending.post.asked) == 1
    sending.clock.advance(RETRY_AFTER)
    assert sending.texts == ["gpu is down: 1."] * 2
    sending.post.answer = Reply(200, Headers(), b"")
    sending.sender.send(notice(2))
    assert sending.texts[2:] == ["gpu is down: 2."]
    assert sending.clock.getDelayedCalls() == []


def test_a_passing_failure_loses_nothing_and_is_not_told() -> None:
    """The second try was taken."""
    sending = Sending(NTFY)
    sending.post.answer = Reply(503, Headers(), b"")
    sending.sender.send(notice())
    sending.post.answer = Reply(200, Headers(), b"")
    with capturedLogs() as events:
        sending.clock.advance(RETRY_AFTER)
    assert events == []
    [told] = sending.sender.told()
    assert told == {
        "target": "ntfy.sh",
        "format": "ntfy",
        "error": None,
        "last": 1002.0,
        "waiting": 0,
    }


def test_one_who_cannot_be_reached_is_told_once() -> None:
    """In the log, in the status, and to the overview; and once when he can again."""
    sending = Sending(NTFY)
    sending.post.answer = ExchangeFailed("connection refused")
    with capturedLogs() as events:
        for number in range(3):
            sending.sender.send(notice(number))
            sending.clock.advance(RETRY_AFTER)
        assert sending.sender.told()[0]["error"] == "connection refused"
        sending.post.answer = Reply(200, Headers(), b"")
        for number in range(3):
            sending.sender.send(notice(number))
    assert sending.failed == [("ntfy.sh", "connection refused")]
    assert [(one["log_level"], formatEvent(one)) for one in events] == [
        (
            LogLevel.warn,
            "ntfy.sh cannot be told what happens: connection refused",
        ),
        (LogLevel.info, "ntfy.sh is told again what happens"),
    ]
    assert sending.sender.told()[0]["error"] is None


def test_a_flood_is_bounded() -> None:
    """The oldest are dropped: what is now matters most."""
    sending = Sending(NTFY)
    sending.post.answer = None
    for number in range(WAITING + 50):
        sending.sender.send(notice(number))
    assert sending.sender.told()[0]["waiting"] == WAITING + 1
    sending.post.answer = Reply(200, Headers(), b"")
    sending.post.waiting[0].callback(sending.post.answer)
    assert sending.texts[1] == "gpu is down: 50."
    assert len(sending.texts) == WAITING + 1


def test_who_stays_in_the_configuration_goes_on_and_who_does_not_is_told_no_more() -> (
    None
):
    """What was on its way to him is cut off."""
    sending = Sending(NTFY, LOG, {**NTFY, "events": ["down"]})
    sending.post.answer = None
    sending.sender.send(notice(1, "saved"))
    sending.sender.send(notice(2))
    assert len(sending.post.waiting) == 3
    sending.configure(LOG, {**NTFY, "events": ["down"]})
    assert sending.post.cancelled == 1
    assert [one["waiting"] for one in sending.sender.told()] == [1, 1]
    sending.sender.stopService()
    assert sending.post.cancelled == 3
    assert sending.clock.getDelayedCalls() == []


def test_a_test_says_what_came_of_it() -> None:
    """In a sentence, whatever it was; it is no message that is sent again."""
    sending = Sending(NTFY)
    [target] = sending.configure(
        {**NTFY, "headers": {"X-Key": "very-secret-1"}, "events": []}
    )

    def told(answer: Reply | Exception) -> Any:
        sending.post.answer = answer
        return result_of(Deferred.fromCoroutine(sending.sender.test(target)))

    assert told(Reply(200, Headers(), b"{}")) == {
        "ok": True,
        "status": 200,
        "text": "ntfy.sh took it.",
        "took": 0.0,
    }
    assert "This is a test of Immich ML Proxy" in sending.texts[0]
    gone = told(ExchangeFailed("host name not found"))
    assert (gone["ok"], gone["status"]) == (False, None)
    assert gone["text"] == "ntfy.sh cannot be reached: host name not found."
    refused = told(Reply(403, Headers(), b'{"error":\n"very-secret-1 at my-topic"}'))
    assert (refused["ok"], refused["status"]) == (False, 403)
    assert refused["text"] == 'it answered 403: {"error": "*** at ***"}'
    moved = told(Reply(301, Headers(), b""))
    assert moved["text"].endswith("it is at another address now; type that one")
    assert told(Reply(500, Headers(), b""))["text"] == "it answered 500"
    assert len(told(Reply(500, Headers(), b"x" * 9000))["text"]) < 250
    assert sending.sender.told()[0]["error"] is None
