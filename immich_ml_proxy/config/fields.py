"""Fields of a JSON document: converted and checked, errors told by their path."""

from __future__ import annotations

import re
from ipaddress import AddressValueError, IPv4Address
from typing import Any, TypeVar
from urllib.parse import SplitResult, quote, urlsplit

from immich_ml_proxy.config import faults
from immich_ml_proxy.config.faults import step
from immich_ml_proxy.errors import ConfigError

__all__ = [
    "check_broadcast",
    "check_ca_file",
    "checked_mac",
    "checked_url",
    "convert",
    "step",
]

_T = TypeVar("_T")


def convert(value: Any, shape: type[_T], path: str) -> _T:
    """Return ``value`` as ``shape``; an error is told with the field's full path."""
    try:
        return faults.converted(value, shape, path)
    except faults.Misfit as misfit:
        raise ConfigError(misfit.path.lstrip("."), misfit.reason) from None


def checked_url(text: str, path: str) -> str:
    """
    Return a backend's URL as a URI in ASCII, without a trailing slash.

    :param path: the field it stands in.
    :raises ConfigError: when it is no http or https URL that ends with its path.
    """
    text = text.strip()
    if not text.lower().startswith(("http://", "https://")):
        raise ConfigError(path, "must start with http:// or https://")
    if "${" in text:
        raise ConfigError(
            path, "must hold no ${...}; a login with one is written into headers"
        )
    if not text.isprintable() or re.search(r"[\s\\\"<>^`{|}]", text):
        raise ConfigError(path, "has a character that no URL may have")
    url, host, port = _split(text, path)
    if "@" in url.netloc:
        raise ConfigError(path, "must not hold a user name or password")
    if not re.fullmatch(r"[a-z0-9._-]+|[0-9a-f:.]+", host):
        raise ConfigError(path, f"has no host name but {host!r}")
    if "?" in text or "#" in text:
        raise ConfigError(path, "must end with the path: no ? and no #")
    netloc = f"[{host}]" if ":" in host else host
    if port is not None:
        netloc += f":{port}"
    return f"{url.scheme}://{netloc}{quote(url.path, safe='/%:@!$&()*+,;=~')}".rstrip(
        "/"
    )


def _split(text: str, path: str) -> tuple[SplitResult, str, int | None]:
    """Return the parts of a URL, its host in ASCII, and its port."""
    try:
        url = urlsplit(text)
        host = url.hostname or ""
    except ValueError:
        raise ConfigError(path, "is no URL, such as http://192.168.1.20:3003") from None
    try:
        port = url.port
    except ValueError:
        port = 0
    if port == 0:
        raise ConfigError(path, "its port must be a number from 1 to 65535")
    try:
        ascii_host = host if ":" in host else host.encode("idna").decode("ascii")
    except UnicodeError:
        raise ConfigError(
            path,
            "has a host name of which a part is empty, longer than 63 characters, or "
            "written in a way that no name is",
        ) from None
    return url, ascii_host, port


def check_ca_file(text: str, url: str, path: str) -> None:
    """
    Refuse what cannot be a file of certificates for a backend.

    :param url: of the backend.
    :raises ConfigError: with what would be right. Whether the file is there is not
        looked at.
    """
    if not url.startswith("https://"):
        raise ConfigError(path, "is for https:// only; with http:// nothing is checked")
    if not text.startswith("/") or not text.isprintable():
        raise ConfigError(
            path,
            "must be the full path of a file on the proxy's machine, such as "
            "/etc/immich-ml-proxy/ca.pem",
        )


MAC = re.compile(r"[0-9A-Fa-f]{2}([:-]?)[0-9A-Fa-f]{2}(\1[0-9A-Fa-f]{2}){4}")


def checked_mac(text: str, path: str) -> bytes:
    """
    Return the six bytes of a MAC address.

    :raises ConfigError: when it is none.
    """
    if not MAC.fullmatch(text):
        raise ConfigError(path, "must be a MAC address, such as 00:11:22:aa:bb:cc")
    return bytes.fromhex(re.sub("[:-]", "", text))


def check_broadcast(text: str, path: str) -> None:
    """
    Refuse what no datagram can be sent to.

    :raises ConfigError: when it is no IPv4 address; names are not looked up.
    """
    try:
        IPv4Address(text)
    except AddressValueError:
        raise ConfigError(
            path, "must be an IPv4 address, such as 192.168.1.255"
        ) from None
