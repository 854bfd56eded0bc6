"""Load: one run of wrk against a target, and what it and /proc say about it."""

from __future__ import annotations

import http.client
import json
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path

import attrs
from attrs import frozen

from benchmarks.proxies.peers import TEMPLATES, Running
from benchmarks.shared.measure import cpu_seconds, peak_bytes, reset_peak
from benchmarks.shared.payloads import CONTENT_TYPE, Payload

ERRORS = ("connect", "read", "write", "status", "timeout")


class InvalidRun(Exception):
    """A run whose numbers mean nothing, with the reason: errors, or no answer."""


@frozen
class Result:
    """One run. Times in milliseconds; CPU and memory are the proxy's, 0 for none."""

    requests: int
    requests_per_second: float
    p50_ms: float
    p99_ms: float
    cpu_ms_per_request: float = 0.0
    peak_bytes: int = 0


def parse_wrk(output: str) -> Result:
    """Return what the script's line at the end of wrk's ``output`` says.

    Raises InvalidRun if there is none, if a request failed, or if none succeeded.
    """
    line = next((x for x in output.splitlines() if x.startswith("{")), None)
    if line is None:
        raise InvalidRun(f"wrk reported nothing: {output.strip()[-300:]}")
    numbers = json.loads(line)
    failed = [f"{numbers[name]} {name}" for name in ERRORS if numbers[name]]
    if failed:
        raise InvalidRun(f"errors: {', '.join(failed)} of {numbers['requests']}")
    if not numbers["requests"]:
        raise InvalidRun("no request was answered")
    return Result(
        requests=numbers["requests"],
        requests_per_second=numbers["requests"] / numbers["duration_us"] * 1e6,
        p50_ms=numbers["p50_us"] / 1000,
        p99_ms=numbers["p99_us"] / 1000,
    )


def wrk_command(
    port: int, bodies: Sequence[Path], connections: int, seconds: float
) -> list[str]:
    """Return wrk's argv: a thread for each body, as far as there are connections."""
    threads = min(len(bodies), connections)
    return [
        "wrk",
        f"--threads={threads}",
        f"--connections={connections}",
        f"--duration={round(seconds)}s",
        "--timeout=60s",
        f"--script={TEMPLATES / 'load.lua'}",
        f"http://127.0.0.1:{port}/predict",
        "--",
        CONTENT_TYPE,
        *map(str, bodies),
    ]


def run_wrk(
    target: Running,
    bodies: Sequence[Path],
    connections: int,
    seconds: float,
    core: int,
) -> Result:
    """Load ``target`` for ``seconds`` (whole ones) with wrk pinned to ``core``.

    Raises InvalidRun as `parse_wrk` does.
    """
    command = wrk_command(target.port, bodies, connections, seconds)
    pids = target.pids()
    reset_peak(pids)
    before = cpu_seconds(pids)
    wrk = subprocess.run(
        ["taskset", "--cpu-list", str(core), *command],
        capture_output=True,
        text=True,
        timeout=seconds + 90,
    )
    used = cpu_seconds(pids) - before
    if wrk.returncode:
        raise InvalidRun(f"wrk failed: {(wrk.stdout + wrk.stderr).strip()[-300:]}")
    result = parse_wrk(wrk.stdout)
    return attrs.evolve(
        result,
        cpu_ms_per_request=used * 1000 / result.requests,
        peak_bytes=peak_bytes(pids),
    )


def check_routes(target: Running, payload: Payload) -> None:
    """Send each body once: the answer must be a stub's, and of the right stub.

    Raises InvalidRun with what came instead.
    """
    for body, wanted in zip(payload.bodies, ("a", "b"), strict=False):
        connection = http.client.HTTPConnection("127.0.0.1", target.port, timeout=10)
        try:
            headers = {"Content-Type": CONTENT_TYPE}
            connection.request("POST", "/predict", body, headers)
            response = connection.getresponse()
            content = response.read()
        finally:
            connection.close()
        said = f"{target.name} answered {response.status} to {payload.name}"
        if response.status != 200:
            raise InvalidRun(f"{said}: {content[:200]!r}")
        stub = json.loads(content).get("stub")
        if target.reads_body and stub != wanted:
            raise InvalidRun(f"{said} from stub {stub}, the body's is {wanted}")


def await_healthy(target: Running, payload: Payload, limit: float = 10.0) -> None:
    """Wait until ``target`` routes ``payload`` right; a proxy may ping at first.

    Raises InvalidRun with the last reason after ``limit`` seconds.
    """
    deadline = time.monotonic() + limit
    while True:
        try:
            check_routes(target, payload)
        except InvalidRun:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.1)
        else:
            return
