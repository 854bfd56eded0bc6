"""Bytes that are put into a file whole or not at all, wherever that is."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
from collections.abc import Callable
from contextlib import AbstractContextManager
from hashlib import sha256
from pathlib import Path
from typing import Any, NoReturn

import pytest

from immich_ml_proxy.config import file
from tests.mounts import bound, needs_mounts, with_mounts

Full = Callable[[], AbstractContextManager[None]]

OLD = b'{"backends": [], "healthCheckInterval": 10}\n'
SHORT = b"{}\n"
LONG = b'{"backends": [], "healthCheckInterval": 10, "requestTimeout": 290}\n'


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A file that holds ``OLD``."""
    path = tmp_path / "config.json"
    path.write_bytes(OLD)
    return path


def refusing(number: int) -> Callable[..., NoReturn]:
    """Return a call of the system that fails."""

    def refuse(*args: Any, **more: Any) -> NoReturn:
        raise OSError(number, os.strerror(number))

    return refuse


def in_folder(path: Path) -> list[str]:
    """Return the names of all that is where the file is."""
    return sorted(one.name for one in path.parent.iterdir())


@pytest.mark.parametrize("call", ["tempfile.mkstemp", "os.replace"])
@pytest.mark.parametrize(
    "number", [errno.EBUSY, errno.EXDEV, errno.EROFS, errno.EACCES, errno.EPERM]
)
@pytest.mark.parametrize("content", [SHORT, OLD, LONG, b""])
def test_what_cannot_be_replaced_is_written_in_place(
    path: Path, monkeypatch: pytest.MonkeyPatch, call: str, number: int, content: bytes
) -> None:
    """It is the same file then, and nothing is left beside it."""
    before = path.stat()
    monkeypatch.setattr(call, refusing(number))
    file.write(path, content)
    assert path.read_bytes() == content
    assert (path.stat().st_ino, path.stat().st_mode) == (before.st_ino, before.st_mode)
    assert in_folder(path) == ["config.json"]


@pytest.mark.parametrize("call", ["tempfile.mkstemp", "os.replace"])
@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EIO, errno.ENOENT])
def test_no_other_failure_is_worked_around(
    path: Path, monkeypatch: pytest.MonkeyPatch, call: str, number: int
) -> None:
    """What is there may be all there is."""
    monkeypatch.setattr(call, refusing(number))
    with pytest.raises(OSError, match=os.strerror(number)):
        file.write(path, LONG)
    assert path.read_bytes() == OLD
    assert in_folder(path) == ["config.json"]


@pytest.mark.parametrize("call", ["tempfile.mkstemp", "os.replace"])
def test_a_file_that_is_not_there_has_no_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, call: str
) -> None:
    """A folder that refuses a new file is told as it is."""
    monkeypatch.setattr(call, refusing(errno.EACCES))
    with pytest.raises(PermissionError):
        file.write(tmp_path / "config.json", LONG)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("content", [SHORT, OLD, LONG])
def test_every_moment_of_writing_in_place_holds_the_old_or_the_new(
    path: Path, monkeypatch: pytest.MonkeyPatch, content: bytes
) -> None:
    """
    Also those in the middle of a write, at which a kill or a power cut may end it: what
    is read then is one of them, and the file is made to hold just that.
    """
    seen: list[bytes] = []
    pwrite, ftruncate = os.pwrite, os.ftruncate

    def by_bytes(number: int, text: bytes, at: int) -> int:
        seen.append(path.read_bytes())
        return pwrite(number, text[:1], at)

    def watched(number: int, length: int) -> None:
        seen.append(path.read_bytes())
        ftruncate(number, length)
        seen.append(path.read_bytes())

    with monkeypatch.context() as slowed:
        slowed.setattr(os, "replace", refusing(errno.EBUSY))
        slowed.setattr(os, "pwrite", by_bytes)
        slowed.setattr(os, "ftruncate", watched)
        file.write(path, content)
    assert path.read_bytes() == content
    assert len(seen) > len(OLD)
    found = []
    for one in seen:
        path.write_bytes(one)
        found.append(file.read(path))
        assert path.read_bytes().rstrip() == found[-1].rstrip()
        assert file.read(path).rstrip() == found[-1].rstrip()
    kinds = [one.rstrip() for one in found]
    first_new = kinds.index(content.rstrip())
    assert {*kinds[:first_new]} <= {OLD.rstrip()}
    assert {*kinds[first_new:]} == {content.rstrip()}


