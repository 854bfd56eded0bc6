"""A server process of a benchmark: started, pinned to a core, awaited, stopped."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from benchmarks.shared.measure import process_tree

CHECKOUT = Path(__file__).resolve().parents[2]


def free_port(wanted: int = 0) -> int:
    """Return a TCP port of 127.0.0.1 that nobody listens on at this moment.

    Raises SystemExit if it is to be the ``wanted`` one and somebody does.
    """
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", wanted))
        except OSError as error:
            raise SystemExit(f"port {wanted}: {error.strerror}") from error
        port: int = probe.getsockname()[1]
        return port


def _await_port(
    child: subprocess.Popen[bytes], port: int, log: Path, patience: float
) -> None:
    deadline = time.monotonic() + patience
    while time.monotonic() < deadline:
        if child.poll() is not None:
            break
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
        except ConnectionRefusedError:
            time.sleep(0.05)
        else:
            return
    text = log.read_text(errors="replace")[-2000:]
    raise RuntimeError(f"{log.stem} did not begin to listen; its output:\n{text}")


def _stop(child: subprocess.Popen[bytes]) -> None:
    child.terminate()
    try:
        child.wait(10)
    except subprocess.TimeoutExpired:
        os.killpg(child.pid, signal.SIGKILL)  # its own session: nobody else's
        child.wait()


@contextmanager
def server(
    name: str,
    command: Sequence[str],
    *,
    port: int,
    core: int | None,
    directory: Path,
    environment: Mapping[str, str] | None = None,
    patience: float = 20.0,
) -> Iterator[subprocess.Popen[bytes]]:
    """Run ``command`` while the context lasts.

    :param core: the core that it is pinned to, None for any of ours.
    :param directory: where its output goes, as ``name.log``.
    :param environment: variables added to ours.
    :param patience: seconds until it must listen.

    Raises RuntimeError, with the end of its output, if it does not listen on
    ``port`` of 127.0.0.1 by then.
    """
    cores = os.sched_getaffinity(0) if core is None else {core}
    log = directory / f"{name}.log"
    with log.open("wb") as output:
        child = subprocess.Popen(
            command,
            cwd=directory,
            env={**os.environ, **(environment or {})},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            preexec_fn=lambda: os.sched_setaffinity(0, cores),
        )
    try:
        _await_port(child, port, log, patience)
        yield child
    finally:
        _stop(child)


def tree(child: subprocess.Popen[bytes]) -> list[int]:
    """Return the ids of the process and its workers."""
    return process_tree(child.pid)
