"""Look-ups of host names: one for each name, and nobody waits for another's."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Sequence
from typing import Any

import pytest
from twisted.internet.address import IPv4Address, IPv6Address
from twisted.internet.defer import CancelledError
from twisted.internet.interfaces import IHostnameResolver, IResolutionReceiver
from twisted.internet.task import Clock
from zope.interface import implementer
from zope.interface.verify import verifyObject

from immich_ml_proxy.upstream import resolver as module
from immich_ml_proxy.upstream.resolver import (
    GIVE_UP,
    KEPT,
    PATIENCE,
    Found,
    NamedHost,
    Resolver,
    is_gone,
)

OLD: list[Found] = [(socket.AF_INET, ("10.0.0.1", 0))]
NEW: list[Found] = [(socket.AF_INET, ("10.0.0.2", 0))]
BOTH: list[Found] = [
    (socket.AF_INET6, ("fd00::1", 0, 0, 0)),
    (socket.AF_INET, ("10.0.0.1", 0)),
]
GONE = socket.gaierror(socket.EAI_NONAME, "Name or service not known")
AGAIN = socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution")


class Reactor(Clock):
    """A clock, and calls from threads, which are made when the test says so."""

    def __init__(self) -> None:
        super().__init__()
        self._calls: list[Callable[[], Any]] = []
        self._called = threading.Condition()

    def callFromThread(self, function: Callable[..., Any], *arguments: Any) -> None:
        """Keep a call; see ``IReactorFromThreads``."""
        with self._called:
            self._calls.append(lambda: function(*arguments))
            self._called.notify()

    def turn(self) -> None:
        """Await the next call and make it."""
        with self._called:
            assert self._called.wait_for(lambda: self._calls, 60)
            call = self._calls.pop(0)
        call()


class NameServer:
    """
    Answers one question after the other, when it is told to.

    :ivar asked: all names that were asked for, in order.
    """

    def __init__(self) -> None:
        self.asked: list[str] = []
        self._answers: dict[str, Any] = {}
        self._changed = threading.Condition()

    def look_up(self, name: str) -> Sequence[Found]:
        """Wait for the answer; called in a thread."""
        with self._changed:
            self.asked.append(name)
            self._changed.notify_all()
            assert self._changed.wait_for(lambda: name in self._answers, 60)
            answer = self._answers.pop(name)
        if isinstance(answer, Exception):
            raise answer
        found: Sequence[Found] = answer
        return found

    def answer(self, name: str, answer: Sequence[Found] | Exception) -> None:
        """Answer the question for ``name``."""
        with self._changed:
            self._answers[name] = answer
            self._changed.notify_all()

    def await_questions(self, count: int) -> None:
        """Wait until as many have been asked."""
        with self._changed:
            assert self._changed.wait_for(lambda: len(self.asked) >= count, 60)


@implementer(IResolutionReceiver)
class Receiver:
    """
    Who wants to know.

    :ivar got: the addresses, once they are complete; ``None`` before.
    """

    def __init__(self) -> None:
        self.got: list[Any] | None = None
        self._addresses: list[Any] = []

    def resolutionBegan(self, resolution: Any) -> None:
        """It begins."""
        assert resolution.name

    def addressResolved(self, address: Any) -> None:
        """One was found."""
        self._addresses.append(address)

    def resolutionComplete(self) -> None:
        """There are no more."""
        assert self.got is None
        self.got = self._addresses


class Looking:
    """A resolver, and the name server that it asks."""

    def __init__(self, threads: int = 8) -> None:
        self.reactor = Reactor()
        self.server = NameServer()
        self.resolver = Resolver(self.reactor, self.server.look_up, threads)

    def ask(self, name: str = "gpu", **more: Any) -> Receiver:
        """Begin to look a name up."""
        receiver = Receiver()
        self.resolver.resolveHostName(receiver, name, 3003, **more)
        return receiver

    def answer(self, answer: Sequence[Found] | Exception, name: str = "gpu") -> None:
        """Have a question answered, and the answer delivered."""
        self.server.answer(name, answer)
        self.reactor.turn()

    def known(self) -> Looking:
        """Have ``gpu`` found once."""
        self.ask()
        self.answer(OLD)
        return self


@pytest.fixture
def looking() -> Looking:
    """A resolver that has not been asked yet."""
    return Looking()


def at(host: str) -> list[IPv4Address]:
    """Return what a receiver is told of an IPv4 address."""
    return [IPv4Address("TCP", host, 3003)]


def test_all_addresses_are_told_in_their_order(looking: Looking) -> None:
    """With the port that was asked for; the C library knows which one is better."""
    verifyObject(IHostnameResolver, looking.resolver)
    asking = looking.ask()
    assert asking.got is None
    looking.answer(BOTH)
    assert asking.got == [IPv6Address("TCP", "fd00::1", 3003), *at("10.0.0.1")]
    assert looking.reactor.getDelayedCalls() == []


def test_only_what_was_asked_for_is_told(looking: Looking) -> None:
    """Twisted's older interfaces know IPv4 only, and there are datagrams."""
    asking = looking.ask(addressTypes=[IPv4Address], transportSemantics="UDP")
    looking.answer(BOTH)
    assert asking.got == [IPv4Address("UDP", "10.0.0.1", 3003)]


