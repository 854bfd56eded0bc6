"""Asks an address what it is, in less than five seconds."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from twisted.internet.defer import Deferred, DeferredList
from twisted.internet.interfaces import IReactorTime
from twisted.web.http_headers import Headers

from immich_ml_proxy.config.fields import checked_url
from immich_ml_proxy.config.mend import mended_url
from immich_ml_proxy.config.model import Backend
from immich_ml_proxy.errors import ConfigError
from immich_ml_proxy.protocol.body import Body
from immich_ml_proxy.trial import finding, samples
from immich_ml_proxy.trial.finding import Finding, Said
from immich_ml_proxy.upstream.body_producer import BodyProducer
from immich_ml_proxy.upstream.client import BackendClient, Outgoing
from immich_ml_proxy.upstream.reply import ExchangeFailed

#: Seconds that a question may take. There are two rounds of them at the most, and then
#: the samples get what is left.
QUESTION = 1.5
#: Seconds for all of it.
LONGEST = 4.8


class Trial:
    """
    :param clock: source of time.
    :param client: sends the questions.
    :param own: names this run of the proxy.
    :param via: the ``Via`` of its pings: the proxy itself may be what answers, and say
        who it is to those with a token only.
    """

    def __init__(
        self, clock: IReactorTime, client: BackendClient, own: str, via: bytes = b""
    ) -> None:
        self._clock = clock
        self._client = client
        self._own = own
        self._via = via

    async def of(self, text: str, kinds: Sequence[str], trace_id: str) -> Any:
        """
        Return what answers at an address, as JSON; nothing is raised for what does not.

        :param text: as people type it.
        :param kinds: of the samples that an ML server is to answer.
        """
        began = self._clock.seconds()
        try:
            url = checked_url(mended_url(text)[0], "The address")
        except ConfigError as error:
            bad = Finding("bad-url", f"{error}.")
            return _told(bad, text.strip(), 0.0)
        said = dict(
            zip(
                finding.QUESTIONS,
                await self._all(
                    [self._ask(url, path, trace_id) for path in finding.QUESTIONS]
                ),
                strict=True,
            )
        )
        took = self._clock.seconds() - began
        found = finding.found(url, said, self._own)
        if found.is_ok:
            return await self._tried(found, url, kinds, trace_id, began)
        is_maybe_tls = url.startswith("http://") and finding.may_speak_tls(
            said[finding.PING]
        )
        others = finding.alternatives(url, found.kind, is_maybe_tls)
        pings = await self._all(
            [self._ask(one, finding.PING, trace_id) for one in others]
        )
        correction = None
        for other, ping in zip(others, pings, strict=True):
            same = {**dict.fromkeys(finding.QUESTIONS, ""), finding.PING: ping}
            if is_maybe_tls and other.startswith("https://"):
                found = finding.of_tls(other, ping) or found
            if correction is None and finding.found(other, same, self._own).is_ok:
                correction = other
                if other == url.replace("https://", "http://", 1):
                    found = finding.plain(url)
        return _told(found, url, took, correction)

    async def _tried(
        self,
        found: Finding,
        url: str,
        kinds: Sequence[str],
        trace_id: str,
        began: float,
    ) -> Any:
        """Ask what is an ML server for its version, and for samples."""
        took = self._clock.seconds() - began
        left = LONGEST - took
        version, *said = await self._all(
            [
                self._timed(url, samples.version_form(), trace_id, QUESTION),
                *(self._timed(url, samples.form(one), trace_id, left) for one in kinds),
            ]
        )
        told = []
        for kind, (one, seconds) in zip(kinds, said, strict=True):
            is_ok, text = samples.judged(kind, one)
            took_ms = round(1000 * seconds)
            told.append({"kind": kind, "ok": is_ok, "text": text, "took": took_ms})
        number = finding.version_of(version[0]) if found.kind == "ml" else None
        able = [one["kind"] for one in told if one["ok"]]
        return {
            **_told(found, url, took),
            "version": number,
            "abilities": able,
            "samples": told,
        }

    async def _timed(
        self, url: str, form: bytes, trace_id: str, seconds: float
    ) -> tuple[Said, float]:
        began = self._clock.seconds()
        said = await self._ask(url, "/predict", trace_id, form, seconds)
        return said, self._clock.seconds() - began

    async def _all(self, asking: Sequence[Any]) -> Any:
        """Return what comes of several questions that are asked at once."""
        results = await DeferredList(
            [Deferred.fromCoroutine(one) for one in asking], consumeErrors=True
        )
        return [result for _, result in results]

    async def _ask(
        self,
        url: str,
        path: str,
        trace_id: str,
        form: bytes | None = None,
        seconds: float = QUESTION,
    ) -> Said:
        headers = {b"Accept": [b"application/json"]}
        if path == finding.PING:
            headers[b"Via"] = [self._via] if self._via else []
        more: dict[str, Any] = {}
        if form is not None:
            body = Body(len(form))
            body.append(form)
            body.finish()
            headers[b"Content-Type"] = [samples.CONTENT_TYPE]
            more = {
                "make_body": lambda: BodyProducer(body),
                "body": body,
                "chunks": lambda: tuple(body.chunks),
            }
        outgoing = Outgoing(
            b"GET" if form is None else b"POST",
            path,
            Headers(headers),
            trace_id,
            **more,
        )
        backend = Backend(name="(tried)", url=url)
        try:
            return await self._client.send(
                backend, outgoing, lambda taken: seconds - taken
            )
        except ExchangeFailed as failed:
            return str(failed)


def _told(
    found: Finding, url: str, took: float, correction: str | None = None
) -> dict[str, Any]:
    text = found.text
    if correction is not None:
        text = f"{text.rstrip('.')}. An ML server answers at {correction}."
    return {
        "ok": found.is_ok,
        "kind": found.kind,
        "text": text,
        "url": url,
        "correction": correction,
        "version": None,
        "abilities": [],
        "took": round(1000 * took),
        "samples": [],
    }
