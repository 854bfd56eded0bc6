"""Who is told what happens: read, and kept from those who look at it."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from immich_ml_proxy.config import document as config_document
from immich_ml_proxy.config.headers import without_values
from immich_ml_proxy.config.notify import read, unmasked_entry
from immich_ml_proxy.config.resolved import resolved
from immich_ml_proxy.errors import ConfigError
from tests.config.documents import top

NTFY = {"url": "https://ntfy.sh/my-topic", "format": "ntfy"}
HOME = {
    "url": "http://ha.local:8123/api/webhook/abcdef?x=1",
    "format": "homeassistant",
    "events": ["down"],
    "headers": {"X-Key": "very-secret"},
}


def config_of(*entries: Any, before: Any = None) -> Any:
    """Return the configuration with these entries."""
    return config_document.parse(msgspec.json.encode(top(notify=list(entries))), before)


def saved_by(config: Any) -> list[dict[str, Any]]:
    """Return the entries as they stand in the file."""
    entries: list[dict[str, Any]] = msgspec.json.decode(config.document)["notify"]
    return entries


def test_what_is_written_is_read() -> None:
    """Without anything else they are told all, as JSON."""
    first, second, third = config_of(NTFY, HOME, {"url": "http://log:80"}).notify
    assert (first.url, first.format) == ("https://ntfy.sh/my-topic", "ntfy")
    assert first.events == ("down", "held", "saved")
    assert first.name == "ntfy.sh"
    assert second.events == ("down",)
    assert second.headers == {"X-Key": "very-secret"}
    assert second.name == "ha.local:8123"
    assert third.format == "json"
    assert read(None) == ()


@pytest.mark.parametrize(
    ("value", "field", "reason"),
    [
        ({}, "notify", "must be a list"),
        ([NTFY] * 21, "notify", "has 21 items; 20 are the most"),
        ([{}], "notify[0].url", "missing"),
        (
            [NTFY, {**NTFY, "format": "mail"}],
            "notify[1].format",
            'must be "homeassistant"',
        ),
        ([{**NTFY, "events": ["up"]}], "notify[0].events[0]", 'must be "down"'),
        ([{**NTFY, "topic": "x"}], "notify[0].topic", "there is no such field"),
        ([{"url": "ntfy.sh/secret"}], "notify[0].url", "must start with http"),
        ([{"url": "https://a:secret@b/"}], "notify[0].url", "must not hold a user"),
        ([{**NTFY, "headers": {"a b": "c"}}], "notify[0].headers", "no name"),
        ([{**NTFY, "headers": {"A": "é"}}], "notify[0].headers.A", "printable ASCII"),
        ([{"url": "https://ntfy.sh/***"}], "notify[0].url", "type it: *** stands"),
    ],
)
def test_what_is_wrong_is_named(value: Any, field: str, reason: str) -> None:
    """With its place and the reason; nothing that is secret is repeated."""
    with pytest.raises(ConfigError) as refused:
        read(value)
    assert refused.value.field.startswith(field)
    assert reason in refused.value.reason
    assert "secret" not in refused.value.reason


def test_who_asks_is_not_told_and_who_saves_that_keeps_it() -> None:
    """A topic is all that one has to know; so is a webhook, or a header."""
    config = config_of(NTFY, HOME, {**NTFY, "url": "https://ntfy.sh/other"})
    shown = config_document.saved(config)["notify"]
    assert [one["url"] for one in shown] == [
        "https://ntfy.sh/***",
        "http://ha.local:8123/***",
        "https://ntfy.sh/***2",
    ]
    assert shown[1]["headers"] == {"X-Key": "***"}
    assert saved_by(config_of(*shown, before=config)) == saved_by(config)
    # Whichever is left out, or changes its place.
    assert saved_by(config_of(shown[2], shown[1], before=config)) == [
        saved_by(config)[2],
        saved_by(config)[1],
    ]


def test_what_is_shown_of_an_address_without_a_secret() -> None:
    """There is nothing to hide, and a ``${...}`` only says where the secret is."""
    entries: list[dict[str, Any]] = [
        {"url": "http://log:80"},
        {"url": "http://log:81/"},
        {**NTFY, "headers": {"Authorization": "Bearer ${IMMICH_ML_SECRET_NTFY}"}},
    ]
    shown = config_document.saved(config_of(*entries))["notify"]
    assert shown[:2] == entries[:2]
    assert shown[2]["headers"] == entries[2]["headers"]


def test_secrets_are_kept_for_the_server_that_they_are_for() -> None:
    """Else somebody could have them sent to his own."""
    config = config_of(NTFY, HOME)
    shown = config_document.saved(config)["notify"]
    for index, url in (
        (0, "https://evil.example/***"),
        (0, "http://ntfy.sh/***"),
        (0, "https://ntfy.sh:444/***"),
        (0, "https://ntfy.sh/***2"),
        (1, "http://evil.example/hook"),
    ):
        moved = [dict(one) for one in shown]
        moved[index]["url"] = url
        with pytest.raises(ConfigError) as refused:
            config_of(*moved, before=config)
        assert refused.value.field == f"notify[{index}].url"
    other = {**shown[1], "headers": {"X-Other": "***"}}
    with pytest.raises(ConfigError) as refused:
        config_of(other, before=config)
    assert refused.value.field == "notify[0].headers.X-Other"


def test_a_header_is_kept_when_the_address_is_typed_anew() -> None:
    """At the same server: that of the same address, if there are several."""
    other = {**HOME, "url": f"{HOME['url']}2", "headers": {"X-Key": "another-one"}}
    config = config_of(HOME, other)
    typed = {**other, "headers": {"x-key": "***"}}
    [saved] = saved_by(config_of(typed, before=config))
    assert saved["headers"] == {"x-key": "another-one"}


def test_what_has_another_form_is_left_to_who_checks_it() -> None:
    """Nothing but a ``ConfigError`` comes of it."""
    for value in (None, 3, {"url": 3}, {"url": "http://["}, {"headers": 3}):
        assert unmasked_entry(value, {"notify": 3}, "x") == value
    bad = {"url": "http://[/***"}
    with pytest.raises(ConfigError):
        unmasked_entry(bad, {"notify": [NTFY, 3, None, {"url": "http://["}]}, "x")


def test_nothing_of_it_is_recorded() -> None:
    """A record shows what was saved, without addresses and headers."""
    for body in ({"notify": [HOME]}, {"entry": HOME}):
        told = without_values(msgspec.json.encode(body)).decode()
        assert "abcdef" not in told
        assert "very-secret" not in told


def test_a_secret_of_the_environment_is_put_in_when_it_is_in_force() -> None:
    """Its name is what is saved and shown."""
    entry = {
        "url": "https://ntfy.sh/${IMMICH_ML_SECRET_TOPIC}",
        "headers": {"Authorization": "Bearer ${IMMICH_ML_SECRET_KEY}", "X": "a$$b"},
    }
    config = config_of(entry)
    shown = config_document.saved(config)["notify"][0]
    assert shown["url"] == entry["url"]
    assert shown["headers"]["Authorization"] == "Bearer ${IMMICH_ML_SECRET_KEY}"
    environment = {"IMMICH_ML_SECRET_TOPIC": "mine", "IMMICH_ML_SECRET_KEY": "tk"}
    [target] = resolved(config, environment).notify
    assert target.url == "https://ntfy.sh/mine"
    assert target.headers == {"Authorization": "Bearer tk", "X": "a$b"}
    whole = config_of({"url": "${IMMICH_ML_SECRET_URL}"})
    [target] = resolved(whole, {"IMMICH_ML_SECRET_URL": "http://a/b"}).notify
    assert (target.url, target.name) == ("http://a/b", "a")


@pytest.mark.parametrize(
    ("environment", "reason"),
    [
        ({}, "the environment variable IMMICH_ML_SECRET_URL is not set"),
        ({"IMMICH_ML_SECRET_URL": "secret.example/"}, "must start with http"),
    ],
)
def test_a_secret_that_cannot_be_used_is_refused_by_its_name(
    environment: dict[str, str], reason: str
) -> None:
    """Not by what it holds."""
    config = config_of({"url": "${IMMICH_ML_SECRET_URL}"})
    with pytest.raises(ConfigError) as refused:
        resolved(config, environment)
    assert refused.value.field == "notify[0].url"
    assert reason in refused.value.reason
    assert "secret.example" not in refused.value.reason
    for url in ("https://a/${HOME}", "https://a/${IMMICH_ML_SECRET_A"):
        with pytest.raises(ConfigError):
            config_of({"url": url})
