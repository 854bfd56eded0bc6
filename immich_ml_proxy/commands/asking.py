"""Asks a proxy or an ML server for a command; what fails is told in one line."""

from __future__ import annotations

import argparse
import http.client
import json
import os
import socket
import ssl
import time
from typing import Any
from urllib.parse import urlsplit

import attrs

#: The environment variables of what each command that asks a proxy needs.
URL_VARIABLE = "IMMICH_ML_PROXY_URL"
TOKEN_VARIABLE = "IMMICH_ML_PROXY_ADMIN_TOKEN"
DEFAULT_URL = "http://localhost:3004"
#: The largest answer that is read, in bytes.
_LARGEST = 64 * 1024 * 1024


class CannotAsk(Exception):
    """There is no answer; its text says why, in a line."""


@attrs.frozen
class Answer:
    """
    :ivar status: HTTP's.
    :ivar headers: by lower-case name.
    :ivar seconds: from the first byte sent to the last one read.
    """

    status: int
    headers: dict[str, str]
    body: bytes
    seconds: float


class Peer:
    """
    What is asked. A connection that was closed meanwhile is made anew, once.

    :param url: ``http`` or ``https``; ``http://`` is added where none is written.
    :param token: the admin token, or ``None``.
    :param timeout: seconds without a byte after which it is given up.
    :raises CannotAsk: when the URL is none.
    """

    def __init__(self, url: str, token: str | None = None, timeout: float = 30) -> None:
        whole = url if "://" in url else f"http://{url}"
        try:
            parts = urlsplit(whole)
            host, port = parts.hostname, parts.port
        except ValueError as error:
            raise CannotAsk(f"{url}: is no address: {error}") from None
        if parts.scheme not in ("http", "https") or not host:
            raise CannotAsk(f"{url}: is no address, such as http://nas:3003")
        self.url = whole.rstrip("/")
        self._path = parts.path.rstrip("/")
        self._headers = {"Authorization": f"Bearer {token}"} if token else {}
        kind: Any = http.client.HTTPConnection
        if parts.scheme == "https":
            kind = http.client.HTTPSConnection
        self._connection = kind(host, port, timeout=timeout)

    def ask(
        self, method: str, path: str, body: bytes | None = None, content_type: str = ""
    ) -> Answer:
        """
        Return the answer, whatever its status.

        :raises CannotAsk: when there is none.
        """
        headers = dict(self._headers)
        if content_type:
            headers["Content-Type"] = content_type
        is_new = self._connection.sock is None
        started = time.perf_counter()
        try:
            try:
                return self._ask(method, path, body, headers)
            except (ConnectionError, http.client.RemoteDisconnected):
                if is_new:
                    raise
                self._connection.close()
                return self._ask(method, path, body, headers)
        except TimeoutError:
            took = time.perf_counter() - started
            raise CannotAsk(f"{self.url} did not answer for {took:.0f} s") from None
        except ssl.SSLError as error:
            reason = getattr(error, "verify_message", None) or error.reason or error
            raise CannotAsk(f"{self.url}: TLS failed: {reason}") from None
        except socket.gaierror:
            raise CannotAsk(f"{self.url}: there is no host of that name") from None
        except OSError as error:
            raise CannotAsk(f"{self.url}: {error.strerror or error}") from None
        except http.client.HTTPException as error:
            said = str(error) or type(error).__name__
            raise CannotAsk(f"{self.url} does not speak HTTP: {said[:100]}") from None

    def _ask(
        self, method: str, path: str, body: bytes | None, headers: dict[str, str]
    ) -> Answer:
        started = time.perf_counter()
        self._connection.request(method, self._path + path, body, headers)
        response = self._connection.getresponse()
        content = response.read(_LARGEST)
        found = {name.lower(): value for name, value in response.getheaders()}
        return Answer(response.status, found, content, time.perf_counter() - started)

    def json(self, path: str) -> Any:
        """
        Return what a page of the API says.

        :raises CannotAsk: when it is no proxy's, or wants a token.
        """
        answer = self.ask("GET", path)
        if answer.status == 401:
            raise CannotAsk(
                f"{self.url} wants its admin token: give it by {TOKEN_VARIABLE} or "
                "--token-file"
            )
        try:
            found = json.loads(answer.body)
        except ValueError:
            found = None
        if answer.status != 200 or found is None:
            raise CannotAsk(
                f"{self.url} is no immich-ml-proxy: {answer.status} at {path}"
            )
        return found

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add what names a proxy, and who is asking."""
    parser.add_argument(
        "--url",
        default=os.environ.get(URL_VARIABLE, DEFAULT_URL),
        help=f"where the proxy is (default: {URL_VARIABLE}, else {DEFAULT_URL})",
    )
    parser.add_argument(
        "--token-file",
        metavar="FILE",
        help=f"a file with its admin token (default: the token in {TOKEN_VARIABLE})",
    )


def proxy_of(options: argparse.Namespace, timeout: float = 30) -> Peer:
    """
    Return the proxy that the options name.

    :raises CannotAsk: when they are wrong.
    """
    token = os.environ.get(TOKEN_VARIABLE)
    if options.token_file is not None:
        try:
            with open(options.token_file, encoding="ascii") as file:
                token = file.read().strip()
        except (OSError, UnicodeDecodeError) as error:
            reason = getattr(error, "strerror", None) or "is no text"
            raise CannotAsk(f"--token-file {options.token_file}: {reason}") from None
    return Peer(options.url, token, timeout)
