"""What requests teach beside their answers: who is to be woken, and who answers how."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest

from immich_ml_proxy.config import document as config_document
from tests.balancer.forwarding import REFUSED, Forward
from tests.fakes import Fleet, document

SIZE = {"imageHeight": 3, "imageWidth": 4}


def asked(model: str) -> dict[str, Any]:
    """Return what asks for the embedding of a picture."""
    return {"clip": {"visual": {"modelName": model}}}


def embedding(numbers: int, *, as_list: bool = False) -> bytes:
    """Return an answer with so many numbers."""
    values = [0.5] * numbers
    clip = values if as_list else json.dumps(values)
    return json.dumps({"clip": clip, **SIZE}).encode()


@pytest.mark.parametrize("state", ["enabled", "disabled"])
def test_a_server_that_could_not_be_reached_is_woken(state: str) -> None:
    """There is work for it, whoever does it this time; not if it is not wished to."""
    fleet = Fleet("a", "b")
    fleet.network.close("a")
    first = Forward(fleet)
    if state == "disabled":
        config = document("a", "b")
        config["backends"][0]["state"] = state
        fleet.pool.reconfigure(config_document.parse(msgspec.json.encode(config)))
    fleet.network.advance(REFUSED)
    assert first.served.backend == "b"
    assert fleet.wanted == (["a"] if state == "enabled" else [])


def test_answers_that_were_put_into_todays_form_are_counted() -> None:
    """The client gets the string, and people see that the server is an old one."""
    fleet = Fleet("old", checkAnswers="full")
    fleet["old"].answer = embedding(512, as_list=True)
    for _ in range(2):
        told = json.loads(Forward(fleet).served.reply.body)
        assert json.loads(told["clip"]) == [0.5] * 512
    fleet["old"].answer = embedding(512)
    assert Forward(fleet).served.reply.body == fleet["old"].answer
    assert fleet.pool["old"].normalised == 2


def test_a_server_that_is_gone_does_not_say_what_is_right() -> None:
    """What the first one answered held against the second, as long as it was there."""
    fleet = Fleet("a", "b", checkAnswers="full")
    for name, numbers in (("a", 4), ("b", 3)):
        fleet["a"].status = 200 if name == "a" else 500
        fleet[name].answer = embedding(numbers)
        outcome = Forward(fleet, entries=asked("of one's own")).results
    assert "another model under this name" in str(outcome[0].value)
    config = document("b", checkAnswers="full")
    fleet.pool.reconfigure(config_document.parse(msgspec.json.encode(config)))
    fleet.forwarder.reconfigured()
    fleet.config = fleet.pool.config
    again = Forward(fleet, entries=asked("of one's own"))
    assert again.served.backend == "b"
