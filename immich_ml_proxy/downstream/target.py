"""
What a request is for: the target in its first line (RFC 9112, 3.2).

Clients that take us for a proxy of the other kind name us in it, as in
``POST http://proxy:3004/predict HTTP/1.1``. What they name counts, not ``Host``.
"""

from __future__ import annotations

import re

_ABSOLUTE = re.compile(rb"https?://(?:[^/?@]*@)?(?P<host>[^/?]*)/?(?P<rest>.*)", re.I)

#: What a slash too many is forgiven: people write one at the end of a URL.
_FORGIVEN = {b"/predict/": b"/predict", b"/ping/": b"/ping"}


def origin_form(target: bytes) -> tuple[bytes, bytes | None]:
    """Return path and query, and the host, if the target names one."""
    host = None
    absolute = None if target.startswith(b"/") else _ABSOLUTE.fullmatch(target)
    if absolute:
        host, target = absolute["host"], b"/" + absolute["rest"]
    path, mark, query = target.partition(b"?")
    if path in _FORGIVEN:
        target = _FORGIVEN[path] + mark + query
    return target, host
