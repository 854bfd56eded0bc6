"""The options of who may do what: with a wrong one nothing is started."""

from __future__ import annotations

from pathlib import Path

import pytest

from immich_ml_proxy.commands.access import access_of
from immich_ml_proxy.commands.options import Options
from immich_ml_proxy.errors import CannotStart
from immich_ml_proxy.web.access import Access
from immich_ml_proxy.web.hosts import network

TOKEN = "correct-horse-battery"
VARIABLE = "IMMICH_ML_PROXY_ADMIN_TOKEN"


def access(*arguments: str) -> Access:
    """Return what a command line says."""
    options = Options()
    options.parseOptions(arguments)
    return access_of(options)


def test_nothing_is_set_by_default() -> None:
    """As before there were such options."""
    assert access() == Access()


def test_the_token_is_in_a_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever white space an editor leaves around it; a variable names it, too."""
    file = tmp_path / "token"
    file.write_text(f" {TOKEN}\r\n")
    token = access("--admin-token-file", str(file)).token
    assert token is not None
    assert token.matches(TOKEN)
    monkeypatch.setenv("IMMICH_ML_PROXY_ADMIN_TOKEN_FILE", str(file))
    assert access().token == token


def test_the_token_is_in_a_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    """That of a container."""
    monkeypatch.setenv(VARIABLE, TOKEN)
    token = access().token
    assert token is not None
    assert token.matches(TOKEN)


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"", "the admin token is empty"),
        (b"\n", "the admin token is empty"),
        (b"two words", "must not hold a space"),
        (b"two\nlines", "must be printable"),
        (b"\xff", "must be printable"),
        (None, "cannot be read: No such file"),
    ],
)
def test_a_file_without_a_token_is_no_start_without_one(
    tmp_path: Path, content: bytes | None, told: str
) -> None:
    """Nobody should believe to be protected."""
    file = tmp_path / "token"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(CannotStart, match=told) as refused:
        access("--admin-token-file", str(file))
    assert str(refused.value).startswith(f"--admin-token-file {file}: ")


def test_an_empty_variable_is_a_mistake(monkeypatch: pytest.MonkeyPatch) -> None:
    """As Compose makes it of one that is not set."""
    monkeypatch.setenv(VARIABLE, "")
    with pytest.raises(CannotStart, match=f"{VARIABLE}: the admin token is empty"):
        access()


def test_two_tokens_are_a_mistake(monkeypatch: pytest.MonkeyPatch) -> None:
    """Which of them was meant?"""
    monkeypatch.setenv(VARIABLE, TOKEN)
    with pytest.raises(CannotStart, match="both given: leave one out"):
        access("--admin-token-file", "token")
    monkeypatch.setenv(f"{VARIABLE}_FILE", "token")
    with pytest.raises(CannotStart, match="both given: leave one out"):
        access()


def test_names_and_proxies_are_lists(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of several options, or of a variable with commas or spaces."""
    given = access(
        *["--allowed-host=A.example", "--allowed-host", "*.b.example"],
        *["--trusted-proxy=10.0.0.0/8", "--trusted-proxy", "::1"],
    )
    assert given.allowed_hosts == ("a.example", ".b.example")
    assert given.trusted_proxies == (network("10.0.0.0/8"), network("::1"))
    monkeypatch.setenv("IMMICH_ML_PROXY_ALLOWED_HOSTS", "a.example,*.b.example ")
    monkeypatch.setenv("IMMICH_ML_PROXY_TRUSTED_PROXIES", " 10.0.0.0/8, ::1")
    assert access() == given


@pytest.mark.parametrize(
    ("option", "told"),
    [
        ("--allowed-host=http://a", "--allowed-host: 'http://a' is no host name"),
        ("--trusted-proxy=nginx", "--trusted-proxy: 'nginx' is no address or range"),
    ],
)
def test_what_makes_no_sense_is_told(option: str, told: str) -> None:
    """In a line."""
    with pytest.raises(CannotStart, match=told):
        access(option)
