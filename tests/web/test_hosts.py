"""Which names can only be ours, and whose word is taken for others."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from immich_ml_proxy.web.hosts import (
    HostPort,
    allowed_name,
    host_port,
    is_in,
    is_own,
    network,
)


@pytest.mark.parametrize(
    ("text", "name", "port"),
    [
        ("nas", "nas", None),
        ("NAS:3004", "nas", 3004),
        ("ml.lan:443", "ml.lan", 443),
        ("ml.lan.", "ml.lan", None),
        ("ml.lan.:80", "ml.lan", 80),
        ("immich_machine_learning:3003", "immich_machine_learning", 3003),
        ("192.168.1.5:3004", "192.168.1.5", 3004),
        ("[::1]:3004", "::1", 3004),
        ("[FE80::1%eth0]", "fe80::1%eth0", None),
        ("nas:", "nas", None),
        (" nas ", "nas", None),
    ],
)
def test_a_host_has_a_name_and_perhaps_a_port(
    text: str, name: str, port: int | None
) -> None:
    """In whatever case, with or without the dot at its end."""
    assert host_port(text) == HostPort(name, port)


@pytest.mark.parametrize(
    "text",
    [
        *["", ":", ":80", "a:b", "a:1:2", "a b", "a/b", "a@b", "a,b", "a..b", ".a"],
        *["[::1", "::1", "[nas]", "[]", "a:65536", "a:999999", "ä.lan", "a\x00"],
        "proxy:3004.evil.example",
    ],
)
def test_what_is_no_host_is_none(text: str) -> None:
    """It is not guessed what was meant."""
    assert host_port(text) is None


@pytest.mark.parametrize(
    "name",
    [
        *["nas", "localhost", "127.0.0.1", "192.168.1.5", "8.8.8.8", "::1"],
        *["fe80::1%eth0", "a.localhost", "nas.local", "ml.lan", "ml.home.arpa"],
        *["ml.home", "proxy.internal", "a.b.lan"],
    ],
)
def test_names_of_homes_and_addresses_are_ours(name: str) -> None:
    """Nobody else can have them lead here."""
    assert is_own(name, ())


@pytest.mark.parametrize(
    "name",
    [
        *["evil.example", "lan.example", "nas.localdomain", "local.evil.com", "a.b"],
        *["192.168.1.5.nip.io", "localhost.evil.com", "xlan.com", "1.2.3"],
    ],
)
def test_other_names_are_not(name: str) -> None:
    """Whoever owns them says where they lead."""
    assert not is_own(name, ())


def test_names_that_were_allowed_are_ours() -> None:
    """One name, or all below another."""
    allowed = (allowed_name("ML.Example.org"), allowed_name("*.home.example"))
    assert is_own("ml.example.org", allowed)
    assert is_own("nas.home.example", allowed)
    assert not is_own("x.ml.example.org", allowed)
    assert not is_own("home.example", allowed)
    assert not is_own("evilhome.example", allowed)


@pytest.mark.parametrize("text", ["", "*", "a b", "http://a", "a:80", "a/b", "*.*"])
def test_what_is_no_name_cannot_be_allowed(text: str) -> None:
    """It would never match."""
    with pytest.raises(ValueError, match="no host name, such as"):
        allowed_name(text)


def test_proxies_are_trusted_by_address_or_range() -> None:
    """Of both families."""
    networks = (network("172.16.0.9/12"), network(" ::1 "), network("192.168.1.5"))
    assert is_in("172.31.0.1", networks)
    assert is_in("::1", networks)
    assert is_in("192.168.1.5", networks)
    for other in ("172.32.0.1", "::2", "192.168.1.6", "", "nas", "192.168.1"):
        assert not is_in(other, networks)


@pytest.mark.parametrize("text", ["", "nas", "1.2.3", "1.2.3.4/33", "*"])
def test_what_is_no_address_cannot_be_trusted(text: str) -> None:
    """It is told what would be one."""
    with pytest.raises(ValueError, match="no address or range, such as"):
        network(text)


@given(st.text(max_size=60))
def test_nothing_that_is_sent_raises(text: str) -> None:
    """And a name that is found is never one with a hole in it."""
    found = host_port(text)
    if found is not None:
        assert found.name
        assert not set(found.name) & set(" /@,\\\r\n\"'")
        is_own(found.name, ())
    is_in(text, (network("10.0.0.0/8"),))
