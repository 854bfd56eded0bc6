"""
What answers at an address, by what it says to a few questions, in a sentence.

Asked are ``/ping``, as Immich asks an ML server; ``/api/server/ping``, which Immich
itself answers; ``/api/proxy`` and ``/api/debug/status``, which proxies answer, the
latter the Go original, too.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

import attrs
import msgspec

from immich_ml_proxy.balancer.health import of_ping
from immich_ml_proxy.upstream.reply import Reply

PING = "/ping"
IMMICH = "/api/server/ping"
PROXY = "/api/proxy"
RECORDS = "/api/debug/status"
QUESTIONS = (PING, IMMICH, PROXY, RECORDS)

#: What a question has come to: an answer, or why there is none, in words.
Said = Reply | str


@attrs.frozen
class Finding:
    """
    :ivar kind: a word for programs.
    :ivar text: a sentence.
    :ivar is_ok: whether work can be sent there.
    """

    kind: str
    text: str
    is_ok: bool = False


def found(url: str, said: Mapping[str, Said], own: str) -> Finding:
    """
    Return what answers at ``url``.

    :param said: what each of :data:`QUESTIONS` has come to.
    :param own: names this run of the proxy.
    """
    ping = said[PING]
    if isinstance(ping, str):
        return _silent(url, ping)
    proxy = _json(said[PROXY])
    if proxy.get("proxy") == "immich-ml-proxy":
        if proxy.get("id") == own:
            return Finding("this", _THIS)
        version = str(proxy.get("version", ""))[:20]
        return Finding("proxy", _another(url, f" (version {version})"), True)
    if _json(said[RECORDS]).keys() >= {"enabled", "maxRecords"}:
        return Finding("proxy", _another(url, ""), True)
    wrong = of_ping(ping)
    if wrong is None:
        return Finding("ml", f"An Immich ML server answers at {url}.", True)
    if _json(said[IMMICH]).get("res") == "pong" or "Immich itself" in wrong:
        return Finding("immich", f"At {url} is Immich itself. {_IMMICH}")
    if _wants_tls(ping):
        return Finding("plain-to-tls", _tls(url))
    return Finding("web", f"{url} {wrong}.")


_THIS = (
    "This is the address of this proxy itself, which would ask itself for ever: "
    "give that of an ML server."
)
_IMMICH = "Its machine learning is another container, by default on port 3003."


def _another(url: str, version: str) -> str:
    return (
        f"Another immich-ml-proxy{version} answers at {url}. That works, but its "
        "machines are better added here one by one."
    )


def _tls(url: str) -> str:
    return f"What answers at {url} speaks https: write https:// before the address."


def _silent(url: str, why: str) -> Finding:
    """Return what a server is that gives no answer."""
    at, host = _place(url), urlsplit(url).hostname or ""
    why = why.removeprefix("connection failed: ")
    for told, kind, text in _WORDS:
        if told in why:
            return Finding(kind, text.format(url=url, at=at, host=host, why=why))
    return Finding("other", f"Something listens at {at}, but: {why}.")


def plain(url: str) -> Finding:
    """Return what a server is that answers with http, and to https does not."""
    return Finding(
        "tls-to-plain",
        f"What listens at {_place(url)} does not speak https: write http:// before the "
        "address.",
    )


#: What stands in the words for why there is no answer, what that is, and what to do.
_WORDS = (
    (
        "connection refused",
        "refused",
        "Nothing listens at {at}: the connection was refused. Is the ML server "
        "started, and its port published?",
    ),
    (
        "host name not found",
        "unknown-name",
        "The name {host} is not known where the proxy runs: try the IP address.",
    ),
    (
        "its certificate",
        "certificate",
        "{at} speaks https, but {why}. Use http:// where you can, or have the "
        "certificate trusted.",
    ),
    (
        "SSL routines",
        "tls-to-plain",
        "What listens at {at} does not speak https: write http:// before the address.",
    ),
    (
        "timed out",
        "no-answer",
        "Nothing answers at {at}: is the machine on, the address right, and no "
        "firewall in between?",
    ),
    (
        "no route to host",
        "no-answer",
        "{at} cannot be reached: is the machine on, and in this network?",
    ),
)


def may_speak_tls(said: Said) -> bool:
    """Whether a plain request has got what those get that are sent to a TLS port."""
    if isinstance(said, str):
        return any(
            one in said
            for one in ("without an answer", "answered wrongly", "is gone", "timed out")
        )
    return _wants_tls(said)


def _wants_tls(reply: Reply) -> bool:
    return reply.status == 400 and b"https" in reply.body[:4096].lower()


def of_tls(url: str, said: Said) -> Finding | None:
    """
    Return what answers at a port that a plain request got nothing from.

    :param url: the same with https.
    :param said: what its ``/ping`` has come to.
    :return: ``None`` when it does not speak TLS, either.
    """
    if isinstance(said, Reply):
        return Finding("plain-to-tls", f"What answers there speaks https: use {url}")
    if "its certificate" in said:
        why = said.removeprefix("connection failed: ")
        return Finding(
            "plain-to-tls", f"What answers there speaks https ({url}), but {why}."
        )
    return None


def _place(url: str) -> str:
    """Return host and port."""
    parts = urlsplit(url)
    port = parts.port or (443 if parts.scheme == "https" else 80)
    host = parts.hostname or ""
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def _json(said: Said) -> Mapping[str, Any]:
    """Return the object that was answered; an empty one if there is none."""
    if isinstance(said, str) or not 200 <= said.status < 300:
        return {}
    try:
        value = msgspec.json.decode(said.body[:65536])
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}


def version_of(said: Said) -> str | None:
    """
    Return which form of the ML service it is, by its answer to ``{"clip": {}}``.

    The second answers that with nothing, the third refuses it.
    """
    if isinstance(said, str):
        return None
    return {200: "2", 422: "3"}.get(said.status)


def alternatives(url: str, kind: str, is_maybe_tls: bool) -> list[str]:
    """Return what else may have been meant, likeliest first."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    if ":" in host:
        host = f"[{host}]"
    at = parts.netloc
    others = []
    if parts.scheme == "https" and kind in ("tls-to-plain", "no-answer", "other"):
        others.append(f"http://{at}{parts.path}")
    if is_maybe_tls:
        others.append(f"https://{at}{parts.path}")
    if kind != "unknown-name" and parts.path:
        others.append(f"{parts.scheme}://{at}")
    if kind in ("refused", "immich", "web", "no-answer", "tls-to-plain"):
        others.append(f"http://{host}:3003")
    return [one for one in dict.fromkeys(others) if one != url]


def in_line(text: bytes) -> str:
    """Return text of somebody else's as a short line."""
    line = " ".join(text[:200].decode("utf-8", "replace").split())
    return re.sub(r"[^\x20-\x7e\xa0-\uffff]", "?", line)[:120]
