"""
Puts the configuration's bytes into its file: whole or not at all.

A file is replaced by one written beside it, so that whoever reads it meanwhile, or
after a power cut, finds the one or the other. A symbolic link stays, and its target is
replaced. A file that cannot be replaced because it is a mount of its own
(``docker run -v ./config.json:/app/config.json``), or lies in a folder where nothing
can be written, is written in place: the new content is put behind the old one first,
so that whatever ends the process, one of them is whole; :func:`read` finds it.
"""

from __future__ import annotations

import errno
import os
import shutil
import tempfile
from contextlib import suppress
from hashlib import sha256
from pathlib import Path

_SUFFIX = ".new"
#: Stands before a copy, and in no JSON: "record separator" is its name.
_MARK = b"\x1e"
#: Characters of the digest that follows it.
_DIGEST = 64
#: Why no file can be written beside one that itself may be written, or take its place.
_IN_PLACE = {errno.EBUSY, errno.EXDEV, errno.EROFS, errno.EACCES, errno.EPERM}


def write(path: Path, content: bytes, keep_as: Path | None = None) -> None:
    """
    Make ``content`` what the file holds, and have that survive a power cut.

    :param content: JSON.
    :param keep_as: gets a copy of what was there, if that is a file.
    :raises OSError: when it cannot be written; the file is as before.
    """
    target = Path(os.path.realpath(path))
    temporary: Path | None = None
    try:
        try:
            temporary = _written_beside(target, content)
        except OSError as error:
            if error.errno not in _IN_PLACE or not target.is_file():
                raise
        if keep_as is not None and target.is_file():
            shutil.copyfile(target, keep_as)
        if temporary is None or not _replaced(target, temporary):
            _overwrite(target, content)
    finally:
        if temporary is not None:
            temporary.unlink(missing_ok=True)


def read(path: Path, mends: bool = True) -> bytes:
    """
    Return what the file holds.

    Where a process ended while it was written in place, that is the old content or the
    new one, and the file is made to hold only that, if it can be written.

    :param mends: without it nothing is written.
    :raises OSError: when it cannot be read.
    """
    content = path.read_bytes()
    front, mark, behind = content.partition(_MARK)
    if not mark:
        return content
    digest, copy = behind[:_DIGEST], behind[_DIGEST:]
    is_whole = digest == sha256(copy).hexdigest().encode("ascii")
    # The old one is not touched before the copy is whole.
    whole = copy if is_whole else front.rstrip(b" ")
    if not mends:
        return whole
    with suppress(OSError):
        number = os.open(path, os.O_RDWR)
        try:
            if is_whole:
                _put(number, whole.ljust(len(front)), 0)
            os.ftruncate(number, len(whole))
            os.fsync(number)
        finally:
            os.close(number)
    return whole


def peek(path: Path, most: int) -> bytes | None:
    """
    Return what the file holds just now, in whatever thread.

    :param most: bytes that are read at the most.
    :return: ``None`` while it is being written in place.
    :raises OSError: when it cannot be read.
    """
    with path.open("rb") as file:
        content = file.read(most)
    return None if _MARK in content else content


def remove_leftovers(path: Path) -> None:
    """Remove what was written beside the file when a process ended in between."""
    target = Path(os.path.realpath(path))
    with suppress(OSError):  # no folder, or one that nothing can be removed from
        for beside in target.parent.iterdir():
            is_like = beside.name.startswith(f"{target.name}.")
            is_new = beside.suffix == _SUFFIX and beside.stem != target.name
            if is_like and is_new and beside.is_file():
                beside.unlink()


def _written_beside(target: Path, content: bytes) -> Path:
    """Return a new file with the content, and with the permissions of the old one."""
    number, name = tempfile.mkstemp(
        prefix=f"{target.name}.", suffix=_SUFFIX, dir=target.parent
    )
    temporary = Path(name)
    try:
        with os.fdopen(number, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        temporary.chmod(_mode(target))
    except OSError:
        temporary.unlink()
        raise
    return temporary


def _mode(target: Path) -> int:
    """Return the permissions of a file; a new one gets the usual ones."""
    try:
        return target.stat().st_mode & 0o777
    except FileNotFoundError:
        mask = os.umask(0)
        os.umask(mask)
        return 0o666 & ~mask


def _replaced(target: Path, temporary: Path) -> bool:
    """Whether ``temporary`` could take the place of the file."""
    try:
        os.replace(temporary, target)
    except OSError as error:
        if error.errno in _IN_PLACE and target.is_file():
            return False
        raise
    with suppress(OSError):  # it is done; some file systems cannot say so
        _sync_folder(target.parent)
    return True


def _sync_folder(folder: Path) -> None:
    """Make the renaming itself survive a power cut."""
    number = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(number)
    finally:
        os.close(number)


def _overwrite(target: Path, content: bytes) -> None:
    """
    Write a file in place, so that at every moment it holds the old or the new content.

    A copy of the new one comes behind both, where it is whole before anything of the
    old one is touched. A write of more than a page can be cut off in the middle.
    """
    number = os.open(target, os.O_RDWR)
    try:
        old = read(target)
        behind = max(len(old), len(content))
        try:
            _put(number, b" " * (behind - len(old)) + _copy(content), len(old))
            _put(number, content.ljust(behind), 0)
            os.ftruncate(number, len(content))
            os.fsync(number)
        except OSError:
            _put(number, old, 0)
            os.ftruncate(number, len(old))
            os.fsync(number)
            raise
    finally:
        os.close(number)


def _copy(content: bytes) -> bytes:
    """Return a copy that shows whether it is whole."""
    return _MARK + sha256(content).hexdigest().encode("ascii") + content


def _put(number: int, content: bytes, offset: int) -> None:
    """Write into an open file, and have it on the disk before anything else."""
    while content:
        written = os.pwrite(number, content, offset)
        content, offset = content[written:], offset + written
    os.fsync(number)
