"""
The line of a request in the log, in two forms.

Plain is what web servers call combined, followed by ``key=value`` fields; JSON is an
object a line, with the same under names. A path is told without its query, and nothing
else of a request but what is here, so that no secret is in it. What is not printable is
escaped, and so are quotes: a client cannot write a line of its own.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache

import attrs
import msgspec

from immich_ml_proxy.balancer.leg import Leg

#: What is worth a line: every request, work and pings only, or none.
EVERYTHING, WORK, NOTHING = LEVELS = ("all", "work", "off")
#: Characters of a client's that are told, each.
LONGEST = 300
_CLEAN = re.compile(r"[^\"\\=\s]+")


@attrs.define
class Seen:
    """
    A request that is over.

    :ivar address: of the client; ``-``: it has none.
    :ivar method: as it was sent, and so are ``target``, ``version``, ``referer``
        and ``agent``; ``None``: was not sent.
    :ivar status: of the answer; 499: the client left before.
    :ivar size: bytes of the answer's body.
    :ivar trace: the name of the request.
    :ivar part_of: the W3C trace that the client made it a part of; empty: none.
    :ivar legs: how its groups fared; empty: it was no work.
    :ivar seconds: from its head to the end of its answer.
    """

    address: str
    method: bytes
    target: bytes
    version: bytes
    status: int
    size: int
    referer: bytes | None
    agent: bytes | None
    trace: str
    part_of: str
    legs: Sequence[Leg]
    seconds: float


def plain(seen: Seen, when: str) -> str:
    """
    Return the line of a request, with its end.

    :param when: the time as web servers write it, in brackets.
    """
    line = (
        f"{seen.address} - - {when} "
        f'"{_text(seen.method)} {_path(seen.target)} {_text(seen.version)}" '
        f'{seen.status} {seen.size} "{_link(seen.referer)}" "{_text(seen.agent)}" '
        f"trace={seen.trace} time={seen.seconds:.4f}"
    )
    if seen.part_of:
        line += f" w3c_trace={seen.part_of}"
    legs = seen.legs
    if not legs:
        return f"{line}\n"
    if len(legs) == 1:
        [leg] = legs
        route, backend = _value(leg.route), _value(leg.backend)
        outcome, tries, wait, service = leg.outcome, leg.tries, leg.wait, leg.service
    else:
        route = ",".join(_value(leg.route) for leg in legs)
        backend = ",".join(_value(leg.backend) for leg in legs)
        outcome = ",".join(leg.outcome for leg in legs)
        tries, wait, service = _together(legs)
    told = "-" if wait is None else f"{wait:.4f}"
    took = "-" if service is None else f"{service:.4f}"
    return (
        f"{line} route={route} backend={backend} outcome={outcome} tries={tries} "
        f"wait={told} service={took}\n"
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


def as_json(seen: Seen, when: str) -> str:
    """
    Return the same as an object.

    :param when: the time as in RFC 3339.
    """
    line = _Line(
        when,
        "request",
        seen.address,
        _readable(seen.method),
        _readable(seen.target.partition(b"?")[0]),
        _readable(seen.version),
        seen.status,
        seen.size,
        _readable(_bare(seen.referer[:LONGEST])) if seen.referer else "",
        _readable(seen.agent or b""),
        seen.trace,
        round(seen.seconds, 4),
        seen.part_of,
    )
    legs = seen.legs
    if legs:
        line.route = ",".join(leg.route for leg in legs)
        line.backend = ",".join(leg.backend for leg in legs)
        line.outcome = ",".join(leg.outcome for leg in legs)
        line.tries, line.wait, line.service = _together(legs)
    return _encode(line).decode() + "\n"


def _together(legs: Sequence[Leg]) -> tuple[int, float | None, float | None]:
    waits = [leg.wait for leg in legs if leg.wait is not None]
    services = [leg.service for leg in legs if leg.service is not None]
    return (
        sum(leg.tries for leg in legs),
        round(max(waits), 4) if waits else None,
        round(max(services), 4) if services else None,
    )


def _text(sent: bytes | None) -> str:
    return "-" if not sent else _shown(sent[:LONGEST])


def _path(target: bytes) -> str:
    return _shown(target.partition(b"?")[0][:LONGEST])


def _link(sent: bytes | None) -> str:
    return "-" if not sent else _shown(_bare(sent[:LONGEST]))


@lru_cache(maxsize=256)
def _bare(link: bytes) -> bytes:
    """Return a link without what may be secret in it: user, query and fragment."""
    bare = re.split(rb"[?#]", link)[0]
    scheme, separator, rest = bare.partition(b"//")
    host, slash, path = rest.partition(b"/")
    return scheme + separator + host.rpartition(b"@")[2] + slash + path


def _readable(sent: bytes) -> str:
    """Return bytes of a client's as text; what is not printable has its number."""
    text = sent[:LONGEST].decode("latin-1")
    return "".join(one if " " <= one <= "~" else _number(one) for one in text)


@lru_cache(maxsize=1024)
def _shown(sent: bytes) -> str:
    """Return bytes of a client's as text that stays between quotes and on its line."""
    return "".join(map(_escaped, sent.decode("latin-1")))


def _escaped(one: str) -> str:
    if one in '"\\':
        return f"\\{one}"
    return one if " " <= one <= "~" else _number(one)


def _number(one: str) -> str:
    return f"\\x{ord(one):02x}"


@lru_cache(maxsize=1024)
def _value(text: str) -> str:
    """Return a name of somebody's as the value of a field: in quotes, if need be."""
    if not text:
        return "-"
    if _CLEAN.fullmatch(text) and text.isprintable() and "," not in text:
        return text
    told = "".join(
        f"\\{one}" if one in '"\\' else one if one.isprintable() else _code(one)
        for one in text
    )
    return f'"{told}"'


def _code(one: str) -> str:
    return f"\\u{ord(one):04x}"
