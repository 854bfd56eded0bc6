"""Scenarios with servers that are well: mixed pools, searches, limits."""

from __future__ import annotations

import statistics
import time
from collections.abc import Mapping, Sequence
from functools import partial

from benchmarks.scheduling.client import Load, images, in_background, run, searches
from benchmarks.scheduling.peers import Peer, haproxy, nginx, ours, watched
from benchmarks.scheduling.server import Spec, servers
from benchmarks.scheduling.setting import Number, Row, Setting

FAST = Spec(0.02, 4)
SLOW = Spec(0.2, 1)
SLOWER = Spec(0.5, 1)

WITHIN = 1.03
"""What a makespan may be of the ideal."""
TAIL_MS = 300.0


def ideal(specs: Mapping[str, Spec], total: int) -> float:
    """Return the seconds that ``total`` images take if no place is ever idle."""
    rates = [
        spec.places / spec.seconds
        for spec in specs.values()
        if isinstance(spec.seconds, float)
    ]
    return total / sum(rates)


def _import(
    setting: Setting,
    peers: Sequence[Peer],
    specs: Mapping[str, Spec],
    total: int,
    clients: int,
) -> dict[str, Load]:
    loads = {}
    for peer in peers:
        with setting.run(peer, specs) as (running, _):
            loads[peer.name] = run(
                running.port,
                images(),
                total,
                clients,
                limit=setting.size(60, 8) if peer.name in SLOW_ONES else None,
            )
    return loads


ROUND_ROBIN = nginx()
SLOW_ONES = {ROUND_ROBIN.name}
"""Proxies that are stopped early: the rest is extrapolated."""
BY_HAND = haproxy(with_limits=True)


def _columns(load: Load, due: float, measured: float) -> dict[str, Number]:
    bounded = len(load.done) < load.asked
    return {
        "seconds": load.whole_seconds,
        "/ ideal": load.whole_seconds / due,
        "/ by hand": load.whole_seconds / measured,
        "p50 ms": load.ms(0.5),
        "p99 ms": load.ms(0.99),
        "failed": load.failed,
        "note": f"extrapolated from {len(load.done)} images" if bounded else "",
    }


def _pool(
    setting: Setting,
    specs: Mapping[str, Spec],
    peers: Sequence[Peer],
    total: int,
    clients: int,
    tail: float | None = None,
) -> list[Row]:
    """Import through every peer; ours have a goal, ``tail`` is that of their p99."""
    due = ideal(specs, total)
    loads = _import(setting, peers, specs, total, clients)
    measured = loads[BY_HAND.name].seconds
    rows = []
    for peer in peers:
        load = loads[peer.name]
        goal, met = "", True
        if peer.is_ours and peer is not LIMITED:
            goal = f"{WITHIN} of ideal"
            met = load.seconds <= WITHIN * due and not load.failed
            if tail is not None:
                goal += f", p99 {tail:.0f} ms"
                met = met and load.ms(0.99) <= tail
        rows.append(Row(peer.name, _columns(load, due, measured), goal, met))
    return rows


LIMITED = ours("least_busy, limits", {"strategy": "least_busy"}, with_limits=True)
"""It leaves a place empty while an answer travels, as whoever keeps to the places."""
OURS = (
    ours("fastest", {"strategy": "fastest"}),
    ours("least_busy", {"strategy": "least_busy"}),
    LIMITED,
    ours("round_robin"),
)


def mixed(setting: Setting) -> list[Row]:
    """A fast server beside one ten times as slow."""
    specs = {"fast": FAST, "slow": SLOW}
    total = setting.size(2000, 400)
    peers = (*OURS, BY_HAND, haproxy(), nginx("least_conn"), ROUND_ROBIN)
    rows = _pool(setting, specs, peers, total, 16, TAIL_MS)
    with servers({"alone": FAST}, setting.cores, setting.directory) as alone:
        load = run(alone["alone"].port, images(), total, 16)
    measured = next(row for row in rows if row.proxy == BY_HAND.name).numbers["seconds"]
    assert isinstance(measured, float)
    columns = _columns(load, ideal(specs, total), measured)
    return [*rows, Row("fast server alone", columns)]


def long(setting: Setting) -> list[Row]:
    """The same for longer: a fast server beside one ten times as slow, 5,000 images."""
    specs = {"fast": FAST, "slow": SLOW}
    peers = (*OURS, BY_HAND)
    return _pool(setting, specs, peers, setting.size(5000, 400), 16, TAIL_MS)


def three(setting: Setting) -> list[Row]:
    """A fast server beside two slow ones."""
    specs = {"fast": FAST, "slow": SLOW, "slower": SLOWER}
    peers = (*OURS[:3], BY_HAND, haproxy(), nginx("least_conn"))
    return _pool(setting, specs, peers, setting.size(5000, 400), 16)


