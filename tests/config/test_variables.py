"""Secrets in the environment: named in the configuration, put in when in force."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from immich_ml_proxy.config import document as config_document
from immich_ml_proxy.config import variables
from immich_ml_proxy.config.model import Config
from immich_ml_proxy.config.resolved import resolved
from immich_ml_proxy.errors import ConfigError
from tests.config.documents import backend, top

NAS = "${IMMICH_ML_SECRET_NAS}"
ENVIRONMENT = {
    "IMMICH_ML_SECRET_NAS": "abc$def${HOME}",
    "IMMICH_ML_SECRET_EMPTY": "",
    "IMMICH_ML_SECRET_LINES": "a\nb",
    "HOME": "/root",
}


def parsed(document: Any) -> Config:
    """Return what a document says."""
    return config_document.parse(json.dumps(document).encode())


def sent(value: str) -> str:
    """Return what is sent as a header that is written like this."""
    config = resolved(parsed(backend(headers={"X-Key": value})), ENVIRONMENT)
    text: str = config.backends[0].headers["X-Key"]
    return text


@pytest.mark.parametrize(
    ("written", "is_sent"),
    [
        (NAS, "abc$def${HOME}"),
        (f"Bearer {NAS}", "Bearer abc$def${HOME}"),
        (f"{NAS}:{NAS}", "abc$def${HOME}:abc$def${HOME}"),
        ("pa$$word", "pa$word"),
        ("pa$word", "pa$word"),
        ("$", "$"),
        ("$$$$", "$$"),
        ("$${IMMICH_ML_SECRET_NAS}", NAS),
        ("$$" + NAS, "$abc$def${HOME}"),
        ("plain", "plain"),
    ],
)
def test_values_are_put_in_for_names(written: str, is_sent: str) -> None:
    """Once: a value that looks like a name is none, and ``$$`` is a dollar."""
    assert sent(written) == is_sent


@pytest.mark.parametrize(
    "written",
    [
        "${HOME}",
        "${}",
        "${IMMICH_ML_SECRET_}",
        "${IMMICH_ML_SECRET_A:-b}",
        "${immich_ml_secret_nas}",
        "${IMMICH_ML_SECRET_NAS",
        "${${IMMICH_ML_SECRET_NAS}}",
        "${ IMMICH_ML_SECRET_NAS}",
        "$$${HOME}",
    ],
)
def test_no_other_name_is_looked_up(written: str) -> None:
    """Who may save a configuration must not read the environment with it."""
    for document, field in (
        (backend(headers={"X-Key": written}), "backends[0].headers.X-Key"),
        (top(immich={"url": "http://i", "apiKey": written}), "immich.apiKey"),
    ):
        with pytest.raises(ConfigError) as refused:
            parsed(document)
        assert refused.value.field == field
        told = refused.value.reason
        assert "IMMICH_ML_SECRET_" in told or "without its }" in told or " key" in told


def test_one_that_is_not_set_is_told_by_its_name() -> None:
    """And where it would be used; the values of others are not told."""
    for name, why in (
        ("IMMICH_ML_SECRET_GONE", "is not set"),
        ("IMMICH_ML_SECRET_EMPTY", "is empty"),
    ):
        config = parsed(backend(headers={"X": f"{NAS} ${{{name}}}"}))
        with pytest.raises(ConfigError) as refused:
            resolved(config, ENVIRONMENT)
        assert refused.value.field == "backends[0].headers.X"
        assert f"the environment variable {name} {why}" in refused.value.reason
        assert "abc" not in refused.value.reason


def test_a_value_that_cannot_be_sent_is_refused_without_being_told() -> None:
    """A line break would begin another header."""
    config = parsed(backend(headers={"X": "${IMMICH_ML_SECRET_LINES}"}))
    with pytest.raises(ConfigError, match="printable ASCII") as refused:
        resolved(config, ENVIRONMENT)
    assert "a\nb" not in str(refused.value)
    key = {"url": "http://i", "apiKey": "${IMMICH_ML_SECRET_LINES}"}
    with pytest.raises(ConfigError, match="a character that no key has"):
        resolved(parsed(top(immich=key)), ENVIRONMENT)


def test_immichs_key_has_its_value_only_when_in_force() -> None:
    """What is kept is the name."""
    config = parsed(top(immich={"url": "http://i", "apiKey": NAS}))
    assert config.immich is not None
    assert config.immich.api_key == NAS
    environment = {"IMMICH_ML_SECRET_NAS": "abc"}
    used = resolved(config, environment).immich
    assert used is not None
    assert used.api_key == "abc"


def test_what_has_its_values_gets_them_once() -> None:
    """A value may have dollars in it; the document keeps the name."""
    config = parsed(backend(headers={"X": f"{NAS}$$$$"}))
    once = resolved(config, ENVIRONMENT)
    assert resolved(once, {}) is once
    assert once.document == config.document
    assert NAS in config.document.decode()


def test_names_are_shown_and_values_are_not() -> None:
    """Whoever saves what was shown saves the name again."""
    shown = {"A": NAS, "B": f"Bearer {NAS}", "C": "Bearer abc", "D": f"abc{NAS}"}
    config = parsed(
        {
            **backend(headers=shown),
            "immich": {"url": "http://immich:2283", "apiKey": NAS},
        }
    )
    told = config_document.shown(config)
    expected = {**shown, "C": "***", "D": "***"}
    assert told["backends"][0]["headers"] == expected
    assert told["immich"]["apiKey"] == NAS
    again = config_document.parse(json.dumps(told).encode(), config)
    assert again.backends[0].headers == shown


def test_a_login_in_a_url_names_no_variable() -> None:
    """It would be moved into a header as it is, without its value."""
    for url in (f"http://me:{NAS}@gpu:3003", f"http://{NAS}:3003", f"{NAS}:3003"):
        with pytest.raises(ConfigError, match=r"no \$\{...\}.* headers"):
            parsed(backend(url=url))


@given(st.text("${}AIMCHL_SERT", max_size=40), st.text(max_size=10))
def test_any_text_is_taken_or_refused(text: str, value: str) -> None:
    """What is taken comes to the same with every environment that has its names."""

    class Environment(dict[str, str]):
        """Has every name."""

        def __missing__(self, name: str) -> str:
            assert name.startswith(variables.PREFIX)
            return value

        def get(self, name: str, default: Any = None) -> Any:
            return self[name]

    try:
        variables.check(text, "x")
    except ConfigError as refused:
        assert refused.field == "x"
        assert "${" in text
        return
    if "${" not in text.replace("$$", ""):
        assert variables.expanded(text, {}, "x") == text.replace("$$", "$")
    elif value:
        assert variables.expanded(text, Environment(), "x")
