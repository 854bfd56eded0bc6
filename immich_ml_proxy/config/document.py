"""
The way of a configuration from and to ``config.json``.

:func:`parse` takes the bytes of a document and returns an immutable
:class:`Config` or raises :class:`ConfigError`, which names the refused field by
its path (``backends[1].url``, ``taskRouting["clip/visual"].backends[0]``).
What was saved is kept as it was written, in :attr:`Config.document`, but for what had
to be mended: :attr:`Config.warnings` tells that.
"""

from __future__ import annotations

import codecs
from typing import Annotated, Any

import msgspec

from immich_ml_proxy.config import backends as backend_list
from immich_ml_proxy.config import headers, immich, notify, power, routes
from immich_ml_proxy.config.faults import decoded
from immich_ml_proxy.config.fields import convert
from immich_ml_proxy.config.legacy import upgraded
from immich_ml_proxy.config.mend import mended
from immich_ml_proxy.config.model import CHECK_ANSWERS, Bounds, Config, State
from immich_ml_proxy.config.share import share
from immich_ml_proxy.errors import ConfigError

#: Longest document that is looked at, in bytes.
MAX_DOCUMENT = 1024 * 1024

_MIB = 1024 * 1024

Seconds = Annotated[float, msgspec.Meta(ge=0.1, le=86400)]


class DocumentFields(
    msgspec.Struct,
    frozen=True,
    kw_only=True,
    forbid_unknown_fields=True,
    rename="camel",
):
    """The top level; lists and maps are converted item by item, for their paths."""

    #: Where editors find the schema; it means nothing to us.
    schema: str | None = msgspec.field(name="$schema", default=None)
    default_backend: Any = None
    backends: list[Any] = []
    task_routing: dict[str, Any] = {}
    health_check_interval: Seconds = 10.0
    ping_timeout: Annotated[float, msgspec.Meta(gt=0, le=60)] = 1.5
    request_timeout: Seconds = 290.0
    max_body_size: Annotated[int, msgspec.Meta(ge=1024, le=2**40)] = 100 * _MIB
    max_buffered_bytes: Annotated[int, msgspec.Meta(ge=1024, le=2**50)] = 64 * _MIB
    check_answers: str = CHECK_ANSWERS[0]
    immich: Any = None
    notify: Any = None
    max_backends: Annotated[int, msgspec.Meta(ge=1, le=10_000)] = 64
    max_pings: Annotated[int, msgspec.Meta(ge=1, le=10_000)] = 16
    proxy_replicas: Annotated[int, msgspec.Meta(ge=1, le=100)] = 1
    idle_timeout: Annotated[float, msgspec.Meta(ge=5, le=86400)] = 60.0
    head_timeout: Annotated[float, msgspec.Meta(ge=1, le=86400)] = 30.0
    min_upload_rate: Annotated[int, msgspec.Meta(ge=0, le=2**30)] = 1024
    upload_grace: Annotated[float, msgspec.Meta(ge=1, le=86400)] = 15.0
    max_connections: Annotated[int, msgspec.Meta(ge=16, le=10**6)] | None = None
    max_connections_per_address: Annotated[int, msgspec.Meta(ge=0, le=10**6)] = 0


def parse(raw: bytes, before: Config | None = None) -> Config:
    """
    Check a document and return what it says.

    :param before: the configuration whose secrets are kept where they are masked.
    :param raw: JSON in UTF-8, with or without a byte order mark, in the README's form
        or the Go program's newest.
    :raises ConfigError: with the path of the first bad field and the reason.
    """
    document, gone = upgraded(_json(raw))
    # An answer to a save tells them; they are no part of what is saved again.
    for told in ("warnings", "warningsAt", "merged"):
        document.pop(told, None)
    document, repaired = mended(document)
    if before is not None:
        old = msgspec.json.decode(before.document)
        document = notify.unmasked(headers.unmasked(document, old), old)
    top = convert(document, DocumentFields, "")
    backends = tuple(
        share(backend, top.proxy_replicas)
        for backend in backend_list.read(top.backends)
    )
    if len(backends) > top.max_backends:
        raise ConfigError(
            "backends",
            f"has {len(backends)} items, which is more than maxBackends "
            f"({top.max_backends}); raise that if they are really yours",
        )
    names = {backend.name for backend in backends}
    if top.check_answers not in CHECK_ANSWERS:
        raise ConfigError("checkAnswers", f"must be one of {', '.join(CHECK_ANSWERS)}")
    document = power.without_passed(document)
    return Config(
        document=msgspec.json.format(msgspec.json.encode(document), indent=2),
        backends=backends,
        default=routes.read_default(top.default_backend, names),
        routes=dict(routes.read(top.task_routing, names)),
        health_check_interval=top.health_check_interval,
        ping_timeout=top.ping_timeout,
        request_timeout=top.request_timeout,
        max_body_size=top.max_body_size,
        max_buffered_bytes=top.max_buffered_bytes,
        check_answers=top.check_answers,
        immich=immich.read(top.immich),
        bounds=Bounds(
            top.idle_timeout,
            top.head_timeout,
            top.min_upload_rate,
            top.upload_grace,
            top.max_connections,
            top.max_connections_per_address,
        ),
        max_pings=top.max_pings,
        notify=notify.read(top.notify),
        warnings=(*gone, *repaired),
    )


def empty() -> Config:
    """Return the configuration of a proxy that was never configured."""
    return parse(b'{"defaultBackend": "", "backends": [], "taskRouting": {}}')


def with_state(
    current: Config, name: str, state: State, until: float | None = None
) -> Config:
    """
    Return ``current`` with the state of one backend changed.

    :param until: when ``disabled`` ends by itself, in Unix seconds; ``None``: never.
    :raises ConfigError: when there is no backend of this name.
    """
    document = msgspec.json.decode(current.document)
    for backend in document.get("backends", ()):
        if backend["name"] == name:
            backend["state"] = state
            backend.pop("disabledUntil", None)
            if until is not None:
                backend["disabledUntil"] = round(until)
            return parse(msgspec.json.encode(document))
    raise ConfigError("", f"there is no machine named {name!r}")


def saved(config: Config) -> dict[str, Any]:
    """Return what was saved, but for the values of secrets."""
    return masked(msgspec.json.decode(config.document))


def masked(document: dict[str, Any]) -> dict[str, Any]:
    """Return a document, or a part of one, but for the values of secrets."""
    return notify.masked(immich.masked(headers.masked(document)))


def shown(config: Config) -> dict[str, Any]:
    """Return what was saved, with the fields that every client expects; no secrets."""
    document = saved(config)
    for field, nothing in (
        ("defaultBackend", ""),
        ("backends", []),
        ("taskRouting", {}),
    ):
        if document.get(field) is None:
            document[field] = nothing
    return document


def _json(raw: bytes) -> dict[str, Any]:
    if len(raw) > MAX_DOCUMENT:
        raise ConfigError("", f"the configuration is over {MAX_DOCUMENT} bytes long")
    try:
        # Some editors put a mark before what they save.
        document = decoded(raw.removeprefix(codecs.BOM_UTF8))
    except ValueError as error:
        raise ConfigError("", f"the configuration {error}") from None
    if not isinstance(document, dict):
        raise ConfigError("", "the configuration must be a JSON object")
    return document
