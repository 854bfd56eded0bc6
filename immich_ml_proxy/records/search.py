"""Which rows somebody looks for: what they are asked by, and whether one matches."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

import attrs

from immich_ml_proxy.config.model import normalized
from immich_ml_proxy.config.resolve import is_of
from immich_ml_proxy.errors import BadRequest
from immich_ml_proxy.records.asked import KIND_BY_WORDS
from immich_ml_proxy.records.row import Row
from immich_ml_proxy.records.shown import Shown, routes_of

KINDS = ("search", "clip", "faces", "ocr", "other")
_STATUS = re.compile(r"ok|failed|[1-5]xx|[1-9][0-9][0-9]")


@attrs.frozen
class Wanted:
    """
    What rows are asked for; empty: all.

    :ivar kinds: of rows.
    :ivar task: the kind of work, or a part of a task's key.
    :ivar text: in lower case.
    """

    kinds: frozenset[str] = frozenset({"predict", "other"})
    task: str = ""
    backend: str = ""
    route: str = ""
    trace: str = ""
    status: str = ""
    text: str = ""

    @classmethod
    def of(cls, query: Mapping[str, str]) -> Wanted:
        """
        Return what the parameters of a query want.

        :raises BadRequest: with the parameter that is wrong.
        """
        kinds = {"predict", "other"}
        for kind in filter(None, query.get("kind", "").split(",")):
            if kind not in ("pings", "pages"):
                raise BadRequest("kind: must be pings or pages, or both with a comma")
            kinds.add(kind[:-1])
        status = query.get("status", "")
        if status and not _STATUS.fullmatch(status):
            raise BadRequest("status: must be ok, failed, 4xx, 5xx or such as 422")
        return cls(
            kinds=frozenset(kinds),
            task=normalized(query.get("task", "")),
            backend=query.get("backend", ""),
            route=query.get("route", ""),
            trace=query.get("trace", ""),
            status=status,
            text=query.get("text", "").lower(),
        )

    def matches(self, row: Row) -> bool:
        """Whether a row is wanted."""
        return (
            row.kind in self.kinds
            and (not self.task or self._is_of_task(row))
            and (not self.backend or is_among(self.backend, row.machines))
            and (not self.route or self.route in routes_of(row))
            and (not self.trace or self.trace == row.trace_id)
            and (not self.status or self._has_status(row.status))
            and (not self.text or self.text in searched(row))
        )

    def wants(self, one: Shown) -> bool:
        """Whether a request that is under way is wanted."""
        text = " ".join((one.trace_id, one.path, one.words, *one.tasks, *one.models))
        return (
            (not self.task or is_of_task(self.task, one.tasks, kinds_of(one.words)))
            and (not self.backend or is_among(self.backend, one.machines))
            and (not self.route or self.route in one.route)
            and (not self.trace or self.trace == one.trace_id)
            and not self.status
            and self.text in " ".join((text, *one.machines)).lower()
        )

    def _is_of_task(self, row: Row) -> bool:
        return is_of_task(self.task, row.asked.tasks, row.asked.kinds)

    def _has_status(self, status: int | None) -> bool:
        wanted = self.status
        if wanted in ("ok", "failed"):
            return (status is not None and status < 400) is (wanted == "ok")
        told = "" if status is None else str(status)
        return told[:1] == wanted[:1] if wanted.endswith("xx") else told == wanted


def is_among(machine: str, machines: Sequence[str]) -> bool:
    """Whether a machine, or a replica of it, is one of these."""
    return any(is_of(one, machine) for one in machines)


def kinds_of(words: str) -> list[str]:
    """Return the kinds of work, by what people call them."""
    return [KIND_BY_WORDS.get(one, "other") for one in words.split(", ")]


def is_of_task(wanted: str, tasks: Sequence[str], kinds: Sequence[str]) -> bool:
    """Whether work is of this kind, or has a task whose key this is a part of."""
    if wanted in KINDS:
        return wanted in kinds
    for task in map(normalized, tasks):
        name, _, part = task.partition("/")
        if wanted in (task, name, part):
            return True
    return False


def searched(row: Row) -> str:
    """Return what is searched for text: in lower case, and worked out once."""
    if row.search is None:
        asked = row.asked
        row.search = "\n".join(
            (
                row.trace_id,
                row.path,
                row.method,
                asked.words,
                *asked.tasks,
                *asked.models,
                *row.machines,
                row.error or "",
                *(part.reason or "" for part in row.parts),
            )
        ).lower()
    return row.search
