"""What a request asks of a backend, read from its group."""

from __future__ import annotations

import json

import pytest

from immich_ml_proxy.balancer.demand import Demand, demand_of
from immich_ml_proxy.balancer.latency import Kind
from immich_ml_proxy.protocol import routing
from tests.balancer.demands import configured

ONE = configured({"name": "a"})
MODEL = {"modelName": "m"}


def demand(entries: object, size: int = 100) -> Demand:
    """Return the demand of the one group that ``entries`` make."""
    [group] = routing.groups(routing.read(json.dumps(entries).encode()), ONE)
    return demand_of(group, size)


@pytest.mark.parametrize(
    ("entries", "is_search"),
    [
        ({"clip": {"textual": MODEL}}, True),
        ({"clip": {"visual": MODEL}}, False),
        ({"ocr": {"detection": MODEL, "recognition": MODEL}}, False),
        ({"other": {}}, False),
    ],
)
def test_a_search_is_what_asks_for_text(entries: object, is_search: bool) -> None:
    """However large it is: a client could send a small picture."""
    assert demand(entries).is_search is is_search
    assert demand(entries, 10**7).is_search is is_search


def test_the_default_route_takes_it() -> None:
    """The demand carries its group's route."""
    assert demand({"clip": {"visual": MODEL}}).route == ONE.default


def test_sizes_of_one_task_are_different_kinds() -> None:
    """Their service times are not compared."""
    entries = {"clip": {"visual": MODEL}}
    assert demand(entries, 500_000).kind == Kind("clip/visual", 1)
    assert demand(entries, 5_000_000).kind == Kind("clip/visual", 3)


def test_tasks_are_named_as_limits_name_them() -> None:
    """Both spellings count against the same limit."""
    types = {"detection": MODEL, "recognition": MODEL}
    for spelling in ("facial_recognition", "facial-recognition"):
        assert demand({spelling: types}).tasks == ("facial-recognition",)


def test_equal_demands_are_not_one() -> None:
    """Each has a place of its own."""
    entries = {"clip": {"visual": MODEL}}
    assert len({demand(entries), demand(entries)}) == 2