def test_a_name_is_never_looked_up_twice_at_once(looking: Looking) -> None:
    """Twenty connections to one server are one question."""
    asking = [looking.ask() for _ in range(20)]
    looking.answer(OLD)
    assert [one.got for one in asking] == [at("10.0.0.1")] * 20
    assert looking.server.asked == ["gpu"]


def test_the_next_connection_asks_again(looking: Looking) -> None:
    """A container that was started anew may have another address."""
    looking.known()
    asking = looking.ask()
    assert asking.got is None
    looking.answer(NEW)
    assert asking.got == at("10.0.0.2")


@pytest.mark.parametrize("error", [GONE, AGAIN, UnicodeError(), RuntimeError()])
def test_a_name_that_is_not_found_has_no_addresses(
    looking: Looking, error: Exception
) -> None:
    """At once, for whatever reason; and it is asked for again the next time."""
    asking = looking.ask()
    looking.answer(error)
    assert asking.got == []
    again = looking.ask()
    looking.answer(NEW)
    assert again.got == at("10.0.0.2")


def test_a_name_that_hangs_is_given_up(looking: Looking) -> None:
    """Nobody waits for minutes, nor are those who wait heaped up."""
    asking = looking.ask()
    looking.reactor.advance(GIVE_UP - 0.1)
    assert asking.got is None
    looking.reactor.advance(0.1)
    assert asking.got == []
    later = looking.ask()
    looking.answer(OLD)
    assert later.got == at("10.0.0.1")
    assert looking.server.asked == ["gpu"]


def test_hanging_names_starve_nobody() -> None:
    """Each has a thread of its own, up to a bound; what is known needs none."""
    looking = Looking(threads=3).known()
    hanging = [looking.ask(f"hanging-{number}") for number in range(3)]
    looking.server.await_questions(4)
    asking = looking.ask()
    new = looking.ask("new")
    looking.reactor.advance(PATIENCE)
    assert asking.got == at("10.0.0.1")
    assert [one.got for one in hanging] == [None] * 3
    assert len(looking.server.asked) == 4
    looking.answer(AGAIN, "hanging-1")
    looking.server.await_questions(5)
    looking.answer(OLD)
    looking.answer(NEW, "new")
    assert new.got == at("10.0.0.2")


def test_threads_do_not_delay_the_end(looking: Looking) -> None:
    """They are there for the C library to hang in, which nobody can end."""
    looking.ask("hanging")
    looking.server.await_questions(1)
    working = [one for one in threading.enumerate() if one.name == "look-up"]
    assert working
    assert all(one.daemon for one in working)


