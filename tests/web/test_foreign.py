"""Pages of other sites are told from our own, from programs, and from other names."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from immich_ml_proxy.errors import ForeignOrigin, WrongHost
from immich_ml_proxy.web.foreign import Asked, check_host, check_site, told_hosts


def post(**more: Any) -> Asked:
    """Return a request that changes something."""
    return Asked(method="POST", **{"hosts": ("ml.lan:3004",), **more})


def get(**more: Any) -> Asked:
    """Return a request that reads data."""
    return Asked(**{"hosts": ("ml.lan:3004",), **more})


@pytest.mark.parametrize(
    "asked",
    [
        post(),  # curl
        post(origin="http://ml.lan:3004"),
        post(origin="http://ML.lan:3004"),
        post(hosts=("ml.lan:443",), origin="https://ml.lan"),
        post(hosts=("ml.lan",), origin="http://ml.lan:80"),
        post(hosts=("ml.lan",), origin="https://ml.lan:443"),
        post(hosts=("127.0.0.1:3004", "ml.lan"), origin="https://ml.lan"),
        post(origin="https://ml.lan", has_own_header=True),
        post(origin="https://ml.lan:8443", site="same-origin"),
        post(site="none"),
        get(origin="http://evil.example"),
        get(site="same-origin"),
        get(site="none"),
        get(site="cross-site", mode="navigate"),  # a link to /api/health
        get(site="cross-site", is_api=False),  # a link to the page
        Asked(method="HEAD", origin="http://evil.example"),
    ],
)
def test_programs_our_pages_and_links_are_not_held_up(asked: Asked) -> None:
    """Behind whatever reverse proxy."""
    check_site(asked)


@pytest.mark.parametrize(
    "asked",
    [
        post(origin="http://evil.example"),
        post(origin="https://ml.lan:3004.evil.example"),
        post(origin="http://ml.lan"),
        post(origin="http://ml.lan:8080"),
        post(hosts=("ml.lan",), origin="http://ml.lan:3004"),
        post(origin="null"),
        post(origin=""),
        post(origin="http://[::1"),
        post(origin="file://"),
        post(origin="ftp://ml.lan:3004"),
        post(hosts=(), origin="http://ml.lan"),
        post(site="cross-site"),
        post(site="same-site", origin="http://ml.lan:3004"),
        post(site="cross-site", has_own_header=True),
        Asked(method="DELETE", hosts=("ml.lan",), site="cross-site"),
    ],
)
def test_a_foreign_page_changes_nothing(asked: Asked) -> None:
    """Whatever of the things that tell on it is there."""
    with pytest.raises(ForeignOrigin) as refused:
        check_site(asked)
    told = "a page of another site may not change anything here"
    assert (refused.value.status, str(refused.value)) == (403, told)


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
@pytest.mark.parametrize("mode", ["cors", "no-cors", ""])
def test_a_foreign_page_reads_no_data(site: str, mode: str) -> None:
    """Not as a script or a picture, either, where the browser says what it is."""
    with pytest.raises(ForeignOrigin, match="may not read anything here"):
        check_site(get(site=site, mode=mode))


@pytest.mark.parametrize(
    "asked",
    [
        get(),
        get(hosts=()),  # HTTP/1.0
        get(hosts=("192.168.1.5:3004",)),
        get(hosts=("[::1]:3004",)),
        get(hosts=("ml.example:3004",)),
        get(hosts=("127.0.0.1:3004", "ml.example")),
        post(origin="https://ml.example", has_own_header=True),
        get(origin="http://evil.example"),  # told apart by the browser
    ],
)
def test_names_that_are_ours_are_answered(asked: Asked) -> None:
    """Home names, addresses and what was allowed."""
    check_host(asked, ("ml.example",))


@pytest.mark.parametrize(
    ("asked", "name"),
    [
        (get(hosts=("evil.example:3004",)), "evil.example"),
        (get(hosts=("a b",)), "a b"),
        (get(hosts=("127.0.0.1", "evil.example")), "evil.example"),
        (get(hosts=("127.0.0.1", "ml.lan", "evil.example:1")), "evil.example"),
        (post(origin="https://evil.example", has_own_header=True), "evil.example"),
        (post(origin="null", has_own_header=True), ""),
    ],
)
def test_a_name_that_may_be_a_strangers_is_refused(asked: Asked, name: str) -> None:
    """And it is told how to make it ours: an option, or a variable."""
    with pytest.raises(WrongHost) as refused:
        check_host(asked, ("ml.example",))
    told = str(refused.value)
    assert (refused.value.status, refused.value.name) == (421, name)
    assert f"--allowed-host {name or 'NAME'}" in told
    assert f"IMMICH_ML_PROXY_ALLOWED_HOSTS={name or 'NAME'}" in told


@pytest.mark.parametrize(
    ("host", "forwarded", "port", "told"),
    [
        (None, (), None, ()),
        ("nas:3004", (), None, ("nas:3004",)),
        ("nas", ("ml.lan",), None, ("nas", "ml.lan")),
        ("nas", ("a.lan, b.lan:1",), None, ("nas", "a.lan", "b.lan:1")),
        ("nas", ("a.lan", " b.lan ,,"), None, ("nas", "a.lan", "b.lan")),
        ("nas", ("ml.lan",), "8443", ("nas", "ml.lan:8443")),
        ("nas", ("[::1]",), "8443, 80", ("nas", "[::1]:8443")),
        ("nas", ("ml.lan:1",), "8443", ("nas", "ml.lan:1")),
        ("nas", ("a b",), "8443", ("nas", "a b")),
    ],
)
def test_what_a_trusted_proxy_tells_is_taken_apart(
    host: str | None, forwarded: tuple[str, ...], port: str | None, told: tuple[str]
) -> None:
    """Lists, and a port that comes by itself."""
    assert told_hosts(host, forwarded, port) == told


@given(
    st.text(max_size=30),
    st.lists(st.text(max_size=30)),
    st.none() | st.text(max_size=9),
)
def test_nothing_that_is_sent_raises_anything_else(
    host: str, forwarded: list[str], port: str | None
) -> None:
    """What a client writes is refused or not, and no more."""
    asked = Asked(
        method="POST", hosts=told_hosts(host, forwarded, port), origin=host, site=host
    )
    for check in (check_site, lambda one: check_host(one, ())):
        try:
            check(asked)
        except (ForeignOrigin, WrongHost) as refused:
            assert refused.status in (403, 421)
