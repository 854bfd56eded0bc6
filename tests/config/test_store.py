"""The file of the configuration: read, written whole, never lost."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

import msgspec
import pytest

from immich_ml_proxy.config import document as config_document
from immich_ml_proxy.config.model import Config
from immich_ml_proxy.config.store import ConfigStore
from immich_ml_proxy.errors import StorageError
from tests.fakes import document

Full = Callable[[], AbstractContextManager[None]]

OLD, NEW = (
    config_document.parse(msgspec.json.encode(document(*names)))
    for names in ("a", "bc")
)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where the configuration is kept."""
    return tmp_path / "config.json"


def names(loaded: Config) -> list[str]:
    """The names of the backends."""
    return [backend.name for backend in loaded.backends]


def test_what_was_saved_is_loaded(path: Path) -> None:
    """Byte for byte, so that a person finds the file as it was written."""
    store = ConfigStore(path)
    store.save(NEW)
    again = ConfigStore(path)
    assert again.load() == NEW
    assert again.error is None
    assert path.read_bytes() == NEW.document + b"\n"


def test_no_file_is_no_error(path: Path) -> None:
    """It is a proxy that was never configured; nothing is written yet."""
    store = ConfigStore(path)
    assert names(store.load()) == []
    assert store.error is None
    assert list(path.parent.iterdir()) == []


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "not JSON"),
        (b'{"backends": [', "not JSON"),
        (b"\xff\xfe", "not"),
        (b"[]", "must be a JSON object"),
        (b'{"backends": [{"name": "a"}]}', "backends[0].url: missing"),
    ],
)
def test_a_broken_file_is_reported_and_left_alone(
    path: Path, content: bytes, reason: str
) -> None:
    """The proxy runs without backends, and says which file and why."""
    path.write_bytes(content)
    store = ConfigStore(path)
    assert names(store.load()) == []
    assert store.error is not None
    assert store.error.startswith(f"{path}: ")
    assert reason in store.error
    assert path.read_bytes() == content


def test_a_path_that_cannot_be_read_is_reported(path: Path) -> None:
    """It need not be a file at all."""
    path.mkdir()
    store = ConfigStore(path)
    assert names(store.load()) == []
    assert store.error == f"{path} cannot be read: Is a directory"


def test_a_broken_file_is_kept_beside_the_new_one(path: Path) -> None:
    """Somebody may have typed for an hour; only the first save keeps it."""
    path.write_bytes(b"broken")
    store = ConfigStore(path)
    store.load()
    store.save(OLD)
    assert store.error is None
    store.save(NEW)
    assert (path.parent / "config.json.broken").read_bytes() == b"broken"
    assert names(ConfigStore(path).load()) == ["b", "c"]
    assert sorted(one.name for one in path.parent.iterdir()) == [
        "config.json",
        "config.json.broken",
    ]


def test_a_file_that_was_never_loaded_is_kept_beside_the_new_one(path: Path) -> None:
    """A configuration saved in a demo replaces nobody's own for good."""
    ConfigStore(path).save(OLD)
    ConfigStore(path).save(NEW)
    kept = path.parent / "config.json.before"
    assert kept.read_bytes() == OLD.document + b"\n"


def test_a_loaded_file_is_replaced_without_a_copy(path: Path) -> None:
    """The usual case leaves nothing behind."""
    ConfigStore(path).save(OLD)
    store = ConfigStore(path)
    store.load()
    store.save(NEW)
    assert names(ConfigStore(path).load()) == ["b", "c"]
    assert [one.name for one in path.parent.iterdir()] == ["config.json"]


def test_who_reads_the_file_meanwhile_reads_one_of_them_whole(path: Path) -> None:
    """The old one stays as it is, and the new one takes its name."""
    ConfigStore(path).save(OLD)
    with path.open("rb") as reader:
        first = reader.read(5)
        ConfigStore(path).save(NEW)
        assert first + reader.read() == OLD.document + b"\n"


@pytest.mark.parametrize("loaded", [False, True])
def test_a_write_that_fails_leaves_the_old_file(
    path: Path, full_disk: Full, loaded: bool
) -> None:
    """A full disk must not cost the configuration, nor leave half a file."""
    ConfigStore(path).save(OLD)
    store = ConfigStore(path)
    if loaded:
        store.load()
    with full_disk(), pytest.raises(StorageError) as refused:
        store.save(NEW)
    assert str(refused.value) == (
        f"{path} cannot be written: File too large; "
        "the configuration before stays in force"
    )
    assert refused.value.status == 500
    assert path.read_bytes() == OLD.document + b"\n"
    assert [one.name for one in path.parent.iterdir()] == ["config.json"]


