"""How machines are spared, as it is written."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from immich_ml_proxy.config.document import parse, with_state
from immich_ml_proxy.config.doubts import doubts
from immich_ml_proxy.errors import ConfigError
from tests.config.documents import GPU, backend


def parsed(value: Any) -> Any:
    """Return the configuration that a document says."""
    return parse(msgspec.json.encode(value))


def test_what_is_written_is_read() -> None:
    """Windows, pings, the hook and its time."""
    config = parsed(
        backend(
            windows=["Mon-Fri 22:00-07:00"],
            pings="on demand",
            sleepHook=" http://gpu:8000/sleep?token=a ",
            idleMinutes=0.5,
        )
    )
    [gpu] = config.backends
    assert gpu.windows == ("Mon-Fri 22:00-07:00",)
    assert gpu.pings == "on demand"
    assert gpu.sleep_hook == "http://gpu:8000/sleep?token=a"
    assert gpu.idle_minutes == 0.5


def test_nothing_of_it_is_needed() -> None:
    """A machine is used always, and pinged always."""
    [gpu] = parsed(backend()).backends
    assert gpu.windows == ()
    assert (gpu.pings, gpu.sleep_hook, gpu.idle_minutes) == ("always", None, 15)
    assert gpu.disabled_until is None


@pytest.mark.parametrize(
    ("fields", "field", "reason"),
    [
        ({"windows": "22:00-07:00"}, "windows", "must be a list"),
        ({"windows": ["late"]}, "windows[0]", "must be a time of the day"),
        ({"windows": ["22:00-07:00"] * 51}, "windows", "has 51 items; 50 are"),
        ({"windows": ["x" * 101]}, "windows[0]", "a text of 0 to 100 characters"),
        ({"pings": "never"}, "pings", 'must be "always" or "on demand"'),
        ({"idleMinutes": 0}, "idleMinutes", "a number over 0 and at most 10080"),
        ({"sleepHook": "gpu:8000"}, "sleepHook", "must start with http"),
        ({"sleepHook": "http://"}, "sleepHook", "is no URL, such as"),
        ({"sleepHook": "http://gpu:99999/"}, "sleepHook", "is no URL, such as"),
        ({"sleepHook": "http://gpu/a b"}, "sleepHook", "has a character"),
        ({"sleepHook": "http://gpu/ü"}, "sleepHook", "has a character"),
        ({"sleepHook": "http://me:pw@gpu/"}, "sleepHook", "must not hold a user"),
        ({"sleepHook": "http://gpu/#x"}, "sleepHook", "must not have a #"),
        ({"state": "disabled", "disabledUntil": "soon"}, "disabledUntil", "a number"),
        ({"state": "disabled", "disabledUntil": -1}, "disabledUntil", "from 0 to"),
    ],
)
def test_what_is_wrong_is_named(
    fields: dict[str, Any], field: str, reason: str
) -> None:
    """With its place and the reason; a URL is not repeated."""
    with pytest.raises(ConfigError) as refused:
        parsed(backend(**fields))
    assert refused.value.field == f"backends[0].{field}"
    assert reason in refused.value.reason
    assert "pw" not in str(refused.value)


def test_a_machine_that_sleeps_and_is_pinged_all_the_time_is_warned_of() -> None:
    """It may be woken by that, and be told as trouble."""
    config = parsed(backend(sleepHook="http://gpu:8000/"))
    [doubt] = doubts(config)
    assert doubt.path == "backends[0].pings"
    assert doubt.text.startswith(
        'gpu: it has a sleepHook; set its pings to "on demand"'
    )
    fields = {"sleepHook": "http://gpu:8000/", "pings": "on demand"}
    assert doubts(parsed(backend(**fields))) == []


def test_a_break_ends_with_the_state_that_it_is_of() -> None:
    """Whoever sets another one, on whichever page: no end of it is left behind."""
    until = {"state": "disabled", "disabledUntil": 1_800_000_000}
    assert parsed(backend(**until)).backends[0].disabled_until == 1_800_000_000
    for state in ({"state": "enabled"}, {"state": "drain"}, {"state": None}):
        fields = {**until, **state}
        if fields["state"] is None:
            del fields["state"]
        config = parsed(backend(**fields))
        assert config.backends[0].disabled_until is None
        assert b"disabledUntil" not in config.document
    assert parsed({"backends": []}).backends == ()
    with pytest.raises(ConfigError):
        parsed({"defaultBackend": "gpu", "backends": [GPU, 3]})


def test_a_state_is_set_with_its_end() -> None:
    """To the second; the next one has none."""
    config = with_state(parsed(backend()), "gpu", "disabled", 1_800_000_000.4)
    assert config.backends[0].disabled_until == 1_800_000_000
    assert b"disabledUntil" in config.document
    again = with_state(config, "gpu", "disabled")
    assert again.backends[0].disabled_until is None
