"""Trouble with the servers of ``--demo``, and how the demo ends."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from twisted.application.service import MultiService

from immich_ml_proxy.demo import DemoServers
from immich_ml_proxy.demo.incidents import PERIOD, SLOWER
from tests.network import Network


@pytest.fixture
def stage(network: Network) -> Iterator[DemoServers]:
    """The servers, started, of an application."""
    adopting: Any = network
    made = DemoServers(adopting)
    application = MultiService()
    made.setServiceParent(application)
    application.startService()
    yield made
    application.stopService()
    assert network.getDelayedCalls() == []


def listening(stage: DemoServers) -> list[str]:
    """Return the names of those who listen."""
    return [one.server.name for one in stage._listeners if one._listening is not None]


ALL = ["simulated-gpu", "simulated-mac", "simulated-nas"]


def test_a_machine_dies_at_once_and_is_back(
    network: Network, stage: DemoServers
) -> None:
    """The switch shows what the proxy does then."""
    assert not stage.trouble and listening(stage) == ALL
    stage.trouble = True
    assert stage.trouble and listening(stage) == ALL[1:]
    assert stage.incident is not None and stage.incident.what == "down"
    assert stage.until == network.seconds() + stage.incident.ends
    network.advance(stage.incident.ends)
    assert listening(stage) == ALL
    assert stage.incident is None


def test_another_is_slow_and_becomes_fast_again(
    network: Network, stage: DemoServers
) -> None:
    """As one whose owner plays a game."""
    nas = stage.servers["simulated-nas"]
    usual = nas.behaviour.seconds_for(())
    stage.trouble = True
    network.advance(55)
    assert nas.behaviour.seconds_for(()) == usual * SLOWER
    network.advance(PERIOD - 55)
    assert nas.behaviour.seconds_for(()) == usual
    assert listening(stage) == ALL[1:]


@pytest.mark.parametrize("seconds", [0, 20, 40, 60])
def test_all_is_well_as_soon_as_it_is_switched_off(
    network: Network, stage: DemoServers, seconds: int
) -> None:
    """Nobody waits for the end of what was only played."""
    usual = {name: server.behaviour for name, server in stage.servers.items()}
    stage.trouble = True
    network.advance(seconds)
    stage.trouble = False
    assert listening(stage) == ALL
    assert {name: one.behaviour for name, one in stage.servers.items()} == usual
    assert stage.incident is None
    network.advance(200)
    assert listening(stage) == ALL


def test_a_server_that_is_off_does_not_come_back_by_itself(
    network: Network, stage: DemoServers
) -> None:
    """Even when it was about to start again."""
    gpu = stage.servers["simulated-gpu"]
    gpu.exit()
    assert listening(stage) == ALL[1:]
    stage.trouble = True
    network.advance(10)
    assert listening(stage) == ALL[1:]
    gpu.exit()
    network.advance(10)
    assert listening(stage) == ALL[1:]


def test_a_port_that_is_taken_is_tried_again(
    network: Network, stage: DemoServers, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The trouble ends a second later."""
    stage.trouble = True
    off = stage._listeners[0]
    opened = type(off)._open

    def taken(self: Any) -> None:
        raise OSError(98, "Address already in use")

    monkeypatch.setattr(type(off), "_open", taken)
    network.advance(36)
    assert listening(stage) == ALL[1:]
    monkeypatch.setattr(type(off), "_open", opened)
    network.advance(1)
    assert listening(stage) == ALL


def test_invented_work_is_for_simulated_servers_alone(stage: DemoServers) -> None:
    """As soon as there is one of the user's own there is none."""
    urls = sorted(stage.urls)
    stage.reconfigured([*urls, "http://nas:3003"])
    assert (stage.on, stage.alone) == (True, False)
    stage.reconfigured(urls[:1])
    assert (stage.on, stage.alone) == (True, True)


@pytest.mark.parametrize("urls", [[], ["http://nas:3003"]])
def test_without_a_simulated_server_the_demo_is_over(
    network: Network, stage: DemoServers, urls: list[str]
) -> None:
    """For good: nothing listens any more, and nothing goes wrong."""
    stage.trouble = True
    everyone = sorted(stage.urls)
    stage.reconfigured(urls)
    assert (stage.on, stage.alone, stage.trouble) == (False, False, False)
    assert listening(stage) == []
    stage.reconfigured(everyone)
    stage.trouble = True
    assert not (stage.trouble or stage.on or stage.alone)
    network.advance(200)
    assert listening(stage) == []