@pytest.mark.parametrize("content", [SHORT, LONG])
def test_a_repair_that_is_cut_off_can_be_repaired(
    path: Path, monkeypatch: pytest.MonkeyPatch, content: bytes
) -> None:
    """Whoever is killed may be killed again."""
    seen: list[bytes] = []
    pwrite = os.pwrite

    def by_bytes(number: int, text: bytes, at: int) -> int:
        seen.append(path.read_bytes())
        return pwrite(number, text[:1], at)

    def stop(number: int, length: int) -> None:
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    copy = file._MARK + sha256(content).hexdigest().encode() + content
    path.write_bytes(b"x" * max(len(OLD), len(content)) + copy)
    with monkeypatch.context() as slowed:
        slowed.setattr(os, "pwrite", by_bytes)
        slowed.setattr(os, "ftruncate", stop)
        assert file.read(path) == content
    for one in seen:
        path.write_bytes(one)
        assert file.read(path) == content
        assert path.read_bytes() == content
    path.write_bytes(seen[-1])
    monkeypatch.setattr(os, "replace", refusing(errno.EBUSY))
    file.write(path, OLD)
    assert path.read_bytes() == OLD


@pytest.mark.parametrize("content", [SHORT, LONG])
@pytest.mark.parametrize("call", ["pwrite", "ftruncate", "fsync"])
@pytest.mark.parametrize("nth", [1, 2, 3])
def test_what_fails_half_way_in_place_is_taken_back(
    path: Path, monkeypatch: pytest.MonkeyPatch, content: bytes, call: str, nth: int
) -> None:
    """From memory: the file is as it was."""
    monkeypatch.setattr("tempfile.mkstemp", refusing(errno.EROFS))
    real, calls = getattr(os, call), []

    def fail_once(*args: Any) -> Any:
        calls.append(args)
        if len(calls) == nth:
            if call == "pwrite":
                real(args[0], args[1][:5], args[2])
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        return real(*args)

    monkeypatch.setattr(os, call, fail_once)
    try:
        file.write(path, content)
    except OSError:
        assert path.read_bytes() == OLD
    else:
        assert len(calls) < nth
        assert path.read_bytes() == content


