"""Mends what people write into a configuration and cannot have meant."""

from __future__ import annotations

import re
from base64 import b64encode
from typing import Any
from urllib.parse import unquote

#: A host, perhaps with a port, and what follows it: a URL but for its scheme.
_NO_SCHEME = re.compile(r"(\[[0-9A-Fa-f:.]+\]|[^\s:/?#@\[\]]+)(:\d+)?([/?#].*)?")
#: A URL with a user, and perhaps a password.
_USER = re.compile(
    r"(?P<scheme>https?://)(?P<user>[^/?#@\s]+)@(?P<rest>[^/?#@].*)", re.I
)
#: The last step of a path that the proxy itself adds to a backend's URL.
_ADDED = ("predict", "ping")


def mended(document: dict[str, Any]) -> tuple[dict[str, Any], list[str]]:
    """
    Return ``document`` with the URLs of its backends mended, and what was done.

    :param document: any JSON object; it is not changed, and what has the wrong form
        stays as it is.
    """
    backends = document.get("backends")
    if not isinstance(backends, list):
        return document, []
    warnings = []
    mended_backends = []
    for index, backend in enumerate(backends):
        if isinstance(backend, dict) and isinstance(backend.get("url"), str):
            backend, told = _without_user(backend)
            warnings += [f"backends[{index}].url: {told}"] if told else []
            url, done = mended_url(backend["url"])
            if done:
                backend = {**backend, "url": url}
                warnings.append(f"backends[{index}].url: {done}; it is {url} now")
        mended_backends.append(backend)
    return {**document, "backends": mended_backends}, warnings


def _without_user(backend: dict[str, Any]) -> tuple[dict[str, Any], str]:
    """
    Return a backend whose URL's user and password have become a header.

    What is no such URL stays as it is, and so does one that has both.
    """
    url, headers = backend["url"].strip(), backend.get("headers") or {}
    found = _USER.fullmatch(url)
    if not found or not isinstance(headers, dict):
        return backend, ""
    if "${" in found["user"]:
        return backend, ""  # the name of a variable; its value is not known here
    if any(name.lower() == "authorization" for name in headers):
        return backend, ""
    user, separator, password = found["user"].partition(":")
    pair = f"{unquote(user)}{separator or ':'}{unquote(password)}".encode()
    headers = {**headers, "Authorization": f"Basic {b64encode(pair).decode('ascii')}"}
    moved = {**backend, "url": found["scheme"] + found["rest"], "headers": headers}
    return moved, "the user and the password were moved to headers, as Authorization"


def mended_url(text: str) -> tuple[str, str]:
    """
    Return a URL with a scheme and without Immich's own paths, and what was done.

    ``gpu:3003/predict`` is ``http://gpu:3003``. What is no such URL either way stays
    as it is, with nothing done.
    """
    url, done = text.strip(), []
    if _NO_SCHEME.fullmatch(url) and not url.isdigit():
        url = f"http://{url}"
        done.append("http:// was added")
    scheme, separator, rest = url.partition("://")
    if separator and scheme.lower() in ("http", "https"):
        host, *steps = rest.split("/")
        cut: list[str] = []
        while steps and steps[-1] in ("", *_ADDED):
            cut.insert(0, steps.pop())
        if any(cut):
            url = "/".join([f"{scheme}://{host}", *steps])
            done.append(f"{'/'.join(['', *cut])} was cut off")
    return (url, " and ".join(done)) if done else (text, "")
