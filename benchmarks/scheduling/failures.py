"""Scenarios with servers that die, hang and fail."""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping
from typing import Any

from benchmarks.scheduling.client import Load, images, run
from benchmarks.scheduling.peers import Peer, haproxy, nginx, ours, watched
from benchmarks.scheduling.server import Simulated, Spec
from benchmarks.scheduling.setting import Number, Row, Setting, failures

GPU = Spec(0.02, 4)
CLIENTS = 16
GIVEN_UP = 7.0
"""Seconds a request may take beside a server that hangs: it is given up after 5."""


def _failures_goal(load: Load) -> tuple[str, bool]:
    return "0 failed", not load.failed


class _At:
    """Does something in another thread when so many requests have been answered."""

    def __init__(self, count: int, act: Any) -> None:
        self._count = count
        self._thread = threading.Thread(target=act)

    def __call__(self, done: int) -> None:
        if done == self._count:
            self._thread.start()

    def join(self) -> None:
        """Await the end of what was done."""
        self._thread.join()


def outage(setting: Setting) -> list[Row]:
    """The only server is away for a minute in the middle of an import."""
    away = setting.size(60, 8)
    rows = []
    for peer, goal in (
        (ours("holdSeconds: 120", {"holdSeconds": 120}), True),
        (ours("nothing set"), False),
        (nginx("least_conn"), False),
        (haproxy(), False),
    ):
        with setting.run(peer, {"gpu": GPU}) as (running, started):
            gpu = started["gpu"]

            def power_cut(gpu: Simulated = gpu) -> None:
                gpu.kill()
                time.sleep(away)
                gpu.start()

            total = setting.size(2000, 400)
            cut = _At(total // 4, power_cut)
            load = run(running.port, images(), total, CLIENTS, watch=cut)
            cut.join()
        numbers = {"away s": away, **failures(load), "seconds": load.seconds}
        told, met = _failures_goal(load) if goal else ("", True)
        rows.append(Row(peer.name, numbers, told, met))
    return rows


def kill(setting: Setting) -> list[Row]:
    """One of two servers is killed under load."""
    rows = []
    for peer in (ours("round_robin"), nginx("least_conn"), haproxy()):
        with setting.run(peer, {"one": GPU, "two": GPU}) as (running, started):
            total = setting.size(2000, 400)
            cut = _At(total // 3, started["one"].kill)
            load = run(running.port, images(), total, CLIENTS, watch=cut)
            cut.join()
        numbers = {**failures(load), "longest ms": load.ms(1), "seconds": load.seconds}
        goal, met = _failures_goal(load) if peer.is_ours else ("", True)
        rows.append(Row(peer.name, numbers, goal, met))
    return rows


def hang(setting: Setting) -> list[Row]:
    """A server takes requests and never answers them, beside one that is well."""
    rows = []
    cases: tuple[tuple[str, Spec], ...] = (
        ("it answers pings", Spec(0.02, 4, "hang")),
        ("not even pings", Spec(0.02, 4, "hang_all")),
    )
    for name, bad in cases:
        peer = ours(name)
        with (
            setting.run(peer, {"good": GPU, "bad": bad}) as (running, _),
            watched(running, _bad) as seen,
        ):
            total = setting.size(4000, 1200)
            load = run(running.port, images(), total, CLIENTS)
        met = not load.failed and load.ms(1) <= 1000 * GIVEN_UP
        numbers = {
            **failures(load),
            "p99 ms": load.ms(0.99),
            "longest ms": load.ms(1),
            "kept waiting": sum(one.seconds > 1 for one in load.done),
            "first given up at s": _first(seen, lambda one: one["failed"] > 0),
            "out at s": _first(seen, lambda one: one["ejections"] > 0),
        }
        rows.append(Row(peer.name, numbers, f"0 failed, {GIVEN_UP:.0f} s", met))
    peer = nginx("least_conn")
    with setting.run(peer, {"good": GPU, "bad": cases[0][1]}) as (running, started):
        # It would wait 290 s, as Immich does: killed, the server's requests end.
        end = threading.Timer(setting.size(20, 9), started["bad"].kill)
        end.start()
        total = setting.size(4000, 1200)
        load = run(running.port, images(), total, CLIENTS)
        end.join()
    numbers = {
        **failures(load),
        "p99 ms": load.ms(0.99),
        "longest ms": load.ms(1),
        "kept waiting": sum(one.seconds > 1 for one in load.done),
        "note": "the server was killed to end it",
    }
    return [*rows, Row(f"{peer.name}, it answers pings", numbers)]


def _bad(told: Any) -> Mapping[str, Any]:
    found: Mapping[str, Any] = told["backends"]["bad"]
    return found


def _first(seen: list[tuple[float, Mapping[str, Any]]], is_so: Any) -> Number:
    """Return the seconds after which something was seen, or "never"."""
    return next((when for when, one in seen if is_so(one)), "never")


def error(setting: Setting) -> list[Row]:
    """A server answers 500 at once, beside one that is well; later it is mended."""
    specs = {"good": GPU, "bad": Spec(0.02, 4, "error")}
    total = setting.size(3000, 1600)
    mended_after = total // 2
    peer = ours("round_robin")
    with (
        setting.run(peer, specs) as (running, started),
        watched(running, _bad) as seen,
    ):
        began = time.monotonic()
        mended: list[float] = []

        def mend() -> None:
            mended.append(time.monotonic() - began)
            started["bad"].mend()

        turn = _At(mended_after, mend)
        load = run(running.port, images(), total, CLIENTS, watch=turn)
        turn.join()
    back = _first(seen, lambda one: one["served"] > 0)
    goal, met = _failures_goal(load)
    numbers = {
        **failures(load),
        "tried in vain": seen[-1][1]["failed"],
        "out after s": _first(seen, lambda one: one["ejections"] > 0),
        "mended at s": mended[0],
        "serves again at s": back,
    }
    rows = [Row(peer.name, numbers, goal, met)]
    other: Peer
    for other in (nginx("least_conn"), haproxy()):
        with setting.run(other, specs) as (running, _):
            load = run(running.port, images(), mended_after, CLIENTS)
        rows.append(Row(other.name, failures(load)))
    return rows
