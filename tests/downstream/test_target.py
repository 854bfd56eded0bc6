"""What stands in a request's first line."""

from __future__ import annotations

import pytest

from immich_ml_proxy.downstream.target import origin_form


@pytest.mark.parametrize(
    ("target", "path", "host"),
    [
        (b"/predict", b"/predict", None),
        (b"/", b"/", None),
        (b"*", b"*", None),
        (b"", b"", None),
        (b"/a?next=http://b/c", b"/a?next=http://b/c", None),
        (b"http://proxy:3004/predict", b"/predict", b"proxy:3004"),
        (b"HTTP://proxy/predict?a=/b", b"/predict?a=/b", b"proxy"),
        (b"https://[::1]:3004/ping", b"/ping", b"[::1]:3004"),
        (b"http://proxy:3004", b"/", b"proxy:3004"),
        (b"http://proxy:3004/", b"/", b"proxy:3004"),
        (b"http://proxy?a", b"/?a", b"proxy"),
        (b"http://proxy//ping", b"//ping", b"proxy"),
        (b"http://me:secret@proxy/ping", b"/ping", b"proxy"),
        (b"http://proxy/api/@me", b"/api/@me", b"proxy"),
        (b"ftp://proxy/ping", b"ftp://proxy/ping", None),
        (b"/predict/", b"/predict", None),
        (b"/ping/", b"/ping", None),
        (b"/ping/?a=1", b"/ping?a=1", None),
        (b"http://proxy/predict/", b"/predict", b"proxy"),
        (b"/predict//", b"/predict//", None),
        (b"/config/", b"/config/", None),
        (b"/static/predict/", b"/static/predict/", None),
    ],
)
def test_a_target_is_path_and_query(
    target: bytes, path: bytes, host: bytes | None
) -> None:
    """Whoever is named before them, and with a slash too many where people write it."""
    assert origin_form(target) == (path, host)
