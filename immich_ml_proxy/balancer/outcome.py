"""
What came of asking a server, and what that says: of it, and of the request.

===================================  ====================  =========================
outcome                              the group             the server
===================================  ====================  =========================
2xx that fits what was asked         is answered           healthy; can do this
2xx that does not                    another server        failed this task
another number of dimensions         another server        cannot do this model
connection refused, broken off       any other server,     unhealthy, pinged at once,
                                     else held             woken
no answer in ``requestTimeout``      any other server      unhealthy, pinged at once
500, where it has served this        one other server;     failed this task
                                     both fail: failed
502, 503, 504, 52x, other 5xx        any other server,     pinged at once; the task is
                                     else held             out for ``PAUSE``
429; those with ``Retry-After``      any other server,     busy until then
                                     else waits for it
400, 422; 500, where it has never    a second opinion      cannot do this
served this
413                                  another server        no bodies of this size
any other 4xx, 3xx, 501              another server        cannot do this; 401, 403,
                                                           404, 405, 407, 3xx: told
                                                           what is wrong with it
508: it leads back to this proxy     another server        cannot do this; told so
===================================  ====================  =========================

What stands on the right counts when another server then serves the group, but for
reachability and business, which count at once. "Failed this task" moves the breaker of
the task; see :mod:`~immich_ml_proxy.balancer.breaker`. "Cannot do this" is learned; see
:mod:`~immich_ml_proxy.balancer.abilities`.

Refusals (400, 422 and 500) settle a group when there are two of them, and one came from
a server that has served this; else everybody is asked. Then the first refusal is passed
on as it came; a 500 is ours to explain.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from datetime import UTC
from email.utils import parsedate_to_datetime
from enum import Enum

import attrs

from immich_ml_proxy.balancer.server import Server
from immich_ml_proxy.errors import BackendFailed, ProxyError, TimedOut, Unavailable
from immich_ml_proxy.protocol.contract import Checked, Violation
from immich_ml_proxy.protocol.merge import Answer
from immich_ml_proxy.upstream.reply import ExchangeFailed, Reply

#: Seconds that a busy server may ask for, and what it gets that says none.
LONGEST_PAUSE = 60.0
PAUSE = 1.0
#: Characters of a refusal's body that are told, and bytes that are looked at for them.
TOLD = 200
_LOOKED_AT = 4096


class Kind(Enum):
    """The rows of the table."""

    SERVED = "served"
    MISFIT = "misfit"
    OTHER_MODEL = "other model"
    LOST = "lost"
    LATE = "late"
    FAILED = "failed"
    UNABLE = "unable"
    BUSY = "busy"
    OPINION = "opinion"
    TOO_LARGE = "too large"
    UNWILLING = "unwilling"


#: It could not be reached, or not do it now: another time it may.
PASSING = frozenset({Kind.LOST, Kind.UNABLE})
#: Opinions about the request.
OPINIONS = frozenset({Kind.OPINION, Kind.FAILED})
#: Answers that are passed on when nobody serves.
REFUSALS = frozenset({Kind.OPINION, Kind.TOO_LARGE, Kind.UNWILLING})
#: What a server that is outdone is not asked for again.
INABILITIES = REFUSALS | {Kind.OTHER_MODEL}
#: What moves the breaker of a task.
FAILURES = frozenset({Kind.FAILED, Kind.MISFIT, Kind.UNABLE, Kind.LOST, Kind.LATE})
#: What a ping may tell more about.
DOUBTFUL = frozenset({Kind.LOST, Kind.LATE, Kind.UNABLE, Kind.FAILED})
#: What says that it should have been given less.
OVERLOADS = FAILURES - {Kind.MISFIT} | {Kind.BUSY}


@attrs.define
class Outcome:
    """
    :ivar kind: the row of the table.
    :ivar reason: what came, in words; empty when it served.
    :ivar reply: what it answered, if it did.
    :ivar pause: seconds for which a busy server wants nothing.
    :ivar denial: what is wrong with the server as a whole, in words, or empty.
    :ivar members: the values of an answer that fits, by their keys.
    :ivar normalised: how many of them had to be put into today's form.
    """

    kind: Kind
    reason: str = ""
    reply: Reply | None = None
    pause: float = 0.0
    denial: str = ""
    members: Answer = attrs.field(factory=dict)
    normalised: int = 0

    @property
    def status(self) -> int:
        """The HTTP status of its answer, 0 without one."""
        return self.reply.status if self.reply is not None else 0


@attrs.define
class Try:
    """
    A server that was asked in vain.

    :ivar had_served: whether it had served such requests before.
    :ivar asked: when it was asked.
    :ivar took: seconds until this came of it.
    """

    server: Server
    outcome: Outcome
    had_served: bool
    asked: float
    took: float


def of_error(error: ExchangeFailed) -> Outcome:
    """Return what it means that there is no whole answer."""
    return Outcome(Kind.LATE if error.timed_out else Kind.LOST, str(error))


def of_answer(
    reply: Reply,
    checked: Checked | Violation,
    server: str,
    judge: Callable[[str, str, str, int], str | None],
) -> Outcome:
    """
    Return what a 2xx means.

    :param checked: whether it fits what was asked.
    :param server: the name of the server.
    :param judge: given that, a task, a model and the number of dimensions that the
        server gives it, tells what is wrong with that.
    """
    if isinstance(checked, Violation):
        return Outcome(Kind.MISFIT, checked.reason, reply)
    for (task, model), number in checked.dimensions.items():
        reason = judge(server, task, model, number)
        if reason is not None:
            return Outcome(Kind.OTHER_MODEL, reason, reply)
    if checked.normalised:
        reply = Reply(reply.status, reply.headers, checked.body)
    return Outcome(
        Kind.SERVED,
        reply=reply,
        members=checked.members,
        normalised=checked.normalised,
    )


def of_refusal(reply: Reply, has_served: bool, unix_time: float) -> Outcome:
    """
    Return what an answer other than 2xx means.

    :param has_served: whether the server has served such requests.
    :param unix_time: now, for a ``Retry-After`` that is a date.
    """
    status = reply.status
    told = excerpt(reply.body)
    reason = f"answered {status}: {told}" if told else f"answered {status}"
    wait = _header(reply, b"Retry-After")
    if status == 429 or (status > 501 and wait is not None):
        return Outcome(Kind.BUSY, reason, reply, _pause(wait, unix_time))
    if status == 500:
        kind = Kind.FAILED if has_served else Kind.OPINION
    elif status in (400, 422):
        kind = Kind.OPINION
    elif status == 413:
        kind = Kind.TOO_LARGE
    elif status == 501 or 300 <= status < 500:
        return Outcome(Kind.UNWILLING, reason, reply, denial=_denial(reply))
    else:
        kind = Kind.UNABLE
    return Outcome(kind, reason, reply)


def of_loop(reply: Reply) -> Outcome:
    """Return what a 508 means: whom we have asked is ourselves, or asks us."""
    told = "leads back to this proxy: it is a loop"
    return Outcome(Kind.UNWILLING, told, reply, denial=told)


def is_settled(tries: Sequence[Try]) -> bool:
    """Whether the opinions so far are enough to call the request wrong."""
    opinions = [one for one in tries if one.outcome.kind in OPINIONS]
    return len(opinions) > 1 and any(one.had_served for one in opinions)


def passed_on(tries: Sequence[Try]) -> Try | None:
    """Return the refusal that is the answer when nobody serves; ``None``: an error."""
    for one in tries:
        if one.outcome.kind in REFUSALS and one.outcome.status != 500:
            return one
    return None


def error(
    label: str,
    tries: Sequence[Try],
    busy: Try | None,
    unable: Sequence[Server],
    was_held: bool,
) -> ProxyError:
    """
    Return why nobody has served a group.

    :param label: the group, in words.
    :param busy: one that only said to ask later.
    :param unable: those that were not asked, since they cannot do it.
    :param was_held: it was waited for those that could not be reached.
    """
    told = [f"{one.server.name} {one.outcome.reason}" for one in tries]
    if busy is not None:
        told.append(f"{busy.server.name} {busy.outcome.reason}")
    if unable:
        told.append(f"{' and '.join(one.name for one in unable)} cannot do this")
    kind: type[ProxyError] = BackendFailed
    passing = all(one.outcome.kind in PASSING for one in tries)
    if busy is not None or not tries or (passing and (unable or was_held)):
        kind = Unavailable
    elif tries[-1].outcome.kind is Kind.LATE:
        kind = TimedOut
    made = kind(f"{label}: {'; '.join(told) or 'there is no machine to ask'}")
    made.backends = tuple(one.server.name for one in tries)
    return made


def excerpt(body: bytes) -> str:
    """Return the beginning of an answer as a line of text, without markup."""
    looked_at = body[:_LOOKED_AT]
    # A character may be cut in the middle; what else is no UTF-8 is no text.
    text = looked_at.decode("utf-8", "ignore")
    if len(looked_at) - len(text.encode()) > 3:
        return ""
    if text.lstrip()[:1] == "<":
        text = re.sub(r"<(style|script)\b.*?(</\1>|$)|<[^>]*>?", " ", text, flags=_SI)
    printable = "".join(one if one.isprintable() else " " for one in text)
    return " ".join(printable.split())[:TOLD]


_SI = re.DOTALL | re.IGNORECASE


def _pause(wait: str | None, unix_time: float) -> float:
    """Return how many seconds ``Retry-After`` asks for; nonsense is ``PAUSE``."""
    seconds = PAUSE
    if wait is not None and re.fullmatch(r"[0-9]{1,9}", wait.strip()):
        seconds = float(wait)
    elif wait is not None:
        try:
            date = parsedate_to_datetime(wait)
            date = date if date.tzinfo else date.replace(tzinfo=UTC)
            seconds = date.timestamp() - unix_time
        except (ValueError, OverflowError):
            return PAUSE
    return min(max(seconds, PAUSE), LONGEST_PAUSE)


def _denial(reply: Reply) -> str:
    """Return what is wrong with a server that does not let us in at all."""
    status = reply.status
    if 300 <= status < 400:
        to = excerpt((_header(reply, b"Location") or "").encode())
        return f"redirects to {to or 'elsewhere'}: {status} at /predict"
    return _DENIALS[status].format(status) if status in _DENIALS else ""


_DENIALS = {
    401: "needs a login: {} at /predict",
    403: "refuses this proxy: {} at /predict",
    404: "is no ML server: {} at /predict",
    405: "is no ML server: {} at /predict",
    407: "is a proxy that needs a login: {} at /predict",
}


def _header(reply: Reply, name: bytes) -> str | None:
    values = reply.headers.getRawHeaders(name)
    return values[0].decode("latin-1") if values else None