def test_a_write_that_is_cut_short_goes_on(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The system may take less at once than it is given."""
    pwrite = os.pwrite
    monkeypatch.setattr(os, "replace", refusing(errno.EBUSY))
    monkeypatch.setattr(
        os, "pwrite", lambda number, text, at: pwrite(number, text[:7], at)
    )
    file.write(path, LONG)
    assert path.read_bytes() == LONG


def test_a_full_disk_leaves_a_file_that_is_written_in_place(
    path: Path, monkeypatch: pytest.MonkeyPatch, full_disk: Full
) -> None:
    """There is room for all of it before anything of it is overwritten."""
    monkeypatch.setattr("tempfile.mkstemp", refusing(errno.EROFS))
    with full_disk(), pytest.raises(OSError, match="File too large"):
        file.write(path, LONG)
    assert path.read_bytes() == OLD


@pytest.mark.parametrize("number", [errno.EINVAL, errno.EACCES])
def test_a_folder_that_cannot_be_flushed_is_no_failure(
    path: Path, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    """The file is the new one by then: to say otherwise would be half the truth."""
    monkeypatch.setattr(file, "_sync_folder", refusing(number))
    file.write(path, LONG)
    assert path.read_bytes() == LONG


@pytest.mark.parametrize("is_relative", [True, False])
def test_a_symbolic_link_is_followed(path: Path, is_relative: bool) -> None:
    """It stays a link; its target is replaced, in its own folder and at once."""
    (path.parent / "links").mkdir()
    link = path.parent / "links" / "config.json"
    link.symlink_to("../config.json" if is_relative else path)
    with path.open("rb") as reader:
        first = reader.read(5)
        file.write(link, LONG)
        assert first + reader.read() == OLD
    assert link.is_symlink()
    assert path.read_bytes() == link.read_bytes() == LONG
    assert in_folder(path) == ["config.json", "links"]
    assert in_folder(link) == ["config.json"]


def test_a_link_to_nothing_gets_its_target(tmp_path: Path) -> None:
    """Somebody has said where the file shall be."""
    link = tmp_path / "config.json"
    link.symlink_to(tmp_path / "real.json")
    file.write(link, LONG)
    assert link.is_symlink()
    assert (tmp_path / "real.json").read_bytes() == LONG


def test_a_copy_is_kept_where_that_is_wanted(path: Path) -> None:
    """Without a file there is nothing to keep."""
    copy = path.with_name("copy")
    file.write(path, LONG, copy)
    assert (path.read_bytes(), copy.read_bytes()) == (LONG, OLD)
    copy.unlink()
    path.unlink()
    file.write(path, LONG, copy)
    assert in_folder(path) == ["config.json"]


def test_what_cannot_be_kept_is_not_overwritten(path: Path) -> None:
    """The copy is made first."""
    copy = path.parent / "copies" / "copy"
    with pytest.raises(FileNotFoundError) as refused:
        file.write(path, LONG, copy)
    assert refused.value.filename == str(copy)
    assert path.read_bytes() == OLD
    assert in_folder(path) == ["config.json"]


def test_leftovers_are_removed_and_nothing_else(path: Path) -> None:
    """Only what this module has made has such a name."""
    ours = ["config.json.a1b2c3_x.new", "config.json.x.new"]
    others = ["config.json.new", "config.json.broken", "other.json.x.new", "config.new"]
    for name in [*ours, *others]:
        (path.parent / name).touch()
    (path.parent / "config.json.folder.new").mkdir()
    file.remove_leftovers(path)
    left = ["config.json", "config.json.folder.new", *others]
    assert in_folder(path) == sorted(left)
    assert path.read_bytes() == OLD


def test_leftovers_lie_beside_the_target_of_a_link(path: Path) -> None:
    """That is where they were written."""
    (path.parent / "links").mkdir()
    link = path.parent / "links" / "config.json"
    link.symlink_to(path)
    (path.parent / "config.json.x.new").touch()
    file.remove_leftovers(link)
    assert in_folder(path) == ["config.json", "links"]


def test_a_folder_without_leftovers_may_be_missing(tmp_path: Path) -> None:
    """It is told when something is to be saved there."""
    file.remove_leftovers(tmp_path / "missing" / "config.json")
    assert list(tmp_path.iterdir()) == []


def write_where_it_is_mounted(path: Path, *options: str) -> str:
    """Write in a process that sees the file mounted, and return how that failed."""
    there = path.parent / "there.json"
    there.write_bytes(b"{}")
    program = (
        "from pathlib import Path\n"
        "from immich_ml_proxy.config import file\n"
        f"file.write(Path({str(there)!r}), {LONG!r})"
    )
    command = [sys.executable, "-c", program]
    mounted = with_mounts([bound(path, there, *options)], command)
    ended = subprocess.run(mounted, capture_output=True, text=True, check=False)
    assert there.read_bytes() == b"{}"
    there.unlink()
    assert in_folder(path) == ["config.json"]
    return ended.stderr


@needs_mounts
def test_a_mounted_file_is_written(path: Path) -> None:
    """The one that is mounted, for real: the kernel refuses to replace it."""
    assert write_where_it_is_mounted(path) == ""
    assert path.read_bytes() == LONG


@needs_mounts
def test_a_file_that_is_mounted_read_only_stays(path: Path) -> None:
    """And the reason is told."""
    assert "Read-only file system" in write_where_it_is_mounted(path, "ro")
    assert path.read_bytes() == OLD
