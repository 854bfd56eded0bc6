"""
A program that reads forms as the ML service does: with Starlette and python-multipart.

It runs outside of the environment of the tests, with a version of both on its path. Of
every line on its standard input, a JSON object with ``type``, ``body`` (Base64) and
``size`` (bytes that come at once, 0 for all), it writes one: ``entries``, a list of all
values of this name, and ``image``, whether there is one; or ``error``.
"""

from __future__ import annotations

import asyncio
import base64
import json
import sys
from typing import Any

from starlette.requests import Request


async def read(kind: str, body: bytes, size: int) -> dict[str, Any]:
    """Return what the service would find in a form."""
    step = size or len(body) or 1
    pieces = [body[at : at + step] for at in range(0, len(body), step)] or [b""]

    async def receive() -> dict[str, Any]:
        piece = pieces.pop(0)
        return {"type": "http.request", "body": piece, "more_body": bool(pieces)}

    headers = [(b"content-type", kind.encode("latin-1"))]
    request = Request({"type": "http", "method": "POST", "headers": headers}, receive)
    try:
        form = await request.form()
    except Exception as error:
        return {"error": f"{type(error).__name__}: {error}"}
    entries = [
        value if isinstance(value, str) else None for value in form.getlist("entries")
    ]
    return {"entries": entries, "image": "image" in form}


async def main() -> None:
    """Answer line by line."""
    for line in sys.stdin:
        asked = json.loads(line)
        body = base64.b64decode(asked["body"])
        found = await read(asked["type"], body, asked["size"])
        print(json.dumps(found), flush=True)


if __name__ == "__main__":
    asyncio.run(main())
