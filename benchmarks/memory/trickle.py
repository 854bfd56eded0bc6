"""Trickled uploads: many clients at once, each sending its body slowly in pieces."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from benchmarks.proxies.load import InvalidRun
from benchmarks.shared.payloads import CONTENT_TYPE

PIECE = 32 * 1024


async def _upload(port: int, body: bytes, seconds: float, limit: float) -> int:
    """Send one body over ``seconds`` or more; return the answer's status."""
    async with asyncio.timeout(limit):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        try:
            head = (
                "POST /predict HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n"
                f"Content-Type: {CONTENT_TYPE}\r\nContent-Length: {len(body)}\r\n\r\n"
            )
            writer.write(head.encode())
            pause = seconds / (len(body) / PIECE)
            for start in range(0, len(body), PIECE):
                writer.write(body[start : start + PIECE])
                await writer.drain()
                await asyncio.sleep(pause)
            status = (await reader.readline()).split()[1:2]
            await reader.read()
            return int(status[0]) if status else 0
        finally:
            writer.close()


async def _all(
    port: int, bodies: Sequence[bytes], clients: int, seconds: float, limit: float
) -> list[int]:
    uploads = (
        _upload(port, bodies[number % len(bodies)], seconds, limit)
        for number in range(clients)
    )
    return await asyncio.gather(*uploads)


def trickle(
    port: int,
    bodies: Sequence[bytes],
    clients: int,
    seconds: float,
    limit: float = 120.0,
) -> None:
    """Upload from ``clients`` at once, each sending evenly over ``seconds``.

    A proxy that holds clients back makes them slower, up to ``limit`` seconds.
    Raises InvalidRun if an upload was cut off, too slow or not answered with 200.
    """
    try:
        statuses = asyncio.run(_all(port, bodies, clients, seconds, limit))
    except (OSError, TimeoutError) as error:
        raise InvalidRun(f"an upload failed: {error or 'too slow'}") from error
    bad = [status for status in statuses if status != 200]
    if bad:
        raise InvalidRun(f"{len(bad)} uploads were answered {sorted(set(bad))}")
