"""Puts together what the page of requests sees: records, and what is under way."""

from __future__ import annotations

from collections.abc import Callable, Generator
from typing import Any

from immich_ml_proxy.balancer.forwarder import Forwarder
from immich_ml_proxy.balancer.place import Places
from immich_ml_proxy.balancer.pool import Pool
from immich_ml_proxy.downstream.trace_id import new_trace_id
from immich_ml_proxy.observe.under_way import Moments, under_way
from immich_ml_proxy.records.recorder import Recorder
from immich_ml_proxy.records.shown import Shown
from immich_ml_proxy.trial.repeat import Repeat
from immich_ml_proxy.upstream.client import BackendClient
from immich_ml_proxy.web.debug import DebugEndpoints
from immich_ml_proxy.web.records import RecordEndpoints


def debugging(
    clock: Any,
    wall: Callable[[], float],
    recorder: Recorder,
    forwarder: Forwarder,
    pool: Pool,
    places: Places,
    client: BackendClient,
    run: str,
    version: str,
    via: bytes,
    in_thread: Any,
) -> tuple[DebugEndpoints, RecordEndpoints]:
    """
    Return the endpoints below ``/api/debug``.

    :param clock: source of time, which also gives the reactor's turns.
    :param wall: what time it is, in Unix seconds.
    :param run: names this run of the proxy.
    :param version: of the proxy.
    :param via: the ``Via`` of requests that are ours.
    :param in_thread: calls a function where it may take its time.
    """

    def going() -> Generator[int, None, list[Shown]]:
        at = Moments(clock.seconds(), wall(), run)
        return under_way(forwarder.under_way, pool, at)

    repeat = Repeat(clock, client, pool, places, new_trace_id, via)
    return (
        DebugEndpoints(clock, recorder, run, going),
        RecordEndpoints(clock, recorder, run, version, going, repeat, in_thread),
    )
