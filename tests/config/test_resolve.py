"""``resolve``: when a name stands for all its addresses, and where it cannot."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from immich_ml_proxy.config import document as config_document
from immich_ml_proxy.config.resolve import is_of
from immich_ml_proxy.errors import ConfigError
from tests.balancer.demands import configured

ML = {"name": "ml", "resolve": "all"}


@pytest.mark.parametrize("value", ["all", "ipv4", "ipv6", None])
def test_what_may_be_written(value: str | None) -> None:
    """All addresses, those of one version of IP, or nothing."""
    [backend] = configured({"name": "ml", "resolve": value}).backends
    assert backend.resolve == value


@pytest.mark.parametrize(
    ("more", "field", "reason"),
    [
        ({"resolve": "any"}, "backends[0].resolve", '"ipv6" or null, not "any"'),
        ({"resolve": True}, "backends[0].resolve", '"ipv6" or null, not true'),
        ({"url": "http://10.0.0.3:3003"}, "backends[0].resolve", "10.0.0.3 is one"),
        ({"url": "http://[fd00::3]:3003"}, "backends[0].resolve", "fd00::3 is one"),
        (
            {"wakeOnLan": {"mac": "00:11:22:aa:bb:cc"}},
            "backends[0].resolve",
            "cannot be used together with wakeOnLan",
        ),
    ],
)
def test_what_is_refused(more: dict[str, Any], field: str, reason: str) -> None:
    """With what to do instead."""
    with pytest.raises(ConfigError, match=reason.replace("[", r"\[")) as refused:
        configured({**ML, **more})
    assert refused.value.field == field


@pytest.mark.parametrize("name", ["ml (10.0.0.3)", "ml (fd00::3)"])
def test_no_backend_is_called_like_a_replica(name: str) -> None:
    """Who has answered would be told in vain."""
    with pytest.raises(ConfigError, match="is what an address of ml is called"):
        configured(ML, {"name": name, "url": "http://nas:3003"})


@pytest.mark.parametrize("name", [[], {}, 7, None])
def test_a_name_that_is_none_is_told_as_that(name: Any) -> None:
    """Whatever else is wrong beside it."""
    with pytest.raises(ConfigError) as refused:
        config_document.parse(
            msgspec.json.encode(
                {"backends": [{"name": name, "url": "http://ml", "resolve": "all"}]}
            )
        )
    assert refused.value.field == "backends[0].name"


@pytest.mark.parametrize("name", ["ml (old)", "nas (10.0.0.3)", "ml(10.0.0.3)", "(1)"])
def test_other_names_with_brackets_are_good(name: str) -> None:
    """People number their machines as they like."""
    nas = {"name": name, "url": "http://nas:3003"}
    assert len(configured(ML, nas).backends) == 2
    assert len(configured({**ML, "resolve": None}, nas).backends) == 2


@pytest.mark.parametrize(
    ("name", "is_so"),
    [
        ("ml", True),
        ("ml (10.0.0.3)", True),
        ("ml (fd00::3)", True),
        ("ml (old)", False),
        ("ml (10.0.0.3", False),
        ("ml2", False),
        ("m", False),
    ],
)
def test_a_replica_is_told_from_another_machine_by_its_name(
    name: str, is_so: bool
) -> None:
    """Who looks for a machine's records wants those of its replicas."""
    assert is_of(name, "ml") is is_so
