"""What is hidden in a debug record, and what is not."""

from __future__ import annotations

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from immich_ml_proxy.records.masking import is_secret, mask_text, mask_url


@pytest.mark.parametrize(
    "name",
    [
        "Authorization",
        "proxy-authorization",
        "Cookie",
        "Set-Cookie",
        "X-Api-Key",
        "x-apikey",
        "API_KEY",
        "X-Auth-Key",
        "X-CSRF-Token",
        "clientSecret",
        "db_password",
        "tok%65n",
    ],
)
def test_a_name_that_tells_of_a_secret_is_known_in_any_spelling(name: str) -> None:
    """Case, hyphens, underscores and percent-encoding do not hide a secret's name."""
    assert is_secret(name)


@pytest.mark.parametrize(
    "name", ["Content-Type", "Host", "Accept", "entries", "image", "author", "key", ""]
)
def test_an_ordinary_name_is_no_secret(name: str) -> None:
    """What Immich sends stays readable."""
    assert not is_secret(name)


@pytest.mark.parametrize(
    ("url", "masked"),
    [
        ("/predict", "/predict"),
        ("/x?a=1&b=token", "/x?a=1&b=token"),
        ("http://u:p@host:3003/ping", "http://***@host:3003/ping"),
        ("http://user@host", "http://***@host"),
        ("https://u:p@ss:w@host/@home", "https://***@host/@home"),
        ("//u:p@host/", "//***@host/"),
        ('http://u:a"b c@host/', "http://***@host/"),
        ("http://host/mail@home", "http://host/mail@home"),
        ("/x?token=abc", "/x?token=***"),
        ("/x?a=1&api-key=abc&b=2", "/x?a=1&api-key=***&b=2"),
        ("/x?a=1;token=abc", "/x?a=1;token=***"),
        ("/x?password=a;b=c&d=1", "/x?password=***&d=1"),
        ("/x?password=a;token=b&c=1", "/x?password=***&c=1"),
        ("/x?%74oken=abc", "/x?%74oken=***"),
        ("/x?token=a=b", "/x?token=***"),
        ("/x?token=a?b", "/x?token=***"),
        ("/x#access_token=abc", "/x#access_token=***"),
        ("/x?next=http://u:p@host/", "/x?next=http://***@host/"),
        ("http://[::1/?token=x", "http://[::1/?token=***"),
    ],
)
def test_a_url_is_shown_without_its_user_and_secret_parameters(
    url: str, masked: str
) -> None:
    """Users, passwords and secret parameters go; all else stays as it was."""
    assert mask_url(url) == masked


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("a red car", "a red car"),
        ('{"a":"b","@":"//"}', '{"a":"b","@":"//"}'),
        (
            '{"url":"http://u:p@gpu:3003"},{"name":"me@home"}',
            '{"url":"http://***@gpu:3003"},{"name":"me@home"}',
        ),
        ('{"url":"http://gpu:1","name":"me@home"}',) * 2,
        ('{"token": "a", "b": 1}', '{"token": "***", "b": 1}'),
        ('{"apiKey":12345}', '{"apiKey":"***"}'),
        ('{"password":null,"x":[1]}', '{"password":"***","x":[1]}'),
        ('{"secret" : "a\\"b", "c": "d"}', '{"secret" : "***", "c": "d"}'),
        ('{"password":"cut off he', '{"password":"***"'),
        ('{"password":"cut off \\', '{"password":"***"'),
        ('{"x":"token","y":"password"}', '{"x":"token","y":"password"}'),
        ('{"tokens":["a"]}', '{"tokens":["a"]}'),
        ("password=hunter2&x=1", "password=***&x=1"),
        ('{"u":"http://h/?token=abc","n":1}', '{"u":"http://h/?token=***","n":1}'),
        ("no such host: http://u:p@gpu", "no such host: http://***@gpu"),
    ],
)
def test_a_text_is_shown_without_the_secrets_in_it(text: str, masked: str) -> None:
    """JSON members, pairs and URLs are found in whole and in cut-off text."""
    assert mask_text(text) == masked


letters = st.text(string.ascii_letters + string.digits, min_size=8, max_size=20)
anything = st.text(max_size=30)


@given(secret=letters, before=anything, after=anything)
def test_no_text_around_it_lets_a_json_secret_through(
    secret: str, before: str, after: str
) -> None:
    """A broken beginning or end of a JSON text does not uncover its secrets."""
    secret = f"!{secret}!"
    before = before.replace('"', "").replace("\\", "")
    text = f'{before}{{"a": 1, "token": "{secret}"}}{after}'
    assert secret not in mask_text(text)


@given(secret=letters, before=st.text(string.printable), after=anything)
def test_no_query_around_it_lets_a_url_secret_through(
    secret: str, before: str, after: str
) -> None:
    """Neighbouring parameters, odd as they may be, do not uncover a secret."""
    secret = f"!{secret}!"
    assert secret not in mask_url(f"/{before}?token={secret}&{after}")


@given(st.text())
def test_any_text_can_be_masked(text: str) -> None:
    """Masking raises for no text, and masking twice changes nothing more."""
    assert mask_text(mask_text(text)) == mask_text(text)
    assert mask_url(mask_url(text)) == mask_url(text)
