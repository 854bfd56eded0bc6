"""What is at an address where no ML service is: Immich itself, a login. Pure."""

from __future__ import annotations

from .behaviour import Front
from .protocol import HTML, Reply, json_reply

#: Where a gateway sends those who have not logged in.
LOGIN = "https://login.example/?rd=%2F"

_APP = (
    b"<!doctype html>\n<html><head><title>Immich</title></head><body></body></html>\n"
)
_FORM = (
    b"<!doctype html>\n<html><head><title>Sign in</title></head><body>"
    b'<form method="post"><input name="user"><input name="password" type="password">'
    b"</form></body></html>\n"
)


def front_reply(front: Front, method: str, path: str) -> Reply | None:
    """Return what answers before any ML service does; ``None``: there is one."""
    if front == "ml":
        return None
    if front == "login":
        body = f'<a href="{LOGIN}">Found</a>.\n'.encode()
        return Reply(302, HTML, body, headers=(("Location", LOGIN),))
    if front == "login_page":
        return Reply(200, HTML, _FORM)
    if (method, path) == ("GET", "/api/server/ping"):
        return json_reply(200, {"res": "pong"})
    # Its pages answer any GET, its API and all else only what they know.
    if method == "GET" and not path.startswith("/api/"):
        return Reply(200, HTML, _APP)
    message = f"Cannot {method} {path}"
    return json_reply(
        404, {"message": message, "error": "Not Found", "statusCode": 404}
    )
