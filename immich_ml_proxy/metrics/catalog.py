"""Every metric there is: its name, its labels, and what it tells."""

from __future__ import annotations

import attrs

PREFIX = "immich_ml_proxy_"
COUNTER, GAUGE, HISTOGRAM = "counter", "gauge", "histogram"


@attrs.frozen
class Metric:
    """
    :ivar name: without the prefix, and without ``_total`` for a counter.
    :ivar kind: ``counter``, ``gauge`` or ``histogram``.
    :ivar labels: by which it is told apart.
    :ivar text: what it tells, in a line.
    """

    name: str
    kind: str
    labels: tuple[str, ...]
    text: str

    @property
    def family(self) -> str:
        """The name with its prefix."""
        return PREFIX + self.name

    @property
    def sample(self) -> str:
        """The name that a query has; a histogram's then has ``_bucket`` at its end."""
        return f"{self.family}_total" if self.kind == COUNTER else self.family


REQUESTS = Metric(
    "requests",
    COUNTER,
    ("route", "task", "backend", "outcome"),
    "Groups of work, each once, by who answered and what came of it.",
)
ATTEMPTS = Metric(
    "backend_requests",
    COUNTER,
    ("backend", "task", "outcome"),
    "Requests to a machine, every attempt, by what came of it.",
)
DURATION = Metric(
    "request_duration_seconds",
    HISTOGRAM,
    ("route", "task"),
    "From knowing what is asked for to its answer, waiting and retries included.",
)
SERVICE = Metric(
    "backend_request_duration_seconds",
    HISTOGRAM,
    ("backend", "task"),
    "What a machine took for what it served, from the whole request to its answer.",
)
WAITING = Metric(
    "waiting_requests",
    GAUGE,
    ("route",),
    "Requests that wait for a place.",
)
HELD = Metric(
    "held_requests",
    GAUGE,
    ("route",),
    "Those of them that wait because no machine of the route is well.",
)
WAITING_PER_PLACE = Metric(
    "waiting_per_place",
    GAUGE,
    ("route",),
    "Waiting requests by place at the route's healthy machines; for scaling.",
)
IN_FLIGHT = Metric(
    "backend_in_flight_requests",
    GAUGE,
    ("backend",),
    "Requests that are under way at a machine.",
)
PLACES = Metric(
    "backend_places",
    GAUGE,
    ("backend",),
    "Requests that a machine is given at once, written or found.",
)
HEALTHY = Metric(
    "backend_healthy", GAUGE, ("backend",), "1 while a machine is well, else 0."
)
ENABLED = Metric(
    "backend_enabled",
    GAUGE,
    ("backend",),
    "1 while a machine is wished to take work; 0: drained, disabled, window closed.",
)
RETRIES = Metric(
    "retries",
    COUNTER,
    ("route",),
    "Attempts that followed one which had ended without an answer to pass on.",
)
HEDGES = Metric(
    "hedges",
    COUNTER,
    ("route",),
    "Attempts beside another one that takes long.",
)
FAILOVERS = Metric(
    "failovers",
    COUNTER,
    ("backend",),
    "Requests that a machine did not serve and another one then did.",
)
EJECTIONS = Metric(
    "ejections",
    COUNTER,
    ("backend",),
    "How often a machine was put out of a task that it failed and others served.",
)
REFUSALS = Metric(
    "refusals_learned",
    COUNTER,
    ("backend",),
    "How often it was learned that a machine cannot do something.",
)
NORMALISED = Metric(
    "normalised_answers",
    COUNTER,
    ("backend",),
    "Answers of a machine that had to be put into today's form.",
)
REPLICAS = Metric(
    "backend_replicas",
    GAUGE,
    ("backend",),
    "Addresses that a machine's name stands for; 1 but where resolve is set.",
)
HEALTHY_REPLICAS = Metric(
    "backend_healthy_replicas",
    GAUGE,
    ("backend",),
    "Those of them that are well.",
)
ANSWERS = Metric(
    "http_responses",
    COUNTER,
    ("path", "code"),
    "Answers to clients; 499 is a client that left before.",
)
RECEIVED = Metric(
    "http_request_body_bytes", COUNTER, (), "Bytes of the bodies of clients' requests."
)
SENT = Metric(
    "http_response_body_bytes",
    COUNTER,
    (),
    "Bytes of the bodies of answers to clients.",
)
BUFFERED = Metric(
    "buffered_body_bytes", GAUGE, (), "Bytes of large bodies that are held just now."
)
CONNECTIONS = Metric("client_connections", GAUGE, (), "Connections of clients.")
REACTOR_LAG = Metric(
    "reactor_lag_seconds",
    HISTOGRAM,
    (),
    "How late the event loop is for what is due, looked at four times a second.",
)
CONFIG_ERROR = Metric(
    "config_error",
    GAUGE,
    (),
    "1 while the configuration file cannot be used, else 0.",
)
BUILD = Metric(
    "build_info", GAUGE, ("version", "python", "twisted"), "What runs; always 1."
)

METRICS = (
    *(REQUESTS, ATTEMPTS, DURATION, SERVICE),
    *(WAITING, HELD, WAITING_PER_PLACE, IN_FLIGHT, PLACES, HEALTHY, ENABLED),
    *(REPLICAS, HEALTHY_REPLICAS),
    *(RETRIES, HEDGES, FAILOVERS, EJECTIONS, REFUSALS, NORMALISED),
    *(ANSWERS, RECEIVED, SENT, BUFFERED, CONNECTIONS),
    *(REACTOR_LAG, CONFIG_ERROR, BUILD),
)
