"""Our errors, each with the HTTP status it is answered with."""

from __future__ import annotations

from typing import Any


class CannotStart(SystemExit, Exception):
    """
    Ends the process with a line that says why.

    As an ``Exception`` it makes twistd tidy up and tell who started the daemon; as a
    ``SystemExit`` it is printed without a traceback.
    """


class ProxyError(Exception):
    """
    Something that ends a request; its text is shown to the client.

    :cvar status: the HTTP status it is answered with.
    :cvar retry_after: seconds for a ``Retry-After`` header, or ``None``.
    :ivar backends: names of the backends that were asked.
    """

    status = 500
    retry_after: int | None = None
    backends: tuple[str, ...] = ()


class BadForm(ProxyError):
    """The body is no form that carries ``entries``."""

    status = 400


class BodyTooLarge(ProxyError):
    """The body, or a part of it that must be read at once, is over its limit."""

    status = 413


class BadEntries(ProxyError):
    """``entries`` is missing or is not an object of objects."""

    status = 422


class BadRequest(ProxyError):
    """
    A request to the API that cannot be understood.

    :param path: of the field of its body that is wrong; empty for none.
    """

    status = 400

    def __init__(self, text: str, path: str = "") -> None:
        super().__init__(text)
        self.path = path


class ConfigError(ProxyError):
    """
    A configuration that is refused.

    :param field: path of the refused field, such as ``backends[1].url``; empty
        when the document itself is wrong.
    :param reason: what is wrong with it and what would be right.
    """

    status = 400

    def __init__(self, field: str, reason: str) -> None:
        super().__init__(f"{field}: {reason}" if field else reason)
        self.field = field
        self.reason = reason


class StorageError(ProxyError):
    """The configuration could not be written; the one in force stays."""

    status = 500


class Conflict(ProxyError):
    """What is asked for does not go with what there is; the text says what would."""

    status = 409


class BackendFailed(ProxyError):
    """Every backend that was asked failed, or the request breaks each of them."""

    status = 502


class NoSuchBackend(ProxyError):
    """There is no backend of this name."""

    status = 404


class NotKept(ProxyError):
    """There is no request of this name, or not that of it which is asked for."""

    status = 404


class CannotRepeat(ProxyError):
    """A request cannot be sent again, as things are."""

    status = 409


class WakeFailed(ProxyError):
    """A machine could not be sent a wake-up call."""

    status = 502


class Unavailable(ProxyError):
    """There is no backend to ask, or no room to wait for one."""

    status = 503
    retry_after = 5


class TimedOut(ProxyError):
    """No backend answered in time."""

    status = 504


class ForeignOrigin(ProxyError):
    """A page of another site tries to change something."""

    status = 403


class WrongHost(ProxyError):
    """
    The name that was asked for may be a stranger's.

    :param name: of the host, as it was asked for.
    """

    status = 421

    def __init__(self, name: str) -> None:
        super().__init__(
            f"this proxy does not answer to the name {name!r}, which may be a "
            "stranger's; if it is yours, start the proxy with "
            f"--allowed-host {name or 'NAME'} (or the environment variable "
            f"IMMICH_ML_PROXY_ALLOWED_HOSTS={name or 'NAME'})"
        )
        self.name = name


class Elsewhere(ProxyError):
    """What is asked for is at another address."""

    status = 404


class NeedsLogin(ProxyError):
    """What is asked for needs the admin token, which was not shown."""

    status = 401


class TooManyAttempts(ProxyError):
    """
    Wrong tokens were tried; the next one is looked at later.

    :param seconds: until then.
    """

    status = 429

    def __init__(self, seconds: int) -> None:
        super().__init__(f"too many wrong tokens; try again in {seconds} s")
        self.retry_after = seconds


class LoopDetected(ProxyError):
    """A request has come back to where it was before."""

    status = 508


class VersionMismatch(ProxyError):
    """
    The configuration is not the one that a change is meant for.

    :param conflicts: what both have changed, as JSON tells it: ``path``, ``words``,
        ``base``, ``mine``, ``theirs``.
    """

    status = 412

    def __init__(self, text: str, conflicts: tuple[dict[str, Any], ...] = ()) -> None:
        super().__init__(text)
        self.conflicts = conflicts


class NothingToUndo(ProxyError):
    """There is no save that could be undone."""

    status = 409
