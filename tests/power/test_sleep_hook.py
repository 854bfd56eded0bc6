"""A machine that has nothing to do is told that it may sleep."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from twisted.internet.defer import Deferred, fail, succeed
from twisted.logger import capturedLogs, formatEvent
from twisted.web.http_headers import Headers

from immich_ml_proxy.power.sleep_hook import SleepHook
from immich_ml_proxy.upstream.reply import ExchangeFailed, Reply
from tests.balancer.demands import server

HOOK = "http://a:8000/sleep"


class Hooked:
    """
    A hook, and what became of its calls.

    :param answer: returns what the machine says.
    """

    def __init__(self, answer: Callable[[], Deferred[Reply]]) -> None:
        self._answer = answer
        self.asked: list[tuple[str, bytes]] = []
        self.told: list[tuple[str, str | None]] = []
        self.hook = SleepHook(
            self._post, lambda one, why: self.told.append((one.name, why))
        )

    def _post(
        self, url: str, headers: Mapping[str, str], content: bytes, seconds: float
    ) -> Deferred[Reply]:
        assert not headers
        assert seconds == 10
        self.asked.append((url, content))
        return self._answer()


def test_it_is_posted_to() -> None:
    """With nothing in it."""
    hooked = Hooked(lambda: succeed(Reply(204, Headers(), b"")))
    hooked.hook.call(server(sleep_hook=HOOK))
    assert hooked.asked == [(HOOK, b"")]
    assert hooked.told == [("a", None)]
    hooked.hook.call(server())
    assert len(hooked.asked) == 1


def test_a_call_in_vain_is_told_in_words() -> None:
    """In the log and on the overview; there is no other in this period."""
    for answer, why in (
        (lambda: succeed(Reply(404, Headers(), b"")), "it answered 404"),
        (lambda: fail(ExchangeFailed("connection refused")), "connection refused"),
    ):
        hooked = Hooked(answer)
        with capturedLogs() as events:
            hooked.hook.call(server(sleep_hook=HOOK))
        assert hooked.told == [("a", why)]
        [event] = events
        told = formatEvent(event)
        assert told == f"a could not be told to sleep: its sleepHook: {why}"


def test_a_call_under_way_ends_with_the_proxy() -> None:
    """Nobody is told."""
    hooked = Hooked(Deferred)
    hooked.hook.call(server(sleep_hook=HOOK))
    hooked.hook.stopService()
    assert hooked.told == []
