"""Tells machines that have had nothing to do for long that they may sleep."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Protocol

from twisted.application.service import Service
from twisted.internet.defer import CancelledError, Deferred
from twisted.logger import Logger
from twisted.python.failure import Failure

from immich_ml_proxy.balancer.replica_set import Machine
from immich_ml_proxy.upstream.reply import ExchangeFailed, Reply

#: Seconds that an answer is waited for.
TIMEOUT = 10.0


class Post(Protocol):
    """Posts something; see :meth:`~immich_ml_proxy.upstream.poster.Poster.post`."""

    def __call__(
        self, url: str, headers: Mapping[str, str], content: bytes, seconds: float, /
    ) -> Deferred[Reply]:
        """Return the answer."""


class SleepHook(Service):
    """
    :param post: posts something.
    :param told: told of a machine, and why its hook has failed, in words; ``None``: it
        has not.
    """

    _log = Logger()

    def __init__(
        self, post: Post, told: Callable[[Machine, str | None], object]
    ) -> None:
        self._post = post
        self._told = told
        self._calls: set[Deferred[None]] = set()

    def stopService(self) -> None:
        """End what is under way."""
        super().stopService()
        for call in tuple(self._calls):
            call.cancel()

    def call(self, machine: Machine) -> None:
        """Tell a machine; this returns at once."""
        calling = Deferred.fromCoroutine(self._call(machine))
        if not calling.called:
            self._calls.add(calling)
        calling.addBoth(self._ended, calling, machine)

    async def _call(self, machine: Machine) -> None:
        url = machine.backend.sleep_hook
        if url is None:
            return
        error: str | None = None
        try:
            reply = await self._post(url, {}, b"", TIMEOUT)
            if not 200 <= reply.status < 300:
                error = f"it answered {reply.status}"
        except ExchangeFailed as failed:
            error = str(failed)
        if error is None:
            self._log.info("{backend} was told to sleep", backend=machine.name)
        else:
            self._log.warn(
                "{backend} could not be told to sleep: its sleepHook: {error}",
                backend=machine.name,
                error=error,
            )
        self._told(machine, error)

    def _ended(
        self, result: Failure | None, calling: Deferred[None], machine: Machine
    ) -> None:
        self._calls.discard(calling)
        if isinstance(result, Failure) and not result.check(CancelledError):
            self._log.failure(
                "calling the hook of {backend}", result, backend=machine.name
            )
