"""The configuration survives kills, full disks and mounts: it is the old or the new."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from immich_ml_proxy.config.store import ConfigStore
from tests.end_to_end.processes import PATIENCE, Process, Proxy, until
from tests.end_to_end.programs import ROOT
from tests.mounts import bound, needs_mounts, with_mounts

KILLS = 100
#: Saves one configuration after the other, each larger or smaller than a page, and says
#: so with a byte when it has begun.
_SAVER = """
import os, sys
from pathlib import Path
from immich_ml_proxy.config import document
from immich_ml_proxy.config.store import ConfigStore
from tests.end_to_end.test_durability import configuration
path = Path(sys.argv[1])
texts = [document.parse(configuration(n)) for n in range(8)]
for line in sys.stdin:
    if os.fork():
        os.wait()
        continue
    store = ConfigStore(path)
    store.load()
    os.write(1, f"{os.getpid()}\\n".encode())
    number = 0
    while True:
        store.save(texts[number % len(texts)])
        number += 1
"""
_STEPS = """
import os, signal, sys, tempfile
from pathlib import Path
from immich_ml_proxy.config import file
nth, half, calls = int(sys.argv[2]), sys.argv[3] == "half", 0
def dying(call):
    def step(*args, **more):
        global calls
        calls += 1
        if calls == nth:
            if half and call is pwrite:
                call(args[0], args[1][: len(args[1]) // 2], args[2])
            os.kill(os.getpid(), signal.SIGKILL)
        return call(*args, **more)
    return step
pwrite = os.pwrite
for module, name in [(tempfile, "mkstemp"), *((os, one) for one in
        ("fsync", "replace", "pwrite", "ftruncate", "unlink", "open", "close"))]:
    setattr(module, name, dying(getattr(module, name)))
file.write(Path(sys.argv[1]), sys.stdin.buffer.read())
"""


def configuration(number: int) -> bytes:
    """Return the document of a configuration, of 300 bytes to some pages."""
    backends = [
        {"name": f"server-{number}-{one}", "url": f"http://server-{one}:3003"}
        for one in range(1 + 60 * (number % 4))
    ]
    names = [one["name"] for one in backends]
    made = {"defaultBackend": names, "backends": backends, "maxBackends": 200}
    return json.dumps(made).encode()


def is_whole(path: Path) -> bool:
    """Whether a start finds one of the configurations there, and leaves just that."""
    store = ConfigStore(path)
    found = store.load()
    assert store.error is None, store.error
    assert json.loads(path.read_bytes()) == json.loads(found.document)
    number = int(found.backends[0].name.split("-")[1])
    return bool(json.loads(configuration(number)) == json.loads(found.document))


def run(command: list[str], **more: Any) -> subprocess.Popen[bytes]:
    """Start a program that finds ours."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    return subprocess.Popen(command, env=environment, **more)


@pytest.fixture
def saved(tmp_path: Path) -> Path:
    """A file with a configuration."""
    path = tmp_path / "saved" / "config.json"
    path.parent.mkdir()
    path.write_bytes(configuration(0))
    return path


@pytest.fixture(params=["replaced", pytest.param("mounted", marks=needs_mounts)])
def saver(
    request: pytest.FixtureRequest, tmp_path: Path, saved: Path
) -> Iterator[subprocess.Popen[bytes]]:
    """Begins to save, in a new process, with each line that it is sent."""
    command = [sys.executable, "-c", _SAVER, str(saved)]
    if request.param == "mounted":
        there = tmp_path / "config.json"
        there.touch()
        command = [sys.executable, "-c", _SAVER, str(there)]
        command = with_mounts([bound(saved, there)], command)
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    with run(command, **pipes) as process:
        yield process
        process.kill()


def test_kills_in_saves_lose_nothing(
    saver: subprocess.Popen[bytes], saved: Path
) -> None:
    """A hundred of them, at any moment, of a file that is replaced, or is a mount."""
    assert saver.stdin is not None
    assert saver.stdout is not None
    moments = random.Random(14)
    for _ in range(KILLS):
        saver.stdin.write(b"\n")
        saver.stdin.flush()
        pid = int(saver.stdout.readline())
        # Some saves go by; where in one of them it ends is up to chance.
        time.sleep(moments.uniform(0, 0.02))
        os.kill(pid, signal.SIGKILL)
        assert is_whole(saved)


@pytest.mark.parametrize("half", ["whole", "half"])
@pytest.mark.parametrize(
    "place", ["replaced", pytest.param("mounted", marks=needs_mounts)]
)
def test_a_kill_at_every_step_of_a_save_loses_nothing(
    tmp_path: Path, saved: Path, place: str, half: str
) -> None:
    """One after the other, before it is done or in the middle of it, to the last."""
    for old, new in ((3, 0), (0, 3)):
        for nth in range(1, 40):
            saved.write_bytes(configuration(old))
            target = saved if place == "replaced" else tmp_path / "config.json"
            target.touch()
            command = [sys.executable, "-c", _STEPS, str(target), f"{nth}", half]
            if place == "mounted":
                command = with_mounts([bound(saved, target)], command)
            with run(command, stdin=subprocess.PIPE) as process:
                process.communicate(configuration(new), PATIENCE)
            assert is_whole(saved)
            if process.returncode == 0:
                break
        assert nth > 5
        assert json.loads(saved.read_bytes()) == json.loads(configuration(new))


@needs_mounts
@pytest.mark.parametrize("is_mounted", [False, True])
def test_a_full_disk_keeps_the_configuration(
    tmp_path: Path, processes: list[Process], is_mounted: bool
) -> None:
    """It is said, nothing is changed, and when there is room again it can be saved."""
    disk = tmp_path / "disk"
    disk.mkdir()
    there = tmp_path / "config.json" if is_mounted else disk / "config.json"
    small, large = json.loads(configuration(0)), json.loads(configuration(3))
    (tmp_path / "small.json").write_bytes(configuration(0))
    mounts = [f"mount -t tmpfs -o size=64k none {disk}"]
    mounts += [f"cp {tmp_path}/small.json {disk}/config.json"]
    if is_mounted:
        there.touch()
        mounts.append(bound(disk / "config.json", there))
    mounts.append(f"mkfifo {tmp_path}/full")
    # Fills the disk, and empties it when it is told.
    fill = f"cat /dev/zero > {disk}/zeros 2>/dev/null; read line < {tmp_path}/full"
    mounts.append(f"{{ ({fill}; rm {disk}/zeros; echo > {tmp_path}/empty) & }}")
    run_it = "from twisted.scripts.twistd import run; run()"
    command = [sys.executable, "-c", run_it, "--nodaemon", "--pidfile="]
    command += [
        "immich-ml-proxy",
        f"--config={there}",
        "--listen=tcp:0:interface=127.0.0.1",
    ]
    proxy = Proxy(tmp_path, command=with_mounts(mounts, command))
    processes.append(proxy)
    assert proxy.json("/api/config")["backends"] == small["backends"]
    status, answer = proxy.post("/api/config", large)
    assert status == 500
    assert "cannot be written: No space left on device" in answer["error"]
    assert proxy.json("/api/config")["backends"] == small["backends"]
    with (tmp_path / "full").open("w") as told:
        told.write("\n")
    until((tmp_path / "empty").exists, "there is room again")
    assert proxy.json("/api/config")["backends"] == small["backends"]
    assert proxy.post("/api/config", large)[0] == 200
    assert "Traceback" not in proxy.output
