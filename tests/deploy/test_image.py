"""The image, without Docker: its Dockerfile is linted, and its steps are taken."""

from __future__ import annotations

import json
import shlex
import subprocess
import sys
from pathlib import Path

from tests.deploy.dockerfile import DOCKERFILE, copy_context, image, in_chroot
from tests.mounts import needs_mounts

#: A simulated ML server, and the proxy that knows of it by its environment alone.
_RUN = """
ip link set lo up
python -m immich_ml_proxy.demo --port 3003 >/dev/null 2>&1 &
machine=$!
for attempt in $(seq 300); do
    ask http://127.0.0.1:3003/ping >/dev/null 2>&1 && break
    sleep 0.1
done
cd /data
setpriv --reuid={uid} --regid={gid} --clear-groups \\
    env IMMICH_ML_BACKENDS=ml=127.0.0.1:3003 {environment} {entrypoint} >/tmp/log 2>&1 &
proxy=$!
trap 'kill $machine $proxy 2>/dev/null || true' EXIT
for attempt in $(seq 300); do
    ask http://127.0.0.1:3004/ping >/tmp/ping 2>/dev/null && break
    sleep 0.1
done
cat /tmp/log >&2
{healthcheck}
ask http://127.0.0.1:3004/ping
echo
ask http://127.0.0.1:3004/api/config
kill $proxy
status=0
wait $proxy || status=$?
echo
echo "status $status"
"""
_ASK = """#!/base/bin/python
import sys, urllib.request
print(urllib.request.urlopen(sys.argv[1], timeout=5).read().decode(), end="")
"""


def test_hadolint_finds_nothing() -> None:
    """What it does not like is either mended, or ignored by name where it stands."""
    hadolint = Path(sys.executable).with_name("hadolint")
    found = subprocess.run(
        [hadolint, DOCKERFILE], capture_output=True, text=True, check=False
    )
    assert (found.returncode, found.stdout) == (0, "")


@needs_mounts
def test_its_steps_make_a_proxy_that_needs_a_variable_alone(tmp_path: Path) -> None:
    """As its own user, well by its own healthcheck, and ended by SIGTERM."""
    copy_context(tmp_path / "source")
    made = image(DOCKERFILE.read_text())
    uid, _, gid = made.user.partition(":")
    run = _RUN.format(
        uid=uid,
        gid=gid,
        environment=shlex.join(
            f"{key}={value}" for key, value in made.environment.items()
        ),
        entrypoint=shlex.join(made.entrypoint),
        healthcheck=shlex.join(made.healthcheck),
    )
    build = "\n".join(["cd /source", *made.commands])
    ask = f"printf %s {shlex.quote(_ASK)} >/base/bin/ask\nchmod +x /base/bin/ask"
    script = "\n".join([build, ask, f"unshare --net sh -ec {shlex.quote(run)}"])
    done = subprocess.run(
        in_chroot(sys.executable, tmp_path / "source", script),
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )
    told = f"{done.stdout[-3000:]}\n{done.stderr[-3000:]}"
    assert done.returncode == 0, told
    assert "\npong\n" in done.stdout, told
    document = done.stdout.partition("\npong\n")[2].rpartition("\nstatus ")[0]
    [backend] = json.loads(document)["backends"]
    assert backend["url"] == "http://127.0.0.1:3003"
    assert done.stdout.endswith("status 0\n"), told
