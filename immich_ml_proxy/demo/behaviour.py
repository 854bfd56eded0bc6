"""How a simulated server behaves: a frozen value, and its form in JSON. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

import msgspec
from attrs import evolve, field, fields_dict, frozen, validators

#: What is at the address: an ML service; Immich itself; a gateway that redirects
#: everybody to its login, or shows the login at once, with 200.
Front = Literal["ml", "immich", "login", "login_page"]

#: What is wrong with an answer of 200. ``absent``: there is no member for the task;
#: ``member``: one of the member's own is missing (``embedding``, ``textScore``; for
#: clip the same as ``absent``); ``box``: faces have no ``boundingBox``, and texts a
#: number too few in theirs; ``type``: the member is a number; ``lengths``: a score too
#: few, for embeddings a number too few; ``nan``, ``null``, ``zero``: so are all the
#: numbers of the embeddings, or of the scores of OCR.
Flaw = Literal["absent", "member", "box", "type", "lengths", "nan", "null", "zero"]


def _not_negative(instance: object, attribute: Any, value: Any) -> None:
    numbers = value.values() if isinstance(value, dict) else (value,)
    if any(number < 0 for number in numbers):
        raise ValueError(f"{attribute.name} must be 0 or more: {value}")


def _is_status(instance: object, attribute: Any, value: object) -> None:
    if isinstance(value, int) and not 300 <= value <= 599:
        raise ValueError(f"{attribute.name} must be a status, 300 to 599: {value}")


def _is_retry_after(instance: object, attribute: Any, value: str) -> None:
    kind, _, seconds = value.partition("+")
    if kind == "date" and not seconds.isdigit():
        raise ValueError(f"{attribute.name}: date+SECONDS, or any other value: {value}")


def _is_cosine(instance: object, attribute: Any, value: float) -> None:
    if not 0 <= value <= 1:
        raise ValueError(f"{attribute.name} must be from 0 to 1: {value}")


@frozen(kw_only=True)
class Fault:
    """
    What befalls some requests, or all.

    :param what: the status they are answered with; or ``hang``: no answer ever;
        ``drop``: the connection is closed without one; ``reset``: likewise, by RST;
        ``cut``: it is closed in the middle of the right one.
    :param at: ``predict``, ``ping``, or ``all``: whatever is asked.
    :param tasks: only predicts that ask for one of these; empty: all.
    :param every: only each Nth of those.
    :param first: only the first N of those; 0: without end.
    :param seconds: only until so long after the behaviour was set; 0: without end.
    :param html: the status comes with a gateway's page instead of the service's JSON.
    :param retry_after: value of ``Retry-After``, as it is; ``date+N`` becomes the
        date N seconds from now; empty: there is none.
    """

    what: int | Literal["hang", "drop", "reset", "cut"] = field(validator=_is_status)
    at: Literal["predict", "ping", "all"] = "predict"
    tasks: tuple[str, ...] = ()
    every: int = field(default=1, validator=validators.ge(1))
    first: int = field(default=0, validator=_not_negative)
    seconds: float = field(default=0.0, validator=_not_negative)
    html: bool = False
    retry_after: str = field(default="", validator=_is_retry_after)

    def is_for(self, at: str, tasks: tuple[str, ...] = ()) -> bool:
        """Tell whether it can befall a request at ``at`` for ``tasks``."""
        if self.tasks and not set(self.tasks) & set(tasks):
            return False
        return self.at in (at, "all")

    def strikes(self, number: int, age: float) -> bool:
        """
        Tell whether it befalls a request.

        :param number: which one of those it is for this is, from 1.
        :param age: seconds since the behaviour was set.
        """
        if self.first and number > self.first * self.every:
            return False
        if self.seconds and age >= self.seconds:
            return False
        return number % self.every == 0


@frozen(kw_only=True)
class Behaviour:
    """
    All that simulated servers differ by; the default is Immich's ML service, v2.

    Its pace:

    :param seconds: that a request is worked on. By task: those of its slowest task,
        since the tasks of a request run side by side.
    :param places: requests worked on at once; further ones wait, first come first
        served. A request that is refused takes no place and no time.
    :param load_seconds: that the first request for each model takes longer; others
        for it wait for the same load. It goes on when its client leaves.
    :param full_at: requests worked on or waiting at which further ones are refused;
        0: never.
    :param full_with: the status they are refused with, and ``full_retry_after`` the
        ``Retry-After`` beside it, as that of a fault.
    :param idle_exit: seconds after the last predict at which the server exits and
        forgets its models; 0: never.
    :param restart_seconds: that it refuses connections then.
    :param ping_delay: seconds before a ping is answered.

    What it is:

    :param front: what is at the address at all.
    :param ping_body: what ``/ping`` answers.
    :param strict: whether a form is read as v3 does: 422 for any unknown field, for
        options of the wrong type, and where there is nothing to do.
    :param crash_with: status for what crashes v2: an unknown task, type or model, an
        entry that is no object, a broken picture, a text for a model of pictures.
    :param max_body: bytes of body above which a predict is refused with 413, in
        HTML, as a gateway does, before the body is read; 0: any size.

    What it can do:

    :param cannot: tasks it lacks, as ``TASK`` or ``TASK/TYPE``.
    :param refuse_with: the status of such a refusal.
    :param only_models: names of models; other models of their tasks are refused.
    :param refuse_model_with: the status of such a refusal; ``None``: as for tasks.
    :param instead: the model that is run in place of those others, unasked; no name
        of a model is unknown then. Empty: they are refused.

    What it answers:

    :param dimensions: numbers in an embedding, of all tasks or by task; 0: those of
        the model.
    :param embedding: ``string``: JSON within JSON; ``list``: a plain array.
    :param cosine: between its embeddings and those of the original.
    :param empty: tasks that it finds nothing for: no faces, no text.
    :param broken: by task, what is wrong with its answers; ``imageHeight`` and
        ``imageWidth``, too, may be ``absent``, of another ``type`` or ``null``.

    :param faults: the first one that strikes decides.
    """

    seconds: float | dict[str, float] = field(default=0.0, validator=_not_negative)
    places: int = field(default=1, validator=validators.ge(1))
    load_seconds: float = field(default=0.0, validator=_not_negative)
    full_at: int = field(default=0, validator=_not_negative)
    full_with: int = field(default=503, validator=_is_status)
    full_retry_after: str = field(default="", validator=_is_retry_after)
    idle_exit: float = field(default=0.0, validator=_not_negative)
    restart_seconds: float = field(default=1.0, validator=_not_negative)
    ping_delay: float = field(default=0.0, validator=_not_negative)

    front: Front = "ml"
    ping_body: str = "pong"
    strict: bool = False
    crash_with: int = field(default=500, validator=_is_status)
    max_body: int = field(default=0, validator=_not_negative)

    cannot: tuple[str, ...] = ()
    refuse_with: int = field(default=400, validator=_is_status)
    only_models: tuple[str, ...] = ()
    refuse_model_with: int | None = field(default=None, validator=_is_status)
    instead: str = ""

    dimensions: int | dict[str, int] = field(default=0, validator=_not_negative)
    embedding: Literal["string", "list"] = "string"
    cosine: float = field(default=1.0, validator=_is_cosine)
    empty: tuple[str, ...] = ()
    broken: dict[str, Flaw] = field(factory=dict)

    faults: tuple[Fault, ...] = ()

    def seconds_for(self, tasks: tuple[str, ...]) -> float:
        """Return how long a request for ``tasks`` is worked on."""
        if isinstance(self.seconds, Mapping):
            return max((self.seconds.get(task, 0.0) for task in tasks), default=0.0)
        return self.seconds

    def lacks(self, task: str, type_: str) -> bool:
        """Tell whether it cannot do this, whatever the model."""
        return task in self.cannot or f"{task}/{type_}" in self.cannot


#: Immich's ML service, v2, that takes no time.
PLAIN = Behaviour()


def changed(base: Behaviour, document: object) -> Behaviour:
    """
    Return ``base`` with the fields that a JSON object names.

    :raise ValueError: where a field is unknown or its value cannot be; says which.
    """
    if not isinstance(document, dict):
        raise ValueError("a behaviour is a JSON object of its fields")
    unknown = set(document) - set(fields_dict(Behaviour))
    for fault in document.get("faults") or ():
        if isinstance(fault, dict):
            unknown |= set(fault) - set(fields_dict(Fault))
    if unknown:
        raise ValueError(f"unknown fields: {', '.join(sorted(unknown))}")
    # A ValidationError is a ValueError; so is what the validators raise.
    parsed = msgspec.convert(document, Behaviour)
    return evolve(base, **{name: getattr(parsed, name) for name in document})


def as_json(behaviour: Behaviour) -> dict[str, Any]:
    """Return a behaviour as the JSON object that :func:`changed` takes."""
    document: dict[str, Any] = msgspec.to_builtins(behaviour)
    return document