def equal(setting: Setting) -> list[Row]:
    """Eight equal servers."""
    specs = {f"gpu{number}": Spec(0.1, 2) for number in range(8)}
    peers = (*OURS[:3], BY_HAND, haproxy(), nginx("least_conn"))
    return _pool(setting, specs, peers, setting.size(5000, 400), 64)


SEARCH_SECONDS = 0.02
IMAGE_SECONDS = 0.2


def search(setting: Setting) -> list[Row]:
    """Somebody searches while an import keeps two servers busy."""
    seconds = {"clip": SEARCH_SECONDS, "facial-recognition": IMAGE_SECONDS}
    specs = {"one": Spec(seconds, 2), "two": Spec(seconds, 2)}
    rows = []
    for peer in (
        ours("fastest", {"strategy": "fastest"}),
        ours("round_robin"),
        haproxy(),
        nginx("least_conn"),
    ):
        with setting.run(peer, specs) as (running, _):
            idle = run(running.port, searches(), setting.size(100, 20), 1)
            with in_background(
                partial(run, running.port, images("faces"), setting.size(400, 60), 16)
            ) as importing:
                time.sleep(3.0)  # The limits are found, and the servers full.
                found = run(
                    running.port,
                    searches(),
                    10**6,
                    1,
                    limit=setting.size(15, 1),
                    pause=0.05,
                )
                busy = importing.result()
        bound = 1.3 * idle.ms(0.99) + 1000 * IMAGE_SECONDS
        rows.append(
            Row(
                peer.name,
                {
                    "searches": len(found.done),
                    "idle p99 ms": idle.ms(0.99),
                    "p50 ms": found.ms(0.5),
                    "p99 ms": found.ms(0.99),
                    "bound ms": bound,
                    "images/s": len(busy.done) / busy.seconds,
                    "failed": found.failed + busy.failed,
                },
                "p99 within bound" if peer.is_ours else "",
                found.ms(0.99) <= bound and not found.failed + busy.failed,
            )
        )
    return rows


def limits(setting: Setting) -> list[Row]:
    """A burst of requests at a server that could take many more than it is given."""
    total = setting.size(500, 200)
    rows = []
    cases: Sequence[tuple[str, str, int, dict[str, object]]] = (
        ("ocr", "limits: ocr 1", 1, {"limits": {"ocr": 1}, "maxConcurrent": 8}),
        ("faces", "maxConcurrent: 3", 3, {"maxConcurrent": 3}),
    )
    for task, name, wanted, backend in cases:
        peer = ours(name, backend=backend)
        with setting.run(peer, {"gpu": Spec(0.01, 64)}) as (running, started):
            load = run(running.port, images(task), total, total)
            peak = started["gpu"].stop()["peak"]
        rows.append(
            Row(
                peer.name,
                {"burst": total, "most at once": peak, "failed": load.failed},
                f"exactly {wanted}",
                peak == wanted and not load.failed,
            )
        )
    return rows


ENOUGH = 0.98
"""Part of the highest throughput at which a limit is as good as the best."""


def _best_limit(setting: Setting, spec: Spec, total: int) -> tuple[int, float]:
    """Return the lowest limit that is as good as any, and its images per second.

    More than the places may be better: then the next request is there already when a
    place becomes free.
    """
    rates = {}
    for limit in range(max(1, spec.places - 1), spec.places + max(2, spec.places // 2)):
        peer = ours(f"limit {limit}", backend={"maxConcurrent": limit})
        with setting.run(peer, {"gpu": spec}) as (running, _):
            rates[limit] = total / run(running.port, images(), total, 32).seconds
    enough = ENOUGH * max(rates.values())
    best = next(limit for limit, rate in rates.items() if rate >= enough)
    return best, rates[best]


def adaptive(setting: Setting) -> list[Row]:
    """The limit that is found beside the best that could be written down."""
    rows = []
    for name, spec, total in (
        ("20 ms x 4", FAST, setting.size(2000, 600)),
        ("200 ms x 1", SLOW, setting.size(60, 15)),
        ("50 ms x 8", Spec(0.05, 8), setting.size(1600, 500)),
    ):
        best, rate = _best_limit(setting, spec, setting.size(total // 2, total // 4))
        peer = ours(f"{name}, nothing set")
        with (
            setting.run(peer, {"gpu": spec}) as (running, _),
            watched(running, lambda told: told["backends"]["gpu"]["limit"]) as seen,
        ):
            load = run(running.port, images(), total, 32)
        half = [limit for _, limit in seen[len(seen) // 2 :]]
        settled = statistics.median(half)
        rows.append(
            Row(
                peer.name,
                {
                    "best limit": best,
                    "found": settled,
                    "least, most": f"{min(half)}, {max(half)}",
                    "images/s": total / load.seconds,
                    "/ best": total / load.seconds / rate,
                    "failed": load.failed,
                },
                "within 20 %",
                abs(settled - best) <= 0.2 * best and not load.failed,
            )
        )
    return rows
