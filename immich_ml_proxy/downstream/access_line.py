"""
The lines of requests in the log, in two forms.

Plain is what web servers call combined, followed by ``key=value`` fields; JSON is an
object a line, with the same under names. A path is told without its query, and nothing
else of a request but what is here, so that no secret is in it. What is not printable is
escaped, and so are quotes: a client cannot write a line of its own.

Most lines have most in common with the one before: what can be made once is kept.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from functools import lru_cache
from math import floor
from operator import attrgetter

import msgspec

from immich_ml_proxy.balancer.leg import Leg
from immich_ml_proxy.downstream.ended import Ended, Fields
from immich_ml_proxy.downstream.plain_host import plain_host
from immich_ml_proxy.protocol.trace_context import trace_of

#: What is worth a line: every request, work and pings only, or none.
EVERYTHING, WORK, NOTHING = LEVELS = ("all", "work", "off")
#: Characters of a client's that are told, each.
LONGEST = 300
_CLEAN = re.compile(r"[^\"\\=,\s]+")
#: What is told of a group.
_fate = attrgetter("route", "backend", "outcome", "tries", "wait", "service")
_MONTHS = "JanFebMarAprMayJunJulAugSepOctNovDec"


def plain(requests: Iterable[Fields], since: float) -> str:
    """
    Return the lines of requests, each with its end.

    :param requests: each what an :class:`Ended` has.
    :param since: the Unix time at which the clock of their times was at 0.
    """
    lines = []
    for (
        client,
        method,
        target,
        version,
        status,
        _,
        size,
        referer,
        agent,
        names,
        started,
        ended,
        legs,
    ) in requests:
        before, after = _kept(
            int(since + ended),
            client,
            method,
            target[:LONGEST],
            version,
            status,
            _last(referer),
            _last(agent),
        )
        time = _shown(floor((ended - started) * 1e4 + 0.5))
        line = f"{before}{size}{after}{names.own.decode()} time={time}"
        if names.is_part:
            line = f"{line} w3c_trace={trace_of(names.parent)}"
        if not legs:
            lines.append(f"{line}\n")
            continue
        if len(legs) == 1:
            leg = legs[0]
            wait, service = leg.wait, leg.service
            fared = _fared(leg.route, leg.backend, leg.outcome, leg.tries)
        else:
            routes, backends, outcome, tries, wait, service = _together(legs)
            route, backend = (",".join(map(_value, one)) for one in (routes, backends))
            fared = _fields(route, backend, outcome, tries)
        waited = "-" if wait is None else _shown(floor(wait * 1e4 + 0.5))
        served = "-" if service is None else _shown(floor(service * 1e4 + 0.5))
        lines.append(f"{line}{fared} wait={waited} service={served}\n")
    return "".join(lines)


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


def as_json(requests: Iterable[Fields], since: float) -> str:
    """Return the same as objects, one a line."""
    return "".join(
        f"{_encode(_line(Ended(*one), since)).decode()}\n" for one in requests
    )


def _line(request: Ended, since: float) -> _Line:
    when, names = since + request.ended, request.names
    second = int(when)
    line = _Line(
        f"{_second(second)}.{int((when - second) * 1000):03d}Z",
        "request",
        plain_host(request.client),
        _readable(request.method),
        _readable(request.target[:LONGEST].partition(b"?")[0]),
        _readable(request.version),
        request.status,
        request.sent,
        _readable(_bare(_last(request.referer))),
        _readable(_last(request.agent)),
        names.own.decode(),
        round(request.ended - request.started, 4),
        trace_of(names.parent) if names.is_part else "",
    )
    if request.legs:
        routes, backends, line.outcome, line.tries, wait, service = _together(
            request.legs
        )
        line.route, line.backend = ",".join(routes), ",".join(backends)
        line.wait = None if wait is None else round(wait, 4)
        line.service = None if service is None else round(service, 4)
    return line


def _last(values: Sequence[bytes] | None) -> bytes:
    """Return what is told of a header."""
    return values[-1][:LONGEST] if values else b""


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


@lru_cache(maxsize=4096)
def _shown(units: int) -> str:
    """Return a time, given in tenths of a millisecond, in seconds."""
    return f"{units / 1e4:.4f}"


# --- Several groups -------------------------------------------------------------------


def _together(
    legs: Sequence[Leg],
) -> tuple[Sequence[str], Sequence[str], str, int, float | None, float | None]:
    """Return all routes, servers and outcomes, all tries, and the longest times."""
    fates = map(_fate, legs)
    routes, backends, outcomes, tries, waits, services = zip(*fates, strict=True)
    return (
        *(routes, backends, ",".join(outcomes), sum(tries)),
        *(_longest(waits), _longest(services)),
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
