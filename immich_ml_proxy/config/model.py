"""The configuration: what it may say, as values that never change."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal, get_args

import attrs
import msgspec

from immich_ml_proxy.config import power
from immich_ml_proxy.config.notify import Target

DEFAULT_ROUTE = "default"

ROUND_ROBIN = "round_robin"
LEAST_BUSY = "least_busy"
FASTEST = "fastest"
IN_ORDER = "in_order"
STRATEGIES = (ROUND_ROBIN, LEAST_BUSY, FASTEST, IN_ORDER)


#: Leaves a number to the proxy.
AUTO = "auto"

#: How closely answers are looked at; ``shape`` leaves the numbers alone.
CheckAnswers = Literal["full", "shape", "off"]
CHECK_ANSWERS: tuple[CheckAnswers, ...] = get_args(CheckAnswers)

Name = Annotated[str, msgspec.Meta(min_length=1, max_length=100)]
Places = Annotated[int, msgspec.Meta(ge=1, le=10_000)]
State = Literal["enabled", "drain", "disabled"]
Resolve = Literal["all", "ipv4", "ipv6"]


class WakeOnLan(
    msgspec.Struct,
    frozen=True,
    kw_only=True,
    forbid_unknown_fields=True,
    rename="camel",
):
    """
    How a sleeping backend is woken.

    :ivar mac: its MAC address.
    :ivar broadcast: the address that the magic packet is sent to.
    :ivar port: the UDP port it is sent to.
    """

    mac: str
    broadcast: str = "255.255.255.255"
    port: Annotated[int, msgspec.Meta(ge=1, le=65535)] = 9


class StatedAbilities(msgspec.Struct, frozen=True):
    """
    What a backend can do, where its owner says so instead of having it found out.

    :ivar tasks: by :func:`normalized` name; ``None``: any.
    :ivar models: the models that it has for a task, by :func:`normalized` task and
        without an owner (:func:`model_name`); any for a task that is not there.
    """

    tasks: tuple[str, ...] | None = None
    models: Mapping[str, tuple[str, ...]] = {}

    def allows(self, task: str, model: str | None) -> bool:
        """
        Whether work may be sent there.

        :param task: in any spelling.
        :param model: as the client names it; ``None`` when it names none, which
            leaves the task to decide.
        """
        task = normalized(task)
        if self.tasks is not None and task not in self.tasks:
            return False
        if model is None or task not in self.models:
            return True
        return model_name(model) in self.models[task]


class Backend(
    msgspec.Struct,
    frozen=True,
    kw_only=True,
    forbid_unknown_fields=True,
    rename="camel",
):
    """
    An ML server.

    :ivar name: unique among the backends.
    :ivar url: ``http`` or ``https``, a path prefix is kept, no trailing slash.
    :ivar state: ``drain``: finishes what it has and takes nothing new; ``disabled``:
        is not pinged, either.
    :ivar weight: its size beside the others', for ``least_busy``.
    :ivar max_concurrent: requests it is given at once; ``auto`` finds out.
    :ivar limits: the same by task, such as ``{"ocr": 1}``; by :func:`normalized` key.
    :ivar wake_on_lan: how to wake it when work waits for it.
    :ivar abilities: what it can do; ``None``: that is found out.
    :ivar headers: sent with every request, by name; secrets, see
        :mod:`~immich_ml_proxy.config.headers`.
    :ivar ca_file: path of the certificates whose signatures are believed, instead of
        those that this machine believes; PEM.
    :ivar windows: when it is used, see :mod:`~immich_ml_proxy.config.windows`.
    :ivar pings: whether it is asked how it is while there is no work for it.
    :ivar sleep_hook: URL that is told when it has had nothing to do for so long.
    :ivar idle_minutes: how long that is.
    :ivar disabled_until: when a state ``disabled`` ends by itself, in Unix seconds.
    :ivar resolve: the name in its URL stands for all its addresses, or for those of one
        version of IP; ``None``: for any of them.
    """

    name: Name
    url: str
    state: State = "enabled"
    weight: Annotated[float, msgspec.Meta(gt=0, le=1000)] = 1.0
    max_concurrent: Places | Literal["auto"] = "auto"
    limits: dict[str, Any] = {}
    wake_on_lan: WakeOnLan | None = None
    abilities: StatedAbilities | None = None
    headers: dict[str, Any] = {}
    ca_file: str | None = None
    windows: power.TimeWindows = ()
    pings: power.Pings = "always"
    sleep_hook: str | None = None
    idle_minutes: power.Minutes = 15.0
    disabled_until: power.UnixTime | None = None
    resolve: Resolve | None = None


class ImmichServer(
    msgspec.Struct,
    frozen=True,
    kw_only=True,
    forbid_unknown_fields=True,
    rename="camel",
):
    """
    Immich itself, which is asked how much it still has to do.

    :ivar url: without ``/api`` and without a trailing slash.
    :ivar api_key: of somebody who may read its queues.
    """

    url: str
    api_key: str


@attrs.frozen(cache_hash=True)
class Route:
    """
    Where the work of one key may go.

    :ivar key: the key it is saved under, normalized; ``default`` for the default.
    :ivar backends: names, in the order in which they were written; never empty.
    :ivar strategy: how one of them is chosen.
    :ivar fallback: use the default route when none of them is healthy.
    :ivar spill: ``in_order`` goes on to the next backend when one is full, too.
    :ivar max_waiting: requests that may wait for a place.
    :ivar hold: how long a request waits, in seconds from its arrival, for a backend to
        come back when none is healthy; 0: all are tried at once; ``None``: ``auto``.
    :ivar hedge_after: seconds after which a search asks a second backend as well, or
        ``None``.
    """

    key: str
    backends: tuple[str, ...]
    strategy: str = ROUND_ROBIN
    fallback: bool = False
    spill: bool = False
    max_waiting: int = 1000
    hold: float | None = None
    hedge_after: float | None = None

    @property
    def hold_seconds(self) -> float:
        """What is written for :attr:`hold`; ``auto`` promises nothing, so 0."""
        return self.hold or 0.0


@attrs.frozen
class Bounds:
    """
    What a client may take, at the most; without these one could take everything.

    :ivar idle_timeout: seconds that a connection without a request is kept.
    :ivar head_timeout: seconds from the first byte of a head to its last.
    :ivar min_upload_rate: bytes a second at which a body must come; 0: at any.
    :ivar upload_grace: seconds over which that rate is looked at.
    :ivar max_connections: open at once; ``None``: as many as the system's limit of
        open files has room for.
    :ivar max_connections_per_address: of one client; 0: as many as it likes.
    """

    idle_timeout: float = 60.0
    head_timeout: float = 30.0
    min_upload_rate: int = 1024
    upload_grace: float = 15.0
    max_connections: int | None = None
    max_connections_per_address: int = 0


@attrs.frozen
class Config:
    """
    A whole configuration that has passed every check.

    :ivar document: the JSON text as it was saved.
    :ivar default: the default route; ``None`` while there is no backend.
    :ivar routes: the routes of ``taskRouting`` by :func:`normalized` key.
    :ivar health_check_interval: seconds between two rounds of pings.
    :ivar ping_timeout: seconds that a ping's answer is waited for.
    :ivar request_timeout: seconds that a backend's answer is waited for.
    :ivar max_body_size: largest body of a request, in bytes.
    :ivar max_buffered_bytes: bodies held at any time, in bytes; one body may
        always be held, however large.
    :ivar check_answers: one of :data:`CHECK_ANSWERS`.
    :ivar immich: Immich itself; ``None``: it is not asked.
    :ivar bounds: what clients may take.
    :ivar max_pings: pings under way at once; the others wait their turn.
    :ivar notify: who is told of what happens.
    :ivar warnings: what was mended when the document was read, and where; no part of
        what the configuration says.
    :ivar is_resolved: whether secrets have their values, see
        :mod:`~immich_ml_proxy.config.resolved`.
    """

    document: bytes
    backends: tuple[Backend, ...]
    default: Route | None
    routes: Mapping[str, Route]
    health_check_interval: float
    ping_timeout: float
    request_timeout: float
    max_body_size: int
    max_buffered_bytes: int
    check_answers: CheckAnswers
    immich: ImmichServer | None = None
    bounds: Bounds = Bounds()
    max_pings: int = 16
    notify: tuple[Target, ...] = ()
    warnings: tuple[str, ...] = attrs.field(default=(), eq=False)
    is_resolved: bool = attrs.field(default=False, eq=False)

    @property
    def all_routes(self) -> tuple[Route, ...]:
        """The default route, if there is one, and all others."""
        first = () if self.default is None else (self.default,)
        return (*first, *self.routes.values())


def normalized(key: str) -> str:
    """
    Return what two spellings of a routing key have in common.

    Immich says ``facial-recognition``, the README ``facial_recognition``.
    """
    return key.replace("_", "-")


def model_name(name: str) -> str:
    """
    Return a model's name without its owner, which the ML servers ignore.

    ``immich-app/ViT-B-32__openai`` is ``ViT-B-32__openai``.
    """
    return name.rpartition("/")[2]
