"""What people do with the configuration: look, check, save, undo."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Any

import msgspec
from klein import Klein

from immich_ml_proxy.balancer.pool import Pool
from immich_ml_proxy.config import document as config_document
from immich_ml_proxy.config.doubts import Doubt, doubts, mended_at
from immich_ml_proxy.config.model import Config
from immich_ml_proxy.config.proposal import Proposal, proposed
from immich_ml_proxy.config.store import ConfigStore
from immich_ml_proxy.config.undo import Save, undone
from immich_ml_proxy.config.versions import Versions
from immich_ml_proxy.downstream.request import ProxyRequest
from immich_ml_proxy.errors import VersionMismatch
from immich_ml_proxy.web.answers import json_answer, json_text
from immich_ml_proxy.web.origin import body_of, who

NOT_KEPT = (
    "This is in force, but was not saved: the simulated machines end with this proxy. "
    "It is saved once they are all removed."
)


class SaveEndpoints:
    """
    ``/api/config``, ``/api/config/check`` and ``/api/config/undo``.

    :param wall: what time it is, in Unix seconds.
    :param pool: has the configuration in force.
    :param store: saves one.
    :param apply: puts one in force; it is told who has saved it.
    :param check: raises ``ConfigError`` for what is not as one says it is.
    :param versions: remembers what somebody may be changing.
    :param own_ports: returns the ports that the proxy listens at.
    """

    def __init__(
        self,
        wall: Callable[[], float],
        pool: Pool,
        store: ConfigStore,
        apply: Callable[[Config, str], None],
        check: Callable[[Config], None],
        versions: Versions,
        own_ports: Callable[[], Collection[int]],
    ) -> None:
        self._wall = wall
        self._pool = pool
        self._store = store
        self._apply = apply
        self._check = check
        self._versions = versions
        self._own_ports = own_ports
        self._last: Save | None = None

    def add_to(self, app: Klein) -> None:
        """Add the routes to ``app``."""
        app.route("/api/config", methods=["GET"])(self.current)
        app.route("/api/config", methods=["POST"])(self.save)
        app.route("/api/config/check", methods=["POST"])(self.check)
        app.route("/api/config/undo", methods=["POST"])(self.undo)

    def undo_told(self) -> dict[str, Any] | None:
        """Return who has made the save that can be undone, and when; or ``None``."""
        last = self._last
        if last is None:
            return None
        return {"savedBy": last.who, "savedAt": int(last.at)}

    def current(self, request: ProxyRequest) -> bytes:
        """The configuration in force, as it was saved, but for what is secret."""
        self._tell_version(request)
        return _pretty(request, config_document.shown(self._pool.config))

    def save(self, request: ProxyRequest) -> bytes:
        """
        Check, save and put in force; answered with what is in force then.

        What had to be mended, and what is doubtful, is told beside it. Secrets that
        come back as they were shown are kept. What was saved since the version that
        ``If-Match`` names is kept, too; 412 where both have changed the same. One of
        simulated servers is put in force and not saved: they end with this process.
        """
        self._store.check_save()
        try:
            proposal = self._proposal(request)
        except VersionMismatch as refused:
            return self._refused(request, refused)
        return self._saved(request, proposal)

    def check(self, request: ProxyRequest) -> bytes:
        """Tell what a save of this would be answered with; nothing is saved."""
        try:
            proposal = self._proposal(request)
        except VersionMismatch as refused:
            return self._refused(request, refused)
        self._tell_version(request)
        told = self._warned(proposal.config)
        return json_answer(request, {"ok": True, **told, "merged": proposal.is_merged})

    def undo(self, request: ProxyRequest) -> bytes:
        """
        Take the last save back, as a save of its own; answered like one.

        States that were set since stay.
        """
        self._store.check_save()
        try:
            base = self._base(request)
        except VersionMismatch as refused:
            return self._refused(request, refused)
        if base is not None:
            told = "the configuration was changed meanwhile; nothing was undone"
            return self._refused(request, VersionMismatch(told))
        new = undone(self._last, self._pool.config)
        self._check(new)
        return self._saved(request, Proposal(new, is_merged=False))

    def _base(self, request: ProxyRequest) -> bytes | None:
        lines = request.requestHeaders.getRawHeaders(b"if-match", ())
        if_match = [line.decode("latin-1") for line in lines]
        return self._versions.base(if_match, self._pool.config)

    def _proposal(self, request: ProxyRequest) -> Proposal:
        base = self._base(request)
        proposal = proposed(body_of(request), self._pool.config, base)
        self._check(proposal.config)
        return proposal

    def _saved(self, request: ProxyRequest, proposal: Proposal) -> bytes:
        new, before = proposal.config, self._pool.config
        told = self._warned(new)
        if self._store.keeps(new):
            self._store.save(new)
        else:
            told["warnings"].append(NOT_KEPT)
        self._apply(new, who(request))
        if new.document != before.document:
            self._last = Save(before, new, who(request), self._wall())
        self._tell_version(request)
        more = {**told, "merged": proposal.is_merged}
        return _pretty(
            request,
            {
                **config_document.saved(new),
                **{name: value for name, value in more.items() if value},
            },
        )

    def _refused(self, request: ProxyRequest, refused: VersionMismatch) -> bytes:
        """Answer with what there is now, so that both can be looked at."""
        tag = self._tell_version(request)
        told = {
            "error": str(refused),
            "conflicts": refused.conflicts,
            "current": config_document.shown(self._pool.config),
            "version": tag,
        }
        return json_answer(request, told, refused.status)

    def _warned(self, config: Config) -> dict[str, list[Any]]:
        """Return the warnings, and where those stand that have a place."""
        found = doubts(config, self._own_ports())
        places: list[Doubt] = [*mended_at(config.warnings), *found]
        return {
            "warnings": [*config.warnings, *(one.text for one in found)],
            "warningsAt": [{"path": one.path, "text": one.text} for one in places],
        }

    def _tell_version(self, request: ProxyRequest) -> str:
        tag = self._versions.tell(self._pool.config)
        request.setHeader(b"ETag", f'"{tag}"'.encode("ascii"))
        return tag


def _pretty(request: ProxyRequest, value: object) -> bytes:
    """Answer with JSON that a person can read."""
    text = msgspec.json.format(msgspec.json.encode(value), indent=2)
    return json_text(request, text)
