"""What of all that is watched people are told, wherever they are; see ``incidents``."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from immich_ml_proxy.balancer.replica_set import Machine
from immich_ml_proxy.config.model import DEFAULT_ROUTE
from immich_ml_proxy.config.words import key_in_words
from immich_ml_proxy.observe.incidents import Incidents, Notice, Trouble
from immich_ml_proxy.observe.kinds import CLIP, SEARCH, WORDS
from immich_ml_proxy.observe.standing import DOWN, UP
from immich_ml_proxy.observe.waiting import Crowd
from immich_ml_proxy.observe.watch import Watch

#: Seconds that work is held before that is told: in a restart it is for a moment,
#: and what a sleeping machine is woken for waits until it is awake.
HELD_FOR = 3.0
WAKING = 60.0
#: Kinds of events that tell of something that was saved.
_SAVED = ("saved", "drained", "disabled", "enabled")
_ONE = {SEARCH: "search", CLIP: "picture"}
#: Characters of a reason.
_LONGEST = 200


class Notices:
    """
    :param watch: what is seen; it must have looked before.
    """

    def __init__(self, watch: Watch) -> None:
        self._watch = watch
        self._incidents = Incidents()
        self._last_event = watch.events.last_id

    def look(self, now: float) -> Iterator[Notice]:
        """Return what people are to be told, once a second."""
        watch, troubles = self._watch, dict[str, Trouble]()
        well, unclear = set[str](), set[str]()
        for server, key in watch.keys.items():
            standing = watch.standings.of(key)
            if standing.is_aside:
                continue
            if standing.state == DOWN and not server.is_asleep:
                troubles[key] = _down(server, standing.why)
            elif standing.state == UP and not server.is_resting:
                well.add(key)
            else:
                unclear.add(key)
        held: dict[str, list[tuple[str, Crowd]]] = {}
        for (route, kind), crowd in watch.crowds.items():
            if crowd.held:
                held.setdefault(route, []).append((kind, crowd))
        troubles |= {f"route {key}": _held(key, crowds) for key, crowds in held.items()}
        well |= {
            f"route {route.key}"
            for route in watch.pool.config.all_routes
            if route.key not in held
        }
        yield from self._incidents.look(troubles, well, unclear, now)
        yield from self._saved()

    def _saved(self) -> Iterator[Notice]:
        events = self._watch.events
        for one in events.after(self._last_event, 0.0):
            if one.kind in _SAVED:
                title = "Configuration saved"
                text = f"{one.text}."
                if one.machine is None:  # a name stays as it is
                    text = text[0].upper() + text[1:]
                yield Notice("saved", "saved", title, text, one.at, one.machine)
        self._last_event = events.last_id


def _down(server: Machine, why: str) -> Trouble:
    name = server.name
    text = f"{name} is down: {why[:_LONGEST] or 'no reason is known'}."
    return Trouble("down", f"{name} is down", text, f"{name} is up again", machine=name)


def _held(key: str, crowds: Iterable[tuple[str, Crowd]]) -> Trouble:
    work = "" if key == DEFAULT_ROUTE else f" of {key_in_words(key)}"
    told, awaited = [], dict[str, bool]()
    for kind, crowd in crowds:
        told.append(_counted(kind, crowd.held))
        awaited |= {one.name: one.is_asleep for one in crowd.awaited}
    names = " or ".join(awaited)
    waits = f"until {names} is up again" if names else "until a machine can do it"
    return Trouble(
        "held",
        "Work is held",
        f"Held {waits}: {' and '.join(told)}.",
        f"Nothing is held any more{work}",
        after=WAKING if awaited and all(awaited.values()) else HELD_FOR,
    )


def _counted(kind: str, count: int) -> str:
    one = _ONE.get(kind)
    if one is None:
        return f"{WORDS[kind]} ({count})"
    return f"1 {one}" if count == 1 else f"{count} {WORDS[kind]}"
