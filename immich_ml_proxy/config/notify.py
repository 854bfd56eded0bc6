"""
Reads ``notify``: who is told when something happens, and keeps what is secret in it.

``[{"url": "https://ntfy.sh/my-topic", "format": "ntfy"}]``. The whole of a URL after
the host counts as secret, as a topic or a webhook is all that one has to know; so do
the values of ``headers``. Who asks for the configuration is told ``***`` for them, and
who saves that keeps what there was, if it is still sent to the same server. The name of
an environment variable (:mod:`~immich_ml_proxy.config.variables`) is no secret: such a
URL, and such a header, are shown.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Literal, get_args
from urllib.parse import urlsplit

import attrs
import msgspec

from immich_ml_proxy.config import headers, variables
from immich_ml_proxy.config.fields import convert, step
from immich_ml_proxy.config.headers import MASK, Secret
from immich_ml_proxy.config.power import checked_hook
from immich_ml_proxy.errors import ConfigError

#: What somebody may be told: that a server goes down, that work is held, both with what
#: ends it, and that a configuration was saved.
Subject = Literal["down", "held", "saved"]
SUBJECTS: tuple[Subject, ...] = get_args(Subject)
Format = Literal["json", "ntfy", "homeassistant"]
FORMATS: tuple[Format, ...] = get_args(Format)
#: Most entries.
MOST = 20

_MASKED = re.compile(r"/\*\*\*(?P<number>[1-9]\d?)?$")


class EntryFields(
    msgspec.Struct,
    frozen=True,
    kw_only=True,
    forbid_unknown_fields=True,
    rename="camel",
):
    """One entry as it is written; headers are looked at one by one."""

    url: str
    format: Format = "json"
    events: tuple[Subject, ...] = SUBJECTS
    headers: dict[str, Any] = {}


@attrs.frozen
class Target:
    """
    Somebody who is told.

    :ivar url: what the message is posted to.
    :ivar format: how it is written.
    :ivar events: what he wants to know of.
    :ivar headers: sent with it.
    """

    url: Secret
    format: Format = "json"
    events: tuple[Subject, ...] = SUBJECTS
    headers: Mapping[str, Secret] = attrs.field(factory=dict, hash=False)

    @property
    def name(self) -> str:
        """What he is called where others read it: the host, with its port."""
        return urlsplit(self.url).netloc


def read(value: Any) -> tuple[Target, ...]:
    """
    Return who is told; nobody, where nothing is written.

    :param value: the JSON value of ``notify``.
    :raises ConfigError: with the path of the first bad field and the reason.
    """
    items = convert([] if value is None else value, list[Any], "notify")
    if len(items) > MOST:
        raise ConfigError("notify", f"has {len(items)} items; {MOST} are the most")
    return tuple(entry(item, f"notify[{index}]") for index, item in enumerate(items))


def entry(value: Any, path: str) -> Target:
    """
    Return one of them.

    :raises ConfigError: as :func:`read` does.
    """
    fields = convert(value, EntryFields, path)
    url = fields.url
    variables.check(url, f"{path}.url")
    if MASK in url:
        raise ConfigError(f"{path}.url", f"type it: {MASK} stands for one that is kept")
    if not _names_one(url):
        # Else it is looked at when the secret is in it.
        url = checked_hook(url, f"{path}.url")
    return Target(
        Secret(url),
        fields.format,
        tuple(one for one in SUBJECTS if one in fields.events),
        headers.read(fields.headers, f"{path}.headers"),
    )


def resolved(
    targets: tuple[Target, ...], environment: Mapping[str, str]
) -> tuple[Target, ...]:
    """
    Return them with the values of the environment's secrets.

    :raises ConfigError: when one is not set, or nothing can be sent with it.
    """
    return tuple(
        _resolved(target, environment, f"notify[{index}]")
        for index, target in enumerate(targets)
    )


def _resolved(target: Target, environment: Mapping[str, str], path: str) -> Target:
    url = variables.expanded(target.url, environment, f"{path}.url")
    return attrs.evolve(
        target,
        url=Secret(checked_hook(url, f"{path}.url")),
        headers=headers.resolved(target.headers, environment, f"{path}.headers"),
    )


def masked(document: Mapping[str, Any]) -> dict[str, Any]:
    """Return a document that has passed every check, without what is secret."""
    items = document.get("notify")
    if not isinstance(items, list):
        return dict(document)
    shown = [
        _masked(one, sum(_is_same(other, one) for other in items[:index]))
        for index, one in enumerate(items)
    ]
    return {**document, "notify": shown}


def _masked(item: dict[str, Any], before: int) -> dict[str, Any]:
    """
    Return an entry as it is shown.

    :param before: how many there are before it that are of the same server: the second
        of them is shown as ``***2``, and so on.
    """
    shown = {**item, "url": _masked_url(item["url"], before)}
    if item.get("headers"):
        shown["headers"] = {
            name: value if variables.is_open(value) else MASK
            for name, value in item["headers"].items()
        }
    return shown


def _masked_url(url: str, before: int) -> str:
    if _names_one(url):
        return url
    scheme, _, rest = url.strip().partition("://")
    host = rest.partition("/")[0].partition("?")[0]
    number = str(before + 1) if before else ""
    return f"{scheme}://{host}/{MASK}{number}" if rest.strip("/") != host else url


def _names_one(text: str) -> bool:
    """Whether a URL only says where the secret of it is."""
    return f"${{{variables.PREFIX}" in text


def unmasked(document: Mapping[str, Any], before: Mapping[str, Any]) -> dict[str, Any]:
    """
    Return a document with what is masked in its ``notify``.

    :param document: any JSON object; it is not changed, and what has the wrong form
        stays as it is.
    :param before: the document that has what is masked.
    :raises ConfigError: when there is none to be kept.
    """
    items = document.get("notify")
    if not isinstance(items, list):
        return dict(document)
    return {
        **document,
        "notify": [
            unmasked_entry(one, before, f"notify[{index}]")
            for index, one in enumerate(items)
        ],
    }


def unmasked_entry(item: Any, before: Mapping[str, Any], path: str) -> Any:
    """
    Return an entry with what is masked in it; see :func:`unmasked`.

    :param path: where it stands.
    """
    if not isinstance(item, dict) or not isinstance(item.get("url"), str):
        return item
    found, given = _MASKED.search(item["url"]), item.get("headers")
    is_masked = isinstance(given, dict) and MASK in given.values()
    if not found and not is_masked:
        return item
    saved = before.get("notify")
    old = [one for one in saved or () if _is_same(one, item)]
    if found:
        old = old[int(found["number"] or 1) - 1 :][:1]
    else:
        # The one at exactly this URL, if there is one.
        old.sort(key=lambda one: one.get("url") != item["url"])
    if not old:
        told = f"type it again: {MASK} stands for what is kept for another address"
        raise ConfigError(f"{path}.url", told)
    kept = {**item}
    if found:
        kept["url"] = old[0]["url"]
    if isinstance(given, dict) and is_masked:
        kept["headers"] = {
            name: _kept(name, old[0], f"{path}.headers{step(name)}")
            if value == MASK
            else value
            for name, value in given.items()
        }
    return kept


def _is_same(one: Any, item: dict[str, Any]) -> bool:
    """Whether two entries are of one server."""
    try:
        first, second = (urlsplit(str(each["url"]).strip()) for each in (one, item))
        return (first.scheme.lower(), first.hostname, first.port) == (
            second.scheme.lower(),
            second.hostname,
            second.port,
        )
    except (ValueError, KeyError, TypeError):
        return False


def _kept(name: str, one: dict[str, Any], path: str) -> Any:
    for known, value in (one.get("headers") or {}).items():
        if known.lower() == name.lower():
            return value
    raise ConfigError(path, f"type its value: {MASK} stands for one that is kept")
