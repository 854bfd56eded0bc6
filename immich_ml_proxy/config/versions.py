"""The configurations that somebody may still be changing, by version; bounded."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable

from immich_ml_proxy.config.model import Config
from immich_ml_proxy.config.version import named, version
from immich_ml_proxy.errors import VersionMismatch

#: Versions that are remembered, and bytes of all their documents.
KEPT = 64
MAX_BYTES = 4 * 1024 * 1024


class Versions:
    """
    :param key: see :func:`~immich_ml_proxy.config.version.version`.
    """

    def __init__(self, key: bytes) -> None:
        self._key = key
        self._documents: OrderedDict[str, bytes] = OrderedDict()
        self._bytes = 0

    def tell(self, config: Config) -> str:
        """Return the version of a configuration, and remember it for who is told."""
        tag = version(config, self._key)
        if tag in self._documents:
            self._documents.move_to_end(tag)
            return tag
        self._documents[tag] = config.document
        self._bytes += len(config.document)
        while len(self._documents) > KEPT or self._bytes > MAX_BYTES:
            _, oldest = self._documents.popitem(last=False)
            self._bytes -= len(oldest)
        return tag

    def base(self, if_match: Iterable[str], current: Config) -> bytes | None:
        """
        Return the document that a change was made to; ``None`` for the current one.

        :param if_match: the values of ``If-Match``; without any it is for all there
            may be.
        :raises VersionMismatch: when none that they name is remembered.
        """
        tags = named(if_match)
        if tags is None or {"*", version(current, self._key)} & {*tags}:
            return None
        for tag in tags:
            if tag in self._documents:
                return self._documents[tag]
        raise VersionMismatch(
            "the configuration was changed elsewhere meanwhile, and what you have "
            "changed is too long ago to be merged; nothing was saved. Look at the "
            "differences, and save again"
        )