def test_a_broken_file_stays_reported_when_the_write_fails(
    path: Path, full_disk: Full
) -> None:
    """What is wrong with it is still true."""
    path.write_bytes(b"broken")
    store = ConfigStore(path)
    store.load()
    told = store.error
    with full_disk(), pytest.raises(StorageError):
        store.save(NEW)
    assert store.error == told
    assert path.read_bytes() == b"broken"


def test_a_missing_folder_is_named(path: Path) -> None:
    """The likely slip: a volume that is not mounted."""
    store = ConfigStore(path.parent / "missing" / "config.json")
    with pytest.raises(StorageError, match=r"missing.*No such file or directory"):
        store.save(NEW)
    assert list(path.parent.iterdir()) == []


def test_a_path_that_is_a_folder_is_refused(path: Path) -> None:
    """The temporary file does not stay behind."""
    path.mkdir()
    with pytest.raises(StorageError, match="directory"):
        ConfigStore(path).save(NEW)
    assert list(path.parent.iterdir()) == [path]
    assert list(path.iterdir()) == []


@pytest.mark.parametrize("mode", [0o600, 0o640, 0o664])
def test_the_permissions_of_the_file_are_kept(path: Path, mode: int) -> None:
    """Somebody has chosen them."""
    ConfigStore(path).save(OLD)
    path.chmod(mode)
    ConfigStore(path).save(NEW)
    assert path.stat().st_mode & 0o777 == mode


@pytest.mark.parametrize(("mask", "mode"), [(0o022, 0o644), (0o077, 0o600)])
def test_a_new_file_gets_the_usual_permissions(
    path: Path, mask: int, mode: int
) -> None:
    """Those that the umask says, which saving leaves as it was."""
    before = os.umask(mask)
    try:
        ConfigStore(path).save(NEW)
    finally:
        assert os.umask(before) == mask
    assert path.stat().st_mode & 0o777 == mode


def test_a_byte_order_mark_is_no_reason_to_refuse_a_file(path: Path) -> None:
    """What is saved next has none."""
    path.write_bytes(b"\xef\xbb\xbf" + OLD.document)
    store = ConfigStore(path)
    assert (store.load(), store.error) == (OLD, None)
    store.save(NEW)
    assert path.read_bytes() == NEW.document + b"\n"


def test_what_a_save_has_left_is_removed_at_the_start(path: Path) -> None:
    """A process that ends in between leaves a file that nobody will ever use."""
    ConfigStore(path).save(OLD)
    (path.parent / "config.json.abcdefgh.new").write_bytes(b"{")
    assert ConfigStore(path).load() == OLD
    assert [one.name for one in path.parent.iterdir()] == ["config.json"]


@pytest.mark.parametrize(
    ("number", "told"),
    [
        (errno.EROFS, "Read-only file system (is it mounted with :ro?)"),
        (errno.EACCES, "Permission denied (the proxy's user must own it or be "),
        (errno.EPERM, "Operation not permitted (the proxy's user must own it or be "),
        (errno.ENOSPC, "No space left on device; the configuration before stays"),
    ],
)
def test_a_file_that_cannot_be_written_is_told_with_what_may_help(
    path: Path, monkeypatch: pytest.MonkeyPatch, number: int, told: str
) -> None:
    """Neither beside it nor in place; it is as before."""
    store = ConfigStore(path)
    store.save(OLD)

    def refuse(*args: object, **more: object) -> None:
        raise OSError(number, os.strerror(number), str(path))

    monkeypatch.setattr("tempfile.mkstemp", refuse)
    monkeypatch.setattr(os, "open", refuse)
    with pytest.raises(StorageError) as refused:
        store.save(NEW)
    assert str(refused.value).startswith(f"{path} cannot be written: {told}")
    assert path.read_bytes() == OLD.document + b"\n"


def test_a_broken_file_that_cannot_be_kept_is_not_replaced(path: Path) -> None:
    """Somebody may have typed for an hour; the copy is what could not be written."""
    path.write_bytes(b"broken")
    kept = path.with_name("config.json.broken")
    kept.mkdir()
    store = ConfigStore(path)
    store.load()
    with pytest.raises(StorageError) as refused:
        store.save(NEW)
    assert str(refused.value).startswith(f"{kept} cannot be written: Is a directory")
    assert path.read_bytes() == b"broken"
