"""
All the wiring, for ``twistd``; nothing else imports the reactor.

The reactor is ours if it is installed before Klein is imported, so that comes first.
"""

from __future__ import annotations

from immich_ml_proxy.reactor import install

install()

import time
from collections.abc import Callable, Sequence
from functools import partial
from importlib.metadata import version
from typing import Any

import msgspec
from twisted.application.service import IService
from twisted.internet.defer import Deferred, maybeDeferred
from twisted.web.client import Agent

from immich_ml_proxy.aside import aside
from immich_ml_proxy.balancer.discovery import Discovery
from immich_ml_proxy.balancer.forwarder import Forwarder
from immich_ml_proxy.balancer.health import Health
from immich_ml_proxy.balancer.health_checker import HealthChecker
from immich_ml_proxy.balancer.place import Places
from immich_ml_proxy.balancer.pool import Pool
from immich_ml_proxy.balancer.server import Server
from immich_ml_proxy.commands.access import access_of
from immich_ml_proxy.commands.access_log import access_log_of
from immich_ml_proxy.commands.configuration import (
    BY_FILE,
    check,
    in_force,
    loaded,
    store_of,
)
from immich_ml_proxy.commands.options import Options
from immich_ml_proxy.config import document as config_document
from immich_ml_proxy.config.file_watch import FileWatch
from immich_ml_proxy.config.model import Config
from immich_ml_proxy.config.versions import Versions
from immich_ml_proxy.demo import DemoServers, Trickle
from immich_ml_proxy.descriptors import raise_limit, room_for_clients
from immich_ml_proxy.downstream.admission import Admission
from immich_ml_proxy.downstream.ended_requests import EndedRequests
from immich_ml_proxy.downstream.listener import Listener
from immich_ml_proxy.downstream.request import ProxyRequest
from immich_ml_proxy.downstream.site import ProxySite
from immich_ml_proxy.downstream.trace_id import new_trace_id
from immich_ml_proxy.downstream.watch import Watch as ClientWatch
from immich_ml_proxy.immich.queues import ImmichQueues
from immich_ml_proxy.memory import Memory, glibc
from immich_ml_proxy.metrics.meter import Meter
from immich_ml_proxy.metrics.reading import Beside as BesideMetrics
from immich_ml_proxy.notify.notifier import Notifier
from immich_ml_proxy.notify.sender import Sender
from immich_ml_proxy.observe.overview import Beside, Overview
from immich_ml_proxy.observe.state_log import log_event, log_flip
from immich_ml_proxy.observe.tally import Tally
from immich_ml_proxy.observe.ticker import Ticker, Timepiece
from immich_ml_proxy.observe.watch import Watch
from immich_ml_proxy.power.sparing import Sparing
from immich_ml_proxy.power.wake_on_lan import Waker
from immich_ml_proxy.predictor import Predictor
from immich_ml_proxy.protocol.caller import is_immich
from immich_ml_proxy.protocol.hops import Hops
from immich_ml_proxy.records.recorder import Recorder
from immich_ml_proxy.service import ProxyService
from immich_ml_proxy.trial.trial import Trial
from immich_ml_proxy.upstream.client import BackendClient
from immich_ml_proxy.upstream.endpoints import connections
from immich_ml_proxy.upstream.poster import Poster
from immich_ml_proxy.upstream.resolver import Resolver
from immich_ml_proxy.web.answers import write_error
from immich_ml_proxy.web.app import make_app
from immich_ml_proxy.web.config import ConfigEndpoints
from immich_ml_proxy.web.debugging import debugging
from immich_ml_proxy.web.demo import DemoEndpoints
from immich_ml_proxy.web.description import DescriptionEndpoints
from immich_ml_proxy.web.gate import Gate, client_of
from immich_ml_proxy.web.immich import ImmichEndpoints
from immich_ml_proxy.web.login import LoginEndpoints
from immich_ml_proxy.web.metrics import MetricsEndpoints
from immich_ml_proxy.web.notify import NotifyEndpoints
from immich_ml_proxy.web.overview import OverviewEndpoints
from immich_ml_proxy.web.pages import Pages, static_folder
from immich_ml_proxy.web.saves import SaveEndpoints
from immich_ml_proxy.web.trial import TrialEndpoints

