"""The steps of the Dockerfile, and how they are taken without Docker."""

from __future__ import annotations

import fnmatch
import json
import re
import shlex
import shutil
from pathlib import Path

import attrs

from tests.mounts import with_mounts

CHECKOUT = Path(__file__).parents[2]
DOCKERFILE = CHECKOUT / "deploy" / "docker" / "Dockerfile"


@attrs.frozen
class Step:
    """
    An instruction of a Dockerfile.

    :ivar word: such as ``RUN``.
    :ivar rest: what follows it, lines joined.
    """

    word: str
    rest: str


def steps(text: str) -> list[Step]:
    """Return the instructions of a Dockerfile, without comments."""
    lines = [line for line in text.splitlines() if not line.lstrip().startswith("#")]
    joined = re.sub(r"\\\n\s*", "", "\n".join(lines))
    pairs = (line.partition(" ") for line in joined.splitlines() if line.strip())
    return [Step(word, rest.strip()) for word, _, rest in pairs]


def copy_context(target: Path) -> None:
    """Copy what ``COPY . .`` would: what ``.dockerignore`` lets through."""
    lines = (CHECKOUT / ".dockerignore").read_text().splitlines()
    rules = [line for line in lines if line and not line.startswith("#")]
    assert rules[0] == "*", "all but what is named stays out"
    wanted = [rule[1:] for rule in rules if rule.startswith("!")]
    unwanted = [rule.rpartition("/")[2] for rule in rules[1:] if rule[0] != "!"]

    def ignored(_: str, names: list[str]) -> set[str]:
        return {name for one in unwanted for name in fnmatch.filter(names, one)}

    target.mkdir()
    for name in wanted:
        source = CHECKOUT / name
        if source.is_dir():
            shutil.copytree(source, target / name, ignore=ignored)
        else:
            shutil.copy(source, target / name)


@attrs.frozen
class Image:
    """
    What the Dockerfile says of the container.

    :ivar commands: its ``RUN`` instructions, in order.
    :ivar environment: its variables.
    :ivar user: number of its user and group, ``10001:10001``.
    :ivar entrypoint: what it runs.
    :ivar healthcheck: what tells whether it is well.
    """

    commands: tuple[str, ...]
    environment: dict[str, str]
    user: str
    entrypoint: list[str]
    healthcheck: list[str]


def image(text: str) -> Image:
    """Return what a Dockerfile says."""
    found = steps(text)

    def last(word: str) -> str:
        return next(step.rest for step in reversed(found) if step.word == word)

    variables = shlex.split(last("ENV"))
    return Image(
        # What is mounted there while it is built is the other stage's, here the same.
        tuple(
            re.sub(r"^(--mount=\S+\s+)+", "", step.rest)
            for step in found
            if step.word == "RUN"
        ),
        dict(tuple(one.split("=", 1)) for one in variables),  # type: ignore[misc]
        last("USER"),
        json.loads(last("ENTRYPOINT")),
        json.loads(last("HEALTHCHECK").partition("CMD ")[2]),
    )


def in_chroot(python: str, source: Path, script: str) -> list[str]:
    """
    Return the command that runs a script of the shell in a root of its own.

    That root is this machine's, with whatever is written kept in memory and gone
    afterwards; ``/source`` has the build's context, and the first ``python`` is a new
    environment, as in the base image.
    """
    # That user must reach the interpreter, which may stand in somebody's home.
    folders = shlex.join(map(str, Path(python).resolve().parents))
    inside = (
        f"chmod a+x {folders} && {python} -m venv /base && "
        f"export PATH=/base/bin:$PATH && {script}"
    )
    mounts = [
        "mount -t tmpfs tmpfs /mnt",
        "mkdir /mnt/upper /mnt/work /mnt/root",
        "mount -t overlay overlay "
        "-o lowerdir=/,upperdir=/mnt/upper,workdir=/mnt/work /mnt/root",
        "mount --rbind /proc /mnt/root/proc",
        "mount --rbind /dev /mnt/root/dev",
        f"cp -r {shlex.quote(str(source))} /mnt/root/source",
    ]
    return with_mounts(mounts, ["chroot", "/mnt/root", "sh", "-ec", inside])