def test_a_system_without_threads_is_told(
    looking: Looking, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And asked again the next time."""
    with monkeypatch.context() as full:

        def start(thread: threading.Thread) -> None:
            raise RuntimeError("can't start new thread")

        full.setattr(threading.Thread, "start", start)
        with pytest.raises(RuntimeError, match="new thread"):
            looking.ask()
    asking = looking.ask()
    looking.answer(OLD)
    assert asking.got == at("10.0.0.1")
    assert looking.server.asked == ["gpu"]


def test_threads_are_used_again(looking: Looking) -> None:
    """There are as many as there are look-ups at once, not as there have been."""
    before = threading.active_count()
    for _ in range(20):
        looking.ask()
        looking.answer(OLD)
    assert threading.active_count() <= before + 1


def test_old_addresses_are_used_while_a_look_up_hangs(looking: Looking) -> None:
    """Servers stay where they are when the name server is ill."""
    looking.known()
    first = looking.ask()
    looking.reactor.advance(PATIENCE / 2)
    second = looking.ask()
    assert first.got is second.got is None
    looking.reactor.advance(PATIENCE / 2)
    assert first.got == second.got == at("10.0.0.1")
    looking.reactor.advance(3600)
    assert looking.ask().got == at("10.0.0.1")
    looking.answer(NEW)
    again = looking.ask()
    looking.answer(NEW)
    assert again.got == at("10.0.0.2")
    assert looking.reactor.getDelayedCalls() == []


def test_old_addresses_are_used_when_a_look_up_fails(looking: Looking) -> None:
    """For as long as nobody says that the name exists no more."""
    looking.known()
    looking.reactor.advance(3600)
    asking = looking.ask()
    looking.answer(AGAIN)
    assert asking.got == at("10.0.0.1")


def test_a_name_that_is_gone_is_believed_after_a_while(looking: Looking) -> None:
    """A name server that restarts forgets names for some seconds."""
    looking.known()
    looking.reactor.advance(KEPT)
    asking = looking.ask()
    looking.answer(GONE)
    assert asking.got == at("10.0.0.1")
    looking.reactor.advance(0.1)
    asking = looking.ask()
    looking.answer(GONE)
    assert asking.got == []


def test_the_c_library_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is neither IPv4 nor IPv6 cannot be connected to."""

    def getaddrinfo(name: str, port: int, **more: Any) -> list[Any]:
        assert (name, port, more) == ("ml_1.stack", 0, {"type": socket.SOCK_STREAM})
        other = (99, socket.SOCK_STREAM, 6, "", ())
        return [other, *((one, socket.SOCK_STREAM, 6, "", to) for one, to in BOTH)]

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    assert module.look_up("ml_1.stack") == BOTH


def test_a_host_has_the_name_it_has(looking: Looking) -> None:
    """Whatever Twisted is told, so that it does not refuse to ask."""
    looking.reactor.nameResolver = looking.resolver  # type: ignore[attr-defined]
    named = NamedHost(looking.reactor, "ml_1.stack")
    receiver = Receiver()
    named.nameResolver.resolveHostName(receiver, "backend", 3003)
    looking.answer(OLD, "ml_1.stack")
    assert receiver.got == at("10.0.0.1")
    assert looking.server.asked == ["ml_1.stack"]
    assert named.seconds() == looking.reactor.seconds()


# --- What a name has now, and not what it had -----------------------------------------


def hosts(resolver: Resolver, name: str) -> list[Any]:
    """Look a name up; the list gets what comes of it."""
    told: list[Any] = []
    resolver.look_up(name).addBoth(told.append)
    return told


def test_a_look_up_tells_what_is_new_however_late_it_is() -> None:
    """Who wants to know all addresses has no use for those of before."""
    reactor, server = Reactor(), NameServer()
    resolver = Resolver(reactor, server.look_up)
    first = hosts(resolver, "ml")
    server.answer("ml", BOTH)
    reactor.turn()
    assert first == [["fd00::1", "10.0.0.1"]]
    late = hosts(resolver, "ml")
    reactor.advance(10 * GIVE_UP)
    assert late == []
    server.answer("ml", NEW)
    reactor.turn()
    assert late == [["10.0.0.2"]]


@pytest.mark.parametrize(("error", "gone"), [(GONE, True), (AGAIN, False)])
def test_a_look_up_that_fails_tells_why(error: Exception, gone: bool) -> None:
    """And whether there is no such name."""
    reactor, server = Reactor(), NameServer()
    resolver = Resolver(reactor, server.look_up)
    first, second = hosts(resolver, "ml"), hosts(resolver, "ml")
    server.answer("ml", error)
    reactor.turn()
    for [failure] in (first, second):
        assert failure.value is error
        assert is_gone(failure.value) is gone
    assert server.asked == ["ml"]


def test_a_look_up_that_nobody_waits_for_goes_on() -> None:
    """The next one joins it: a name is never asked for in two threads at once."""
    reactor, server = Reactor(), NameServer()
    resolver = Resolver(reactor, server.look_up)
    waiting = resolver.look_up("ml")
    waiting.addErrback(lambda failure: failure.trap(CancelledError))
    waiting.cancel()
    then = hosts(resolver, "ml")
    server.answer("ml", NEW)
    reactor.turn()
    assert then == [["10.0.0.2"]]
    assert server.asked == ["ml"]
