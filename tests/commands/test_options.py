"""Every option has an environment variable; the command line counts more."""

from __future__ import annotations

from pathlib import Path

import pytest
from twisted.python import usage

from immich_ml_proxy.commands.configuration import store_of
from immich_ml_proxy.commands.options import Options, variable_of
from immich_ml_proxy.errors import CannotStart


def parsed(*arguments: str) -> Options:
    """Return what a command line says."""
    options = Options()
    options.parseOptions(arguments)
    return options


PARAMETERS = [one[0] for one in Options.optParameters]
#: Two words of those that take but some.
WORDS = {"log-format": ("json", "plain"), "access-log": ("work", "off")}
FLAGS = [one[0] for one in Options.optFlags]


@pytest.mark.parametrize("option", PARAMETERS)
def test_a_variable_stands_for_an_option(
    option: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whose default it replaces, and which replaces it."""
    variable = f"IMMICH_ML_PROXY_{option.upper().replace('-', '_')}"
    assert variable_of(option) == variable
    before = parsed()[option]
    monkeypatch.setenv(variable, " ")
    assert parsed()[option] == before
    given, typed = WORDS.get(option, ("given", "typed"))
    monkeypatch.setenv(variable, f" {given} ")
    assert parsed()[option] == given
    assert parsed(f"--{option}={typed}")[option] == typed


@pytest.mark.parametrize("option", FLAGS)
@pytest.mark.parametrize(
    ("word", "is_on"),
    [("1", 1), ("yes", 1), ("True", 1), ("on", 1), ("0", 0), ("no", 0), ("", 0)],
)
def test_a_variable_stands_for_a_switch(
    option: str, word: str, is_on: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On the command line it can only be put on."""
    monkeypatch.setenv(variable_of(option), word)
    assert parsed()[option] == is_on
    assert parsed(f"--{option}")[option] == 1


def test_a_switch_is_yes_or_no(monkeypatch: pytest.MonkeyPatch) -> None:
    """A slip is told, and not taken for one of them."""
    monkeypatch.setenv("IMMICH_ML_PROXY_DEBUG", "ja")
    with pytest.raises(usage.UsageError, match="IMMICH_ML_PROXY_DEBUG must be yes or"):
        parsed()


def test_what_kubernetes_sets_is_no_option(monkeypatch: pytest.MonkeyPatch) -> None:
    """For a service that is called immich-ml-proxy, in every pod."""
    before = {**parsed()}
    monkeypatch.setenv("IMMICH_ML_PROXY_PORT", "tcp://10.0.0.1:3004")
    monkeypatch.setenv("IMMICH_ML_PROXY_SERVICE_HOST", "10.0.0.1")
    assert {**parsed()} == before


# --- Where the configuration comes from -----------------------------------------------


def test_machines_in_a_variable_are_a_whole_configuration(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing is written."""
    monkeypatch.setenv("IMMICH_ML_BACKENDS", "nas:3003,gpu:3003")
    store = store_of(parsed(f"--config={tmp_path / 'config.json'}"))
    assert [one.name for one in store.load().backends] == ["nas", "gpu"]
    assert not store.is_kept
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("line", "option", "content", "told"),
    [
        ("nas:3003", "--debug", "{}", "and there is a configuration at .*: remove one"),
        ("nas:3003", "--demo", None, "--demo and IMMICH_ML_BACKENDS are both given"),
        ("nas", "--debug", None, "IMMICH_ML_BACKENDS: entry 1: must be like nas:3003"),
    ],
)
def test_two_places_or_a_wrong_one_are_told(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    line: str,
    option: str,
    content: str | None,
    told: str,
) -> None:
    """Which of them was meant?"""
    path = tmp_path / "config.json"
    if content is not None:
        path.write_text(content)
    monkeypatch.setenv("IMMICH_ML_BACKENDS", line)
    with pytest.raises(CannotStart, match=told):
        store_of(parsed(f"--config={path}", option))


def test_an_empty_variable_names_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As Compose makes it of one that is not set."""
    monkeypatch.setenv("IMMICH_ML_BACKENDS", " ")
    path = tmp_path / "config.json"
    path.write_text("{}")
    assert store_of(parsed(f"--config={path}")).load().backends == ()
