"""The scenarios in which memory is measured.

Each begins with fresh processes: 64 uploads of 4 MB at once, quick ones,
slow ones, and ones whose answer takes a while; then a soak of mixed requests.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from attrs import field, frozen

from benchmarks.memory.trickle import trickle
from benchmarks.proxies.load import InvalidRun, await_healthy, run_wrk
from benchmarks.proxies.peers import Peer, Running, run_peers
from benchmarks.proxies.setting import Setting
from benchmarks.shared.measure import (
    peak_bytes,
    reset_peak,
    resident_bytes,
    wait_until_idle,
)

CLIENTS = 64
SOAK_CLIENTS = 9
BOUTS = 8
INFERENCE = 0.25
"""Seconds that the stubs take in the scenario with a slow answer."""
REST = 3.0
"""Seconds of rest before the resident memory "after" is read."""


@frozen
class Sample:
    """Resident memory at a moment of the soak."""

    seconds: float
    requests: int
    resident_bytes: int


@frozen
class Outcome:
    """One scenario. ``after_bytes`` has a value for each burst, after its rest."""

    proxy: str
    scenario: str
    start_bytes: int
    peak_bytes: int
    after_bytes: list[int]
    error: str = ""
    samples: list[Sample] = field(factory=list)


@contextmanager
def _alone(setting: Setting, peer: Peer, delay: float) -> Iterator[Running]:
    """Run ``peer`` by itself and prove with one text search that it answers."""
    with run_peers([peer], setting.cores, setting.directory, delay) as targets:
        await_healthy(targets[peer.name], setting.payloads["text"])
        wait_until_idle(targets[peer.name].pids())
        yield targets[peer.name]


def bursts(
    setting: Setting,
    peer: Peer,
    scenario: str,
    load: Callable[[Running], object],
    *,
    times: int,
    delay: float = 0.0,
) -> Outcome:
    """Apply ``load`` several times with a rest after each; watch the memory."""
    with _alone(setting, peer, delay) as target:
        pids = target.pids()
        start, peak, after, reason = resident_bytes(pids), 0, [], ""
        for _ in range(times):
            reset_peak(pids)
            try:
                load(target)
            except InvalidRun as error:
                reason = str(error)
            peak = max(peak, peak_bytes(pids))
            wait_until_idle(pids)
            time.sleep(REST)
            after.append(resident_bytes(pids))
    return Outcome(peer.name, scenario, start, peak, after, reason)


def soak(setting: Setting, peer: Peer, wanted: int) -> Outcome:
    """Send ``wanted`` mixed requests or more; sample the memory after each bout.

    A fast proxy gets more of them: a trend needs some samples.
    """
    mixed = tuple(bodies[0] for bodies in setting.bodies.values())
    with _alone(setting, peer, 0.0) as target:
        pids = target.pids()
        start = resident_bytes(pids)
        samples = [Sample(0.0, 0, start)]
        reason, sent, began = "", 0, time.monotonic()
        reset_peak(pids)
        while (sent < wanted or len(samples) <= BOUTS) and not reason:
            try:
                result = run_wrk(target, mixed, SOAK_CLIENTS, 2, setting.cores.load)
            except InvalidRun as error:
                reason = str(error)
            else:
                sent += result.requests
                wait_until_idle(pids)
                seconds = time.monotonic() - began
                samples.append(Sample(seconds, sent, resident_bytes(pids)))
                _print_sample(peer.name, samples[-1])
        peak = peak_bytes(pids)
        time.sleep(REST)
        after = [resident_bytes(pids)]
    return Outcome(peer.name, "soak", start, peak, after, reason, samples)


def _print_sample(name: str, sample: Sample) -> None:
    print(
        f"soak {name}: {sample.seconds:5.0f} s {sample.requests:8,d} requests "
        f"{sample.resident_bytes / 1e6:7.1f} MB resident",
        flush=True,
    )


def growth_bytes(samples: Sequence[Sample]) -> int | None:
    """Return how much the memory grew from the soak's first half to its second.

    The highest value of each half is taken: the first half warms up every buffer.
    None if there is no second half.
    """
    if len(samples) < 2:
        return None
    middle = samples[-1].requests / 2
    early = [s.resident_bytes for s in samples if s.requests <= middle]
    late = [s.resident_bytes for s in samples if s.requests > middle]
    return max(late) - max(early)


def measure(setting: Setting, quick: bool, requests: int) -> list[Outcome]:
    """Run every scenario with every proxy of the setting."""
    files, core = setting.bodies["4MB"], setting.cores.load
    bodies = setting.payloads["4MB"].bodies
    times, seconds = (1, 2) if quick else (3, 5)

    def at_once(target: Running) -> None:
        run_wrk(target, files, CLIENTS, seconds, core)

    def slowly(target: Running) -> None:
        trickle(target.port, bodies, CLIENTS, float(seconds))

    outcomes = []
    for peer in setting.peers:
        for scenario, load, delay in (
            ("64 x 4 MB", at_once, 0.0),
            ("64 x 4 MB, answer after 0.25 s", at_once, INFERENCE),
            (f"64 x 4 MB trickled over {seconds} s", slowly, 0.0),
        ):
            print(f"{peer.name}: {scenario}", file=sys.stderr, flush=True)
            outcomes.append(
                bursts(setting, peer, scenario, load, times=times, delay=delay)
            )
        outcomes.append(soak(setting, peer, requests))
    return outcomes