__all__ = ["Options", "makeService"]


def makeService(
    options: Options,
    reactor: Any = None,
    wall: Callable[[], float] = time.time,
    write: Callable[[bytes], int] | None = None,
) -> IService:
    """
    Return the proxy as a service, wired up and not yet started.

    :param wall: what time it is, in Unix seconds, for what people are shown; all that
        is counted is counted by the reactor's clock.
    :param write: takes the lines of requests; by default they go to the log.
    """
    in_thread: Any = maybeDeferred
    if reactor is None:
        from twisted.internet import reactor as installed

        reactor = installed
        reactor.installNameResolver(Resolver(reactor))
        in_thread = partial(aside, reactor)
    parts: list[IService] = []
    stage = DemoServers(reactor) if options["demo"] else None
    store = store_of(options, stage.urls if stage is not None else ())
    if stage is not None:
        parts.append(stage)
        first = config_document.parse(msgspec.json.encode(stage.configuration()))
    else:
        first = loaded(store)
    first = in_force(first)

    recorder = Recorder(enabled=bool(options["debug"]))
    tally, timepiece = Tally(), Timepiece(reactor, wall)
    meter = Meter(reactor, tally)

    def flipped(server: Server, before: Health) -> None:
        log_flip(server, before)
        watch.flipped(server, reactor.seconds())

    pool = Pool(first, flipped, meter.observer)
    post = Poster(reactor, wall).post
    sparing = Sparing(pool, wall, post)
    waker = Waker(reactor)
    places = Places(reactor, pool, waker.wanted)
    outward = connections(reactor)
    outward.trust(first.backends)
    client = BackendClient(reactor, outward, recorder, wall)
    hops = Hops(new_trace_id())
    checker = HealthChecker(reactor, client, pool, new_trace_id, hops.first)
    parts.append(checker)
    forwarder = Forwarder(reactor, wall, client, pool, places, checker.ping)

    def rearranged() -> None:
        sparing.rearranged()
        places.reconfigured()
        forwarder.reconfigured()
        asked = [one.url for one in [pool.config.immich] if one is not None]
        outward.retain([*asked, *(server.backend.url for server in pool)])
        meter.keep(pool)

    def switched() -> None:
        rearranged()
        checker.look_at_new()

    sparing.switched = switched

    def resolved() -> None:
        switched()
        watch.resolved(reactor.seconds())

    def look_up(host: str) -> Deferred[Sequence[str]]:
        told: Deferred[Sequence[str]] = reactor.nameResolver.look_up(host)
        return told

    discovery = Discovery(reactor, look_up, pool, resolved)
    parts.append(discovery)
    checker.observers.append(forwarder.observed)
    predictor = Predictor(pool, forwarder)
    watch = Watch(pool, tally, lambda: forwarder.under_way, timepiece.moment())
    watch.events.told = log_event
    waker.woke = lambda server: watch.wakes(server, reactor.seconds())
    parts += [sparing, Ticker(reactor, timepiece, watch.tick)]
    notifier = Notifier(reactor, timepiece, Sender(reactor, wall, post), watch, sparing)
    notifier.sender.reconfigured(first.notify)
    parts.append(notifier)
    own, ours = new_trace_id(), version("immich-ml-proxy")
    overview = Overview(watch, own, ours)

    queues = ImmichQueues(reactor, client, new_trace_id)
    queues.reconfigured(first.immich)

    def heard(request: ProxyRequest) -> None:
        if watch.called is None and is_immich(request.getHeader(b"user-agent")):
            watch.immich_called(reactor.seconds())
        demo.heard(request)

    def beside() -> Beside:
        return Beside(recorder.enabled, store.error, demo.told(), queues.told())

    def apply(new: Config, who: str) -> None:
        before, new = pool.config, in_force(new)
        pool.reconfigure(new)
        discovery.reconfigured()
        outward.trust(new.backends)  # before anybody connects anew
        rearranged()
        notifier.sender.reconfigured(new.notify)
        admission.limit(new)
        checker.reconfigured()
        queues.reconfigured(new.immich)
        watch.configured(before, who, reactor.seconds())
        if stage is not None:
            stage.reconfigured(backend.url for backend in new.backends)

    demo = DemoEndpoints(reactor, wall, stage, lambda who: apply(loaded(store), who))
    admission = Admission(write_error, room_for_clients(raise_limit()))
    admission.limit(first)
    pages = Pages(static_folder())
    access = access_of(options)
    ended = EndedRequests(
        *(reactor, wall, meter.traffic, access_log_of(options, write)),
        client_of(access),
    )
    immich = ImmichEndpoints(reactor, pool, checker, pages, heard)
    overviews = OverviewEndpoints(timepiece, overview, beside, pool, waker)
    trials = TrialEndpoints(Trial(reactor, client, own, hops.first), ours, own)
    versions = Versions(new_trace_id().encode("ascii"))

    def own_ports() -> list[int]:
        return [one.number for one, _ in doors if one.number is not None]

    saves = SaveEndpoints(wall, pool, store, apply, check, versions, own_ports)
    config = ConfigEndpoints(
        *(reactor, wall, pool, places, forwarder.hedges, store, apply),
        *(saves.undo_told, notifier.sender.told),
    )
    sparing.ended = config.end_break

    debugged = debugging(
        *(reactor, wall, recorder, forwarder, pool, places, client),
        *(own[:8], ours, hops.first, in_thread),
    )
    described = DescriptionEndpoints()
    notified = NotifyEndpoints(pool, notifier.sender, in_force)

    def beside_metrics() -> BesideMetrics:
        clients = sum(len(site.connections) for _, site in doors)
        return BesideMetrics(clients, admission.budget.used, store.error is not None)

    collector = meter.collector(
        pool, places.scheduler, beside_metrics, settle=ended.settle
    )
    metrics = MetricsEndpoints(reactor, collector)

    def door(option: str, open_only: bool) -> tuple[Listener, ProxySite]:
        gate = Gate(reactor, wall, access, pages, open_only, bool(options["demo"]))
        login = LoginEndpoints(wall, gate, pages)
        asked = overviews, trials, demo, saves, config, notified, metrics, described
        app = make_app(gate, immich, *debugged, *asked, login, pages)
        site = ProxySite(
            *(reactor, wall, app, predictor.predict, recorder, admission, hops),
            ended,
        )
        return Listener(reactor, options[option], site, f"--{option}"), site

    file_watch = FileWatch(
        *(reactor, in_thread, store, check),
        lambda new: apply(new, BY_FILE),
        lambda told: watch.misconfigured(told, reactor.seconds()),
    )
    memory = Memory(reactor, admission.budget, glibc())
    parts.extend([file_watch, memory, meter.lag, ended])
    doors = [door("listen", open_only=options["admin-listen"] is not None)]
    if options["admin-listen"] is not None:
        doors.append(door("admin-listen", open_only=False))
    parts.append(ClientWatch(reactor, [site.connections for _, site in doors]))
    note = access.note(options["admin-listen"])
    guests = [] if stage is None else [_trickle(reactor, stage, doors[0][1])]
    return ProxyService(
        reactor,
        doors,
        pool,
        client,
        *parts,
        guests=guests,
        note=note,
        hung_up=file_watch.ask,
    )


def _trickle(reactor: Any, stage: DemoServers, site: ProxySite) -> Trickle:
    """Return the simulated work, which has a loopback port of its own to the proxy."""
    door = Listener(reactor, "tcp:0:interface=127.0.0.1", site)
    door.setServiceParent(stage)

    agent = Agent(reactor)
    trickle = Trickle(reactor, agent, lambda: door.number, lambda: stage.alone)
    trickle.setServiceParent(stage)
    return trickle
