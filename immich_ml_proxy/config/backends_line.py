"""
Reads servers written in one line: ``nas:3003,desktop=192.168.1.20:3003``.

``[NAME=]host:port`` or ``[NAME=]http://...``, with commas between them. That is a whole
configuration: every task over all of them. A name is by default the host, with the port
where two would be alike.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from urllib.parse import urlsplit

import attrs
import msgspec

from immich_ml_proxy.config import document as config_document
from immich_ml_proxy.config.model import Config
from immich_ml_proxy.errors import ConfigError

#: A name, if what stands before the first ``=`` begins no URL.
_NAMED = re.compile(r"(?:(?P<name>[^=:/\[\]@?#]*)=)?(?P<rest>.*)", re.DOTALL)
_HOST_AND_PORT = re.compile(r"(\[[^\[\]@/]+\]|[^\s:/@\[\]?#]+):([0-9]+)")
_URL = re.compile(r"https?://", re.IGNORECASE)


@attrs.frozen
class _Entry:
    """One of them; ``name`` is ``None`` where none is written."""

    name: str | None
    url: str

    @property
    def host(self) -> str:
        return urlsplit(self.url).hostname or ""

    @property
    def host_and_port(self) -> str:
        return urlsplit(self.url).netloc.rpartition("@")[2]


def read(line: str) -> Config:
    """
    Return the configuration.

    :raises ConfigError: with the number of the first entry that makes no sense, and the
        reason.
    """
    entries = list(_entries(line))
    if not entries:
        raise ConfigError("", "names no machine: write nas:3003,desktop=10.0.0.2:3003")
    hosts = Counter(one.name or one.host for one in entries)
    names = [
        one.name or (one.host if hosts[one.host] == 1 else one.host_and_port)
        for one in entries
    ]
    document = {
        "defaultBackend": names,
        "backends": [
            {"name": name, "url": one.url}
            for name, one in zip(names, entries, strict=True)
        ],
        "taskRouting": {},
    }
    try:
        return config_document.parse(msgspec.json.encode(document))
    except ConfigError as error:
        found = re.match(r"backends\[(\d+)\]", error.field)
        entry = f"entry {int(found[1]) + 1}: " if found else ""
        raise ConfigError("", f"{entry}{error.reason}") from None


def _entries(line: str) -> Iterator[_Entry]:
    written = [one.strip() for one in line.split(",")]
    for number, text in enumerate((one for one in written if one), 1):
        found = _NAMED.fullmatch(text)
        name, rest = (found["name"], found["rest"].strip()) if found else (None, text)
        if name is not None and not name.strip():
            raise ConfigError("", f"entry {number}: has no name before =")
        if not _URL.match(rest):
            if not _HOST_AND_PORT.fullmatch(rest):
                raise ConfigError(
                    "",
                    f"entry {number}: must be like nas:3003, desktop=10.0.0.2:3003, "
                    "[fd00::2]:3003 or http://nas:3003",
                )
            rest = f"http://{rest}"
        try:
            host = urlsplit(rest).hostname
        except ValueError:
            raise ConfigError("", f"entry {number}: is no URL") from None
        if not host:
            raise ConfigError("", f"entry {number}: has no host name")
        yield _Entry(name and name.strip(), rest)
