"""
The lines of requests in the log, in two forms.

Plain is what web servers call combined, followed by ``key=value`` fields; JSON is an
object a line, with the same under names. A path is told without its query, and nothing
else of a request but what is here, so that no secret is in it. What is not printable is
escaped, and so are quotes: a client cannot write a line of its own.

Most lines have most in common with the one before: what can be made once is kept. A
line is made when its request ends: a text is nothing to the garbage collector, which
would look again and again at what it is made of.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from functools import lru_cache
from math import floor
from typing import Any, NamedTuple

import msgspec

from immich_ml_proxy.balancer.leg import Leg
from immich_ml_proxy.downstream.plain_host import plain_host
from immich_ml_proxy.protocol.trace_context import trace_of

#: What is worth a line: every request, work and pings only, or none.
EVERYTHING, WORK, NOTHING = LEVELS = ("all", "work", "off")
#: Characters of a client's that are told, each.
LONGEST = 300
#: Times whose text is kept: those of less than half a second, if nothing else comes.
MOST_SHOWN = 5000
_CLEAN = re.compile(r"[^\"\\=,\s]+")
_MONTHS = "JanFebMarAprMayJunJulAugSepOctNovDec"


class Seen(NamedTuple):
    """
    A request that is over; on its way to a line it is just arguments, which cost less.

    :ivar when: in Unix seconds.
    :ivar client: its address; ``-``: it has none.
    :ivar method: as it was sent, and so are ``target`` and ``version``.
    :ivar status: of the answer; 499: the client left before.
    :ivar size: bytes of the answer's body.
    :ivar referer: the values of this header, and of ``agent``; ``None``: not sent.
    :ivar trace: the name of the request.
    :ivar parent: of the W3C trace that the client made it a part of; empty: none.
    :ivar legs: how its groups fared; empty: it was no work.
    :ivar seconds: from its head to the end of its answer.
    """

    when: float
    client: str
    method: bytes
    target: bytes
    version: bytes
    status: int
    size: int
    referer: Sequence[bytes] | None
    agent: Sequence[bytes] | None
    trace: str
    parent: bytes
    legs: Sequence[Leg]
    seconds: float


def plain(
    when: float,
    client: str,
    method: bytes,
    target: bytes,
    version: bytes,
    status: int,
    size: int,
    referer: Sequence[bytes] | None,
    agent: Sequence[bytes] | None,
    trace: str,
    parent: bytes,
    legs: Sequence[Leg],
    seconds: float,
) -> str:
    """Return the line of a request, with its end; see :class:`Seen`."""
    before, after = _kept(
        int(when),
        client,
        method,
        target if len(target) <= LONGEST else target[:LONGEST],
        version,
        status,
        referer[-1][:LONGEST] if referer else b"",
        agent[-1][:LONGEST] if agent else b"",
    )
    traced = f" w3c_trace={trace_of(parent)}" if parent else ""
    took = _SHOWN[floor(seconds * 1e4 + 0.5)]
    if not legs:
        return f"{before}{size}{after}{trace} time={took}{traced}\n"
    if len(legs) == 1:
        leg = legs[0]
        fared = _fared(leg.route, leg.backend, leg.outcome, leg.tries)
        wait, service = leg.wait, leg.service
    else:
        fared, wait, service = _together(legs)
    waited = "-" if wait is None else _SHOWN[floor(wait * 1e4 + 0.5)]
    served = "-" if service is None else _SHOWN[floor(service * 1e4 + 0.5)]
    return (
        f"{before}{size}{after}{trace} time={took}{traced}{fared} wait={waited} "
        f"service={served}\n"
    )


class _Line(msgspec.Struct, omit_defaults=True):
    time: str
    kind: str
    address: str
    method: str
    path: str
    version: str
    status: int
    bytes: int
    referer: str
    agent: str
    trace: str
    seconds: float
    w3c_trace: str = ""
    route: str = ""
    backend: str = ""
    outcome: str = ""
    tries: int | None = None
    wait: float | None = None
    service: float | None = None


_encode = msgspec.json.Encoder().encode


def as_json(*fields: Any) -> str:
    """Return the same as an object."""
    return f"{_encode(_line(Seen(*fields))).decode()}\n"


def _line(seen: Seen) -> _Line:
    second = int(seen.when)
    line = _Line(
        f"{_second(second)}.{int((seen.when - second) * 1000):03d}Z",
        "request",
        plain_host(seen.client),
        _readable(seen.method),
        _readable(seen.target[:LONGEST].partition(b"?")[0]),
        _readable(seen.version),
        seen.status,
        seen.size,
        _readable(_bare(_last(seen.referer))) if seen.referer else "",
        _readable(_last(seen.agent)),
        seen.trace,
        round(seen.seconds, 4),
        trace_of(seen.parent) if seen.parent else "",
    )
    legs = seen.legs
    if legs:
        line.route = ",".join(leg.route for leg in legs)
        line.backend = ",".join(leg.backend for leg in legs)
        line.outcome = ",".join(leg.outcome for leg in legs)
        line.tries = sum(leg.tries for leg in legs)
        wait = _longest(leg.wait for leg in legs)
        service = _longest(leg.service for leg in legs)
        line.wait = None if wait is None else round(wait, 4)
        line.service = None if service is None else round(service, 4)
    return line


# --- What is kept ---------------------------------------------------------------------


@lru_cache(maxsize=512)
def _kept(
    second: int,
    client: str,
    method: bytes,
    target: bytes,
    version: bytes,
    status: int,
    referer: bytes,
    agent: bytes,
) -> tuple[str, str]:
    """Return what a line has before the size, and between it and the name."""
    asked = f"{_text(method)} {_text(target.partition(b'?')[0])} {_text(version)}"
    return (
        f'{plain_host(client)} - - {_date(second)} "{asked}" {status} ',
        f' "{_text(_bare(referer))}" "{_text(agent)}" trace=',
    )


@lru_cache(maxsize=512)
def _fared(route: str, backend: str, outcome: str, tries: int) -> str:
    """Return how a group of a request fared, without its times."""
    return _fields(_value(route), _value(backend), outcome, tries)


class _Shown(dict[int, str]):
    """Times in seconds, as they are shown, by tenths of a millisecond."""

    def __missing__(self, units: int) -> str:
        if len(self) >= MOST_SHOWN:
            self.clear()
        shown = self[units] = f"{units / 1e4:.4f}"
        return shown


_SHOWN = _Shown()


# --- Several groups -------------------------------------------------------------------


def _together(legs: Sequence[Leg]) -> tuple[str, float | None, float | None]:
    """Return how the groups of a request fared, and the longest of their times."""
    told = _fields(
        ",".join(_value(leg.route) for leg in legs),
        ",".join(_value(leg.backend) for leg in legs),
        ",".join(leg.outcome for leg in legs),
        sum(leg.tries for leg in legs),
    )
    return (
        told,
        _longest(leg.wait for leg in legs),
        _longest(leg.service for leg in legs),
    )


def _fields(route: str, backend: str, outcome: str, tries: int) -> str:
    return f" route={route} backend={backend} outcome={outcome} tries={tries}"


def _longest(times: Iterable[float | None]) -> float | None:
    return max((time for time in times if time is not None), default=None)


# --- Words ----------------------------------------------------------------------------


@lru_cache(maxsize=2)
def _date(second: int) -> str:
    """Return the time as web servers write it."""
    when = datetime.fromtimestamp(second, UTC)
    month = _MONTHS[3 * when.month - 3 :][:3]
    return f"[{when:%d}/{month}/{when:%Y:%H:%M:%S} +0000]"


@lru_cache(maxsize=2)
def _second(second: int) -> str:
    """Return the time as in RFC 3339, without its zone."""
    return f"{datetime.fromtimestamp(second, UTC):%Y-%m-%dT%H:%M:%S}"


def _last(values: Sequence[bytes] | None) -> bytes:
    return values[-1][:LONGEST] if values else b""


def _text(sent: bytes) -> str:
    """Return bytes of a client's as text that stays between quotes and on its line."""
    return "".join(map(_escaped, sent.decode("latin-1"))) or "-"


def _escaped(one: str) -> str:
    if one in '"\\':
        return f"\\{one}"
    return one if " " <= one <= "~" else _number(one)


def _number(one: str) -> str:
    return f"\\x{ord(one):02x}"


def _bare(link: bytes) -> bytes:
    """Return a link without what may be secret in it: user, query and fragment."""
    bare = re.split(rb"[?#]", link)[0]
    scheme, separator, rest = bare.partition(b"//")
    host, slash, path = rest.partition(b"/")
    return scheme + separator + host.rpartition(b"@")[2] + slash + path


@lru_cache(maxsize=512)
def _readable(sent: bytes) -> str:
    """Return bytes of a client's as text; what is not printable has its number."""
    text = sent.decode("latin-1")
    return "".join(one if " " <= one <= "~" else _number(one) for one in text)


def _value(text: str) -> str:
    """Return a name of somebody's as the value of a field: in quotes, if need be."""
    if not text:
        return "-"
    if _CLEAN.fullmatch(text) and text.isprintable():
        return text
    told = "".join(
        f"\\{one}" if one in '"\\' else one if one.isprintable() else _code(one)
        for one in text
    )
    return f'"{told}"'


def _code(one: str) -> str:
    return f"\\u{ord(one):04x}"
