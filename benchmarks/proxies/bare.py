"""The least that the libraries below this proxy can do, to measure against.

``python -m benchmarks.proxies.bare PORT URL`` passes every body on to one server, by
a Klein route and treq; without a URL Klein answers by itself. No form is looked at,
nothing is limited, checked, retried or counted. What the proxy does more is its own
cost; what this does is the price of the libraries.
"""

from __future__ import annotations

import sys
from typing import Any

from klein import Klein
from treq.client import HTTPClient
from twisted.internet import endpoints, reactor
from twisted.web.client import Agent, HTTPConnectionPool
from twisted.web.http_headers import Headers
from twisted.web.server import Site

from benchmarks.proxies.peers import PROBE_PATH

ANSWER = b'{"clip": "%s"}' % (b"x" * 10_000)


def make_app(client: HTTPClient, url: str | None) -> Klein:
    """Return the app: ``POST /predict``, and what the benchmark asks to see it run."""
    app = Klein()

    @app.route(PROBE_PATH)
    def probe(request: Any) -> bytes:
        return b"{}"

    @app.route("/predict", methods=["POST"])
    async def predict(request: Any) -> bytes:
        request.setHeader(b"Content-Type", b"application/json")
        body = request.content.read()
        if url is None:
            return ANSWER
        answer = await client.post(
            f"{url}/predict",
            data=body,
            headers=Headers({"Content-Type": [request.getHeader("content-type")]}),
            allow_redirects=False,
        )
        content: bytes = await answer.content()
        return content

    return app


def main() -> None:
    """Serve until stopped."""
    running: Any = reactor
    pool = HTTPConnectionPool(running)
    pool.maxPersistentPerHost = 64
    client = HTTPClient(Agent(running, pool=pool))
    url = sys.argv[2] if len(sys.argv) > 2 else None
    app = make_app(client, url)
    site = Site(app.resource(), parsePOSTFormSubmission=False)
    site.displayTracebacks = False
    listen = endpoints.serverFromString(
        running, f"tcp:{sys.argv[1]}:interface=127.0.0.1"
    )
    listen.listen(site)
    running.run()


if __name__ == "__main__":
    main()
