"""
All that the overview shows, as JSON: the answer of ``/api/overview``.

It is put together at most once a second, whoever asks. A cursor names what a page has;
given it, an answer has only the newer events and steps of the plot. It moves on only
when something has happened, so that while nothing does the answer stays the same, and
so does its tag. All times in it are absolute, for the same reason.
"""

from __future__ import annotations

import gzip
from collections.abc import Mapping
from typing import Any

import attrs
import msgspec

from immich_ml_proxy.errors import BadRequest
from immich_ml_proxy.observe import cursor, flow, machines, outlook, plot, waiting
from immich_ml_proxy.observe.cursor import Cursor
from immich_ml_proxy.observe.events import Event
from immich_ml_proxy.observe.moment import Moment
from immich_ml_proxy.observe.time_left import Queues
from immich_ml_proxy.observe.watch import Watch

#: Seconds of events that a page gets at first.
DAY = 24 * 3600.0
#: Bytes of them.
EVENTS = 3500
#: How hard gzip tries: answers are small, and made every second.
PACKING = 4


@attrs.frozen
class Beside:
    """
    What is told beside what was watched.

    :ivar recording: whether requests are recorded.
    :ivar config_error: what is wrong with the configuration's file.
    :ivar demo: what is told of the simulated servers, or ``None``.
    :ivar queues: what Immich has told of its queues; ``None``: it is not asked.
    """

    recording: bool = False
    config_error: str | None = None
    demo: Mapping[str, Any] | None = None
    queues: Queues | None = None


@attrs.define
class Answer:
    """
    :ivar tag: changes with the body, but for the time in it; no quotes.
    :ivar body: JSON.
    """

    tag: str
    body: bytes
    _packed: bytes | None = None

    @property
    def packed(self) -> bytes:
        """The body in gzip."""
        if self._packed is None:
            self._packed = gzip.compress(self.body, PACKING, mtime=0)
        return self._packed


class Overview:
    """
    :param watch: what was seen.
    :param boot: names this run of the proxy, letters and digits.
    :param version: of the proxy.
    """

    def __init__(self, watch: Watch, boot: str, version: str) -> None:
        self._watch = watch
        self._boot = boot
        self._version = version
        self._seen: tuple[object, ...] = ()
        self._core = b""
        self._revision = 0
        self._answers: dict[tuple[str, Cursor | None], Answer] = {}

    def answer(
        self, which: str, since: str | None, moment: Moment, beside: Beside
    ) -> Answer:
        """
        Return what a page is told.

        :param which: the range of the plot.
        :param since: the cursor of the page's last answer; ``None`` for the first, and
            what cannot be gone on from is as good.
        :raises BadRequest: when there is no such range.
        """
        if which not in plot.RANGES:
            raise BadRequest(f"plot: must be one of {', '.join(plot.RANGES)}")
        watch = self._watch
        told = watch.configurations, watch.events.last_id
        seen = moment.second, moment.ahead, told, beside
        if seen != self._seen:
            self._seen = seen
            self._look(moment, beside)
        # Where it goes on is only known once that is done.
        read = self._read(since, which, moment)
        known = self._answers.get((which, read))
        if known is None:
            known = self._answers[which, read] = self._written(which, read, moment)
        return known

    def _look(self, moment: Moment, beside: Beside) -> None:
        core = msgspec.json.encode(self._told(moment, beside))
        if core != self._core:
            self._core = core
            self._revision += 1
        self._answers.clear()

    # --- The cursor -------------------------------------------------------------------

    def _newest(self, moment: Moment) -> Cursor:
        watch = self._watch
        shift = round(moment.ahead - moment.base)
        return Cursor(
            cursor.run(self._boot, watch.configurations, shift),
            self._revision,
            watch.events.last_id,
            watch.history.active + 1,
        )

    def _read(self, since: str | None, which: str, moment: Moment) -> Cursor | None:
        """Return where to go on from; ``None``: tell all."""
        read, newest = cursor.read(since), self._newest(moment)
        if read is None or not read.leads_to(newest):
            return None
        length, steps = plot.RANGES[which]
        # Nothing was done while it was away, or what was done is still there.
        is_kept = read.second > moment.second - (steps - 1) * length
        return read if is_kept or read.second == newest.second else None

    def _written(self, which: str, since: Cursor | None, moment: Moment) -> Answer:
        watch, newest = self._watch, self._newest(moment)
        names = {key: server.name for server, key in watch.keys.items()}
        begin = None if since is None else since.second
        first = {
            "full": since is None,
            "cursor": str(newest),
            "now": moment.unix(moment.now),
            "plot": plot.plot(
                watch.history, names, which, begin, newest.second, moment
            ),
            "events": self._events(since, moment),
        }
        told = "" if since is None else f"{since.event}.{since.second}"
        tag = f"{newest}/{which}/{told}"
        return Answer(tag, msgspec.json.encode(first)[:-1] + b"," + self._core[1:])

    def _events(self, since: Cursor | None, moment: Moment) -> list[msgspec.Raw]:
        """Return what has happened; at first of a day as much as there is room for."""
        events = self._watch.events
        if since is not None:
            return [_event(one, moment) for one in events.after(since.event, 0.0)]
        told: list[msgspec.Raw] = []
        room = EVENTS
        for one in reversed(list(events.after(0, moment.now - DAY))):
            text = _event(one, moment)
            room -= len(bytes(text))
            if room < 0:
                break
            told.insert(0, text)
        return told

    # --- All but the plot and the events ----------------------------------------------

    def _told(self, moment: Moment, beside: Beside) -> dict[str, Any]:
        watch = self._watch
        crowds, alone = waiting.crowds(watch.under_way(), watch.pool, moment.now)
        rows = [
            {
                **machines.row(
                    server,
                    watch.history.server(key),
                    watch.standings.of(key),
                    moment,
                    watch.start.now,
                ),
                **machines.replicas(server, watch.replica_standing, moment),
                "woken": None
                if key not in watch.woken
                else moment.unix(watch.woken[key]),
                "alone": alone[server],
            }
            for server, key in watch.keys.items()
        ]
        everything = sum(sum(row["perMinute"].values()) for row in rows)
        for row in rows:
            done = sum(row["perMinute"].values())
            row["share"] = round(done / everything, 2) if everything else 0.0
        called = watch.called
        return {
            "proxy": {
                "version": self._version,
                "started": moment.unix(watch.start.now),
                "config": watch.configurations,
            },
            "recording": beside.recording,
            "configError": beside.config_error,
            "demo": beside.demo,
            "immich": {"firstCall": None if called is None else moment.unix(called)},
            "machines": rows,
            "routes": flow.rows(watch.pool, watch.history, watch.keys, crowds, moment),
            "left": outlook.left(watch, moment, beside.queues),
            "advice": outlook.advised(watch, moment),
        }


def _event(event: Event, moment: Moment) -> msgspec.Raw:
    told = {
        "id": event.id,
        "at": moment.unix(event.at),
        "kind": event.kind,
        "machine": event.machine,
        "text": event.text,
    }
    return msgspec.Raw(msgspec.json.encode(told))
