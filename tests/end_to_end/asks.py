"""What a client asks an unlike fleet for, and whether what it gets is right."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from functools import cached_property
from http.client import HTTPConnection, HTTPException
from itertools import cycle
from random import Random
from typing import Any
from urllib.parse import urlsplit

import msgspec
from attrs import define, evolve, field, frozen

from immich_ml_proxy.demo.answers import expected_answer
from immich_ml_proxy.demo.behaviour import Behaviour
from immich_ml_proxy.demo.models import ServiceError, dimensions
from tests.demo_requests import (
    FACES,
    MULTIPART,
    OCR,
    TEXTUAL,
    VISUAL,
    entries_part,
    form,
    image_part,
    part,
)
from tests.end_to_end.processes import PATIENCE
from tests.pictures import jpeg


@frozen(slots=False, eq=False)
class Ask:
    """
    What a client asks for, and what is due to it.

    :param text: of a search; without it ``image`` is sent.
    """

    entries: dict[str, Any]
    image: bytes | None = None
    text: str | None = None

    @cached_property
    def body(self) -> bytes:
        """The form."""
        parts = [entries_part(self.entries)]
        if self.image is not None:
            parts.append(image_part(self.image))
        if self.text is not None:
            parts.append(part("text", self.text.encode()))
        return form(*parts)

    def due(self, behaviours: Iterable[Behaviour]) -> dict[str, list[Any]]:
        """
        Return the right values of each member of the answer, one a server that can.

        A member that nobody can give has none.
        """
        right: dict[str, list[Any]] = {task: [] for task in self.entries}
        for each in behaviours:
            behaviour = evolve(each, broken={})
            for task, types in self.entries.items():
                if not _is_original(task, types, behaviour):
                    continue
                try:
                    given = expected_answer(
                        {task: types}, self.image, self.text, behaviour
                    )
                except ServiceError:
                    continue
                for name, value in given.items():
                    right.setdefault(name, []).append(_as_today(name, value))
        return right


def _is_original(task: str, types: Mapping[str, Any], behaviour: Behaviour) -> bool:
    """Whether a server gives embeddings of the length that the model's have."""
    if task != "clip":
        return True
    names = {entry["modelName"] for entry in types.values()}
    given = {dimensions(task, behaviour.instead or name) for name in names}
    own = {dimensions(task, name) for name in names}
    return own <= given | {None} and behaviour.dimensions == 0


def _as_today(name: str, value: Any) -> Any:
    """Return a member with its embeddings as strings."""
    if name == "clip" and isinstance(value, list):
        return msgspec.json.encode(value).decode()
    if name == "facial-recognition":
        return [
            face | {"embedding": _as_today("clip", face["embedding"])} for face in value
        ]
    return value


def search(number: int, entries: dict[str, Any] = TEXTUAL) -> Ask:
    """Return a search."""
    return Ask(entries, text=f"a dog on beach {number}")


def mixed(count: int) -> list[Ask]:
    """Return searches, pictures, faces and OCR, shuffled: all get everywhere."""
    asks = [
        Ask(kind, jpeg(number, 64, 48)) if kind else search(number)
        for number, kind in zip(
            range(count), cycle([None, VISUAL, FACES, OCR]), strict=False
        )
    ]
    Random(count).shuffle(asks)
    return asks


@frozen
class Got:
    """
    What a client got.

    :ivar status: 0 without an answer.
    :ivar backends: who answered.
    """

    status: int
    body: bytes
    backends: tuple[str, ...] = ()

    def json(self) -> Any:
        """Return the value of the body."""
        return json.loads(self.body)


class Client:
    """One of Immich's connections: sends one request after the other."""

    def __init__(self, url: str) -> None:
        self._address = urlsplit(url)
        self._connection = self._open()

    def _open(self) -> HTTPConnection:
        host, port = self._address.hostname or "", self._address.port
        return HTTPConnection(host, port, timeout=PATIENCE)

    def ask(self, ask: Ask) -> Got:
        """Return what is answered."""
        head = {"Content-Type": MULTIPART}
        try:
            self._connection.request("POST", "/predict", ask.body, head)
            answer = self._connection.getresponse()
            body = answer.read()
        except (OSError, HTTPException) as error:
            self.close()
            self._connection = self._open()
            return Got(0, repr(error).encode())
        who = answer.headers.get("X-Immich-ML-Backend", "")
        return Got(answer.status, body, tuple(who.split(", ")) if who else ())

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()


@define(eq=False)
class Tally:
    """
    What has become of requests.

    :ivar right: that were answered, and rightly.
    :ivar refused: that no server could have answered, and none did.
    :ivar wrong: that were answered with something else.
    :ivar lost: that a server could have answered, and none did.
    """

    right: list[Got] = field(factory=list)
    refused: list[Got] = field(factory=list)
    wrong: list[tuple[Ask, Got]] = field(factory=list)
    lost: list[tuple[Ask, Got]] = field(factory=list)

    def count(self, ask: Ask, got: Got, behaviours: Iterable[Behaviour]) -> None:
        """Judge an answer by the servers that there are."""
        due = ask.due(behaviours)
        if got.status != 200:
            is_served = all(due[task] for task in ask.entries)
            if is_served:
                self.lost.append((ask, got))
            else:
                self.refused.append(got)
            return
        members = {name: _as_today(name, one) for name, one in got.json().items()}
        is_right = members.keys() == due.keys() and all(
            members[name] in values for name, values in due.items()
        )
        if is_right:
            self.right.append(got)
        else:
            self.wrong.append((ask, got))
