"""
Puts two changes of one configuration together, by path.

What only one side has changed is as that side has it. Backends are the same if they
have the same name, or one URL under two; routes and limits, if their keys are two
spellings of one. A list is one value, and so is the order of the backends. Where both
have changed one value to two, it is a conflict, but for a backend's state: whoever
saves last decides that, if he has changed it at all.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import attrs
import msgspec

from immich_ml_proxy.config.faults import step
from immich_ml_proxy.config.model import normalized
from immich_ml_proxy.config.renames import names_of, renamed, renames

#: Stands for a field that is not there.
ABSENT: Any = msgspec.UNSET

#: Where one stands: the names of fields, and of backends.
Steps = tuple[str, ...]

_BACKENDS = "backends"
_ROUTES = "taskRouting"
#: Fields of a backend that whoever saves last decides.
_NEVER_IN_CONFLICT = frozenset(["state", "disabledUntil"])


@attrs.frozen
class Conflict:
    """
    A value that both have changed; :data:`ABSENT` where it is not there.

    :ivar steps: where it stands.
    """

    steps: Steps
    base: Any
    mine: Any
    theirs: Any

    @property
    def path(self) -> str:
        """Where it stands: ``backends.nas.weight``."""
        return path_of(self.steps)


@attrs.frozen
class Merged:
    """
    :ivar document: both changes; where they conflict, theirs.
    :ivar conflicts: in the order of the document.
    :ivar mine: with the names of backends that :attr:`document` has.
    :ivar theirs: likewise.
    """

    document: dict[str, Any]
    conflicts: tuple[Conflict, ...]
    mine: dict[str, Any]
    theirs: dict[str, Any]


def path_of(steps: Steps) -> str:
    """Return steps as one text: ``taskRouting["clip/visual"].backends``."""
    return "".join(map(step, steps)).lstrip(".")


def merge(base: dict[str, Any], mine: dict[str, Any], theirs: dict[str, Any]) -> Merged:
    """
    Return what two changes of one document come to.

    All three have passed every check by themselves; what comes of them may not.

    :param mine: what is to be saved.
    :param theirs: what was saved meanwhile.
    """
    merging = _Merging()
    ours, others = renames(base, mine), renames(base, theirs)
    for name in sorted(ours.keys() & others.keys()):
        if ours[name] != others[name]:
            steps = _BACKENDS, name, "name"
            merging.conflicts.append(Conflict(steps, name, ours[name], others[name]))
    # A name that the other has given to another machine makes the two no one.
    ours = {
        old: new
        for old, new in ours.items()
        if new not in names_of(theirs) or others.get(old) == new
    }
    base, theirs = renamed(base, ours), renamed(theirs, ours)
    others = {
        old: new
        for old, new in renames(base, theirs).items()
        if new not in names_of(mine)
    }
    base, mine = renamed(base, others), renamed(mine, others)
    document = merging.value((), _Sides(base, mine, theirs))
    return Merged(document, tuple(merging.conflicts), mine, theirs)


def same(one: Any, other: Any) -> bool:
    """Whether two values are one in JSON, where 1 is 1.0 and no ``true``."""
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(same(one[k], other[k]) for k in one)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(same, one, other))
    return isinstance(one, bool) == isinstance(other, bool) and bool(one == other)


class _Sides(NamedTuple):
    """One value as it was, and as both have it."""

    base: Any
    mine: Any
    theirs: Any

    def each(self, change: Callable[[Any], Any]) -> _Sides:
        """Return what becomes of all three."""
        return _Sides(change(self.base), change(self.mine), change(self.theirs))


class _Merging:
    """
    A merge under way.

    :ivar conflicts: those that were found so far.
    """

    def __init__(self) -> None:
        self.conflicts: list[Conflict] = []

    def value(self, steps: Steps, sides: _Sides) -> Any:
        """Return what a value comes to; :data:`ABSENT` if it is not there then."""
        base, mine, theirs = sides.each(lambda one: _meant(steps, one))
        if same(mine, theirs) or same(base, mine):
            return sides.theirs
        if same(base, theirs):
            return sides.mine
        if steps == (_BACKENDS,):
            return self._backends(sides)
        if _is_route(steps):
            return self._route(steps, sides)
        return self._changed(steps, sides)

    def _changed(self, steps: Steps, sides: _Sides) -> Any:
        """Return what comes of a value that both have changed."""
        base, mine, theirs = sides
        if isinstance(mine, dict) and isinstance(theirs, dict):
            # What both have added is compared with nothing.
            old = base if isinstance(base, dict) else {}
            return self._fields(steps, _Sides(old, mine, theirs))
        if _is_backend(steps[:-1]) and steps[-1] in _NEVER_IN_CONFLICT:
            return mine
        if _is_backend(steps) and _is_only_aside(sides):
            return ABSENT
        self.conflicts.append(Conflict(steps, *sides))
        return theirs

    def _fields(self, steps: Steps, sides: _Sides) -> dict[str, Any]:
        identity = _identity(steps)
        named = sides.each(lambda side: {identity(key): key for key in side})
        merged = {}
        for one in dict.fromkeys([*named.theirs, *named.mine, *named.base]):
            keys = _Sides(*(names.get(one) for names in named))
            key = _spelling(keys)
            values = [
                side.get(written, ABSENT)
                for side, written in zip(sides, keys, strict=True)
            ]
            value = self.value((*steps, key), _Sides(*values))
            if value is not ABSENT:
                merged[key] = value
        return merged

    def _route(self, steps: Steps, sides: _Sides) -> Any:
        """Merge the long forms of routes; what needs none is written in a short one."""
        merged = self._changed(steps, sides.each(_long))
        if not isinstance(merged, dict) or merged.keys() != {"backends"}:
            return merged
        forms = [one for one in (sides.theirs, sides.mine) if same(_long(one), merged)]
        return min(forms, key=_length, default=merged["backends"])

    def _backends(self, sides: _Sides) -> list[Any]:
        named = sides.each(_by_name)
        merged = self._fields((_BACKENDS,), named)
        names = self._order(named.each(list))
        return [merged[name] for name in names if name in merged]

    def _order(self, sides: _Sides) -> list[str]:
        """Return all names, in the order of the side that has changed it."""
        common = {*sides.base} & {*sides.mine} & {*sides.theirs}
        old, ours, others = sides.each(lambda names: [n for n in names if n in common])
        if ours != old and others != old and ours != others:
            self.conflicts.append(Conflict((_BACKENDS,), *sides))
        leading, other = sides.theirs, sides.mine
        if others == old:
            leading, other = other, leading
        order = [*leading]
        for index, name in enumerate(other):
            if name not in leading:
                before = other[index - 1] if index else None
                order.insert(order.index(before) + 1 if before in order else 0, name)
        return order


def _meant(steps: Steps, value: Any) -> Any:
    """Return what a value means that may be left out: one that is there, or none."""
    if value is not None and value is not ABSENT:
        return value
    return "enabled" if _is_backend(steps[:-1]) and steps[-1] == "state" else ABSENT


def _identity(steps: Steps) -> Callable[[str], str]:
    """Return what two keys of a map have in common if they are one."""
    by_task = steps == (_ROUTES,) or (_is_backend(steps[:2]) and "limits" in steps[2:3])
    return normalized if by_task else str


def _spelling(keys: _Sides) -> str:
    """Return how a key is written, by who has changed that."""
    mine_is_old = keys.mine in (keys.base, None)
    changed = keys.theirs if mine_is_old else keys.mine
    return str(changed or keys.mine or keys.base)


def _is_backend(steps: Steps) -> bool:
    return len(steps) == 2 and steps[0] == _BACKENDS


def _is_route(steps: Steps) -> bool:
    return steps == ("defaultBackend",) or (len(steps) == 2 and steps[0] == _ROUTES)


def _is_only_aside(sides: _Sides) -> bool:
    """Whether one has taken a backend out, and the other changed its state alone."""
    left = sides.theirs if sides.mine is ABSENT else sides.mine
    if ABSENT not in (sides.mine, sides.theirs) or sides.base is ABSENT:
        return False
    no_state = dict.fromkeys(_NEVER_IN_CONFLICT)
    return same({**sides.base, **no_state}, {**left, **no_state})


def _length(route: Any) -> int:
    return (str, list, dict).index(type(route))


def _long(route: Any) -> Any:
    if isinstance(route, str) and route:
        return {"backends": [route]}
    return {"backends": route} if isinstance(route, list) else route


def _by_name(backends: Any) -> dict[str, Any]:
    return {one["name"]: one for one in backends} if isinstance(backends, list) else {}
