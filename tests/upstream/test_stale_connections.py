"""Idle connections that the backend has closed: a fresh one, once, uncounted."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from immich_ml_proxy.protocol.body import Body
from tests.fakes import Fleet, says
from tests.upstream.sending import (
    HALF,
    PHOTO,
    PING,
    Sending,
    arrived,
    arriving,
    complete,
    predict,
)


@pytest.mark.parametrize("make_body", [None, arrived, arriving])
def test_a_stale_connection_costs_nothing(
    make_body: Callable[[], Body] | None,
) -> None:
    """ML servers close idle ones: the same backend again, on a fresh connection."""
    fleet = Fleet("gpu")
    Sending(fleet)
    fleet.connections_to("gpu")[0].hang_up()
    body = make_body() if make_body is not None else None
    sending = Sending(fleet, predict(body) if body is not None else PING)
    if body is not None and not body.complete:
        complete(body)
        fleet.network.flush()
    assert sending.reply.status == 200
    assert len(fleet.network.dialled) == 2
    assert fleet["gpu"].received[-1].body == (PHOTO if body else b"")
    assert len(fleet["gpu"].received) == 2


def test_of_several_stale_connections_no_second_one_is_tried() -> None:
    """After a pause all idle ones are stale."""
    fleet = Fleet("gpu")
    fleet["gpu"].silent = True
    slow = Sending(fleet)
    fleet["gpu"].silent = False
    assert Sending(fleet).reply.status == 200
    fleet["gpu"].speak()
    fleet.network.flush()
    assert slow.reply.status == 200
    # The first connection was idle last: it is tried, and is seen to be closed first.
    for connection in fleet.connections_to("gpu"):
        connection.hang_up()
    assert Sending(fleet, predict(arrived())).reply.status == 200
    assert len(fleet.network.dialled) == 3


def test_it_is_sent_again_once_only() -> None:
    """A backend that hangs up on the fresh connection as well is broken."""
    fleet = Fleet("gpu")
    Sending(fleet)
    fleet.connections_to("gpu")[0].hang_up()
    says("gpu", b"", True)(fleet)
    sending = Sending(fleet, predict(arrived()))
    assert str(sending.failed) == "closed the connection without an answer"
    assert len(fleet.network.dialled) == 2


def test_a_new_connection_that_dies_is_not_stale() -> None:
    """It is the backend that died, perhaps of this very request."""
    fleet = Fleet("gpu")
    fleet["gpu"].silent = True
    sending = Sending(fleet, predict(arrived()))
    fleet.connections_to("gpu")[0].drop()
    fleet.network.flush()
    assert str(sending.failed) == "is gone: the connection broke without an answer"
    assert len(fleet.network.dialled) == 1


def test_a_connection_that_dies_while_it_answers_is_not_stale() -> None:
    """Its backend was alive, whether the connection is new or not."""
    fleet = Fleet("gpu")
    Sending(fleet)
    fleet["gpu"].silent = True
    sending = Sending(fleet, predict(arrived()))
    [connection] = fleet.connections_to("gpu")
    connection.server.write(HALF)
    connection.drop()
    fleet.network.flush()
    assert str(sending.failed) == "broke off its answer"
    assert len(fleet.network.dialled) == 1
