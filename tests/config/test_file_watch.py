"""The configuration's file is read again when it says something else."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import attrs
import pytest
from twisted.internet.defer import Deferred, maybeDeferred
from twisted.internet.task import Clock
from twisted.logger import LogEvent, capturedLogs, formatEvent

from immich_ml_proxy.config import document as config_document
from immich_ml_proxy.config.file_watch import INTERVAL, FileWatch
from immich_ml_proxy.config.model import Config
from immich_ml_proxy.config.store import ConfigStore, Found
from immich_ml_proxy.errors import ConfigError, Conflict
from tests.conftest import Logged
from tests.fakes import document


def text(*names: str, **fields: Any) -> str:
    """Return what a file says."""
    return json.dumps(document(*names, **fields))


def parsed(*names: str) -> Config:
    """Return a configuration to be saved."""
    return config_document.parse(text(*names).encode())


@attrs.define(slots=False)
class Watching:
    """
    A file that is watched.

    :ivar applied: the names of the backends of each configuration put in force.
    :ivar refused: what was told of those that were not.
    :ivar held: looks that do not end, while ``hangs``.
    """

    path: Path
    clock: Clock = attrs.field(factory=Clock)
    applied: list[list[str]] = attrs.field(factory=list)
    refused: list[str] = attrs.field(factory=list)
    held: list[tuple[Deferred[Any], Found | None]] = attrs.field(factory=list)
    hangs: bool = False
    bad: str = ""

    def __attrs_post_init__(self) -> None:
        self.store = ConfigStore(self.path)
        self.store.load()
        self.watch = FileWatch(
            self.clock,
            self._aside,
            self.store,
            self._check,
            lambda new: self.applied.append([one.name for one in new.backends]),
            self.refused.append,
        )
        self.watch.startService()

    def _aside(self, function: Callable[[], Found | None]) -> Deferred[Found | None]:
        if not self.hangs:
            return maybeDeferred(function)
        waiting: Deferred[Found | None] = Deferred()
        self.held.append((waiting, function()))
        return waiting

    def _check(self, new: Config) -> None:
        if self.bad and self.bad in {one.name for one in new.backends}:
            raise ConfigError("backends[0].caFile", "is not there")

    def look(self, times: int = 1) -> None:
        """Let the time pass until the next looks are over."""
        for _ in range(times):
            self.clock.advance(INTERVAL)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A file with one backend."""
    path = tmp_path / "config.json"
    path.write_text(text("a"))
    return path


@pytest.fixture
def watching(path: Path) -> Watching:
    """It is watched."""
    return Watching(path)


def test_nothing_happens_while_it_says_the_same(watching: Watching) -> None:
    """Whoever touches it, or writes the same into it."""
    watching.look(3)
    os.utime(watching.path)
    watching.path.write_text(text("a"))
    watching.look(3)
    assert (watching.applied, watching.refused) == ([], [])


def written_in_place(path: Path, content: str) -> None:
    """As by ``cat >``."""
    path.write_text(content)


def renamed_over(path: Path, content: str) -> None:
    """As by vim, sed and our own saves."""
    new = path.with_name("new")
    new.write_text(content)
    new.replace(path)


def removed_and_written(path: Path, content: str) -> None:
    """As by editors that keep the old one under another name."""
    path.rename(path.with_name("config.json~"))
    path.write_text(content)


def with_the_same_times(path: Path, content: str) -> None:
    """As by rsync -t, or on file systems whose clock is slow."""
    before = path.stat()
    path.write_text(content)
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))


@pytest.mark.parametrize(
    "write", [written_in_place, renamed_over, removed_and_written, with_the_same_times]
)
def test_what_it_says_is_in_force_within_two_seconds(
    watching: Watching, write: Callable[[Path, str], None]
) -> None:
    """However it was written."""
    write(watching.path, text("b"))
    watching.look()
    assert watching.applied == [["b"]]
    write(watching.path, text("a"))
    watching.look(2)
    assert watching.applied == [["b"], ["a"]]
    assert watching.refused == []


def test_links_are_followed_as_a_configmap_needs_it(tmp_path: Path) -> None:
    """``config.json`` leads to ``..data/config.json``, and ``..data`` is exchanged."""
    for name in "ab":
        (tmp_path / f"..{name}").mkdir()
        (tmp_path / f"..{name}" / "config.json").write_text(text(name))
    (tmp_path / "..data").symlink_to("..a")
    path = tmp_path / "config.json"
    path.symlink_to("..data/config.json")
    watching = Watching(path)
    watching.look()
    (tmp_path / "..data_tmp").symlink_to("..b")
    (tmp_path / "..data_tmp").replace(tmp_path / "..data")
    watching.look()
    assert watching.applied == [["b"]]


def test_a_bad_one_is_told_once_and_the_one_before_stays(
    watching: Watching, logged: Logged
) -> None:
    """Until it is mended; what is told is what the API would say."""
    watching.path.write_text('{"backends": 3}')
    watching.look(5)
    [told] = watching.refused
    assert told == watching.store.error
    assert told.startswith(f"{watching.path}: backends: ")
    [line] = logged.expect()
    assert told in line
    assert "stays in force" in line
    assert watching.applied == []
    watching.path.write_text(text("b"))
    watching.look()
    assert watching.applied == [["b"]]
    assert watching.store.error is None


def test_one_that_is_half_written_is_not_told(watching: Watching) -> None:
    """It is looked at a second time before."""
    watching.path.write_text(text("b")[:-3])
    watching.look()
    watching.path.write_text(text("b"))
    watching.look()
    assert (watching.applied, watching.refused) == ([["b"]], [])


def test_what_cannot_be_used_here_is_refused_too(
    watching: Watching, logged: Logged
) -> None:
    """Such as files of certificates that are not there."""
    watching.bad = "b"
    watching.path.write_text(text("b"))
    watching.look(2)
    [told] = watching.refused
    assert told == f"{watching.path}: backends[0].caFile: is not there"
    logged.expect()


def test_a_file_that_is_gone_is_told(watching: Watching, logged: Logged) -> None:
    """The next start would find none; back again, it is as before."""
    watching.path.unlink()
    watching.look(3)
    assert watching.refused == [f"{watching.path} is gone"]
    watching.path.write_text(text("a"))
    watching.look()
    assert watching.store.error is None
    watching.path.unlink()
    watching.path.mkdir()
    watching.look(2)
    assert watching.refused[1:] == [f"{watching.path} cannot be read: Is a directory"]
    logged.expect()


def test_a_first_file_is_read(tmp_path: Path) -> None:
    """There was none at the start, and that was no error."""
    watching = Watching(tmp_path / "config.json")
    watching.look(3)
    watching.path.write_text(text("a"))
    watching.look()
    assert (watching.applied, watching.refused) == ([["a"]], [])


def test_a_broken_one_of_the_start_is_read_when_it_is_mended(tmp_path: Path) -> None:
    """It was told at the start; nothing has to be started again."""
    path = tmp_path / "config.json"
    path.write_text("{")
    watching = Watching(path)
    watching.look(3)
    assert watching.refused == []
    path.write_text(text("a"))
    watching.look()
    assert (watching.applied, watching.store.error) == ([["a"]], None)


def test_what_we_save_ourselves_is_not_read_again(watching: Watching) -> None:
    """Also when a look has begun before."""
    watching.store.save(parsed("b"))
    watching.look(3)
    watching.hangs = True
    watching.look()
    watching.store.save(parsed("c"))
    [(look, found)] = watching.held
    look.callback(found)
    watching.hangs = False
    watching.look(2)
    assert (watching.applied, watching.refused) == ([], [])


def test_a_look_that_hangs_is_waited_for(watching: Watching) -> None:
    """Two at once would only hang twice; and it holds up no end."""
    watching.hangs = True
    watching.look(5)
    assert len(watching.held) == 1
    watching.watch.stopService()
    assert watching.clock.getDelayedCalls() == []


def said(events: Sequence[LogEvent]) -> list[str]:
    """Return what was logged."""
    return [formatEvent(event) for event in events]


def test_who_asks_is_answered_at_once(watching: Watching, logged: Logged) -> None:
    """SIGHUP: whatever comes of it, also a fault at its first look."""
    with capturedLogs() as events:
        watching.watch.ask()
        watching.path.write_text(text("b"))
        watching.watch.ask()
        watching.path.write_text("{")
        watching.watch.ask()
    same, taken, bad = said(events)
    assert same == "The configuration's file says what it said before."
    assert taken == f"{watching.path} was read again and is in force"
    assert "not JSON" in bad
    assert (watching.applied, len(watching.refused)) == ([["b"]], 1)
    logged.expect()


def test_what_comes_from_elsewhere_is_not_looked_for(tmp_path: Path) -> None:
    """From the environment, or from a demo; a file that lies there is nobody's."""
    for store in (
        ConfigStore(tmp_path / "config.json", given=parsed("a")),
        ConfigStore(tmp_path / "config.json"),
    ):
        applied: list[Config] = []
        refused: list[str] = []
        clock = Clock()
        watch = FileWatch(
            clock,
            maybeDeferred,
            store,
            lambda new: None,
            applied.append,
            refused.append,
        )
        watch.startService()
        (tmp_path / "config.json").write_text(text("b"))
        clock.advance(INTERVAL)
        with capturedLogs() as events:
            watch.ask()
        assert "does not come from a file" in said(events)[0]
        assert (applied, refused) == ([], [])
        watch.stopService()


def test_a_save_does_not_undo_what_somebody_has_just_written(
    watching: Watching,
) -> None:
    """It is refused until the file was read."""
    watching.path.write_text(text("b"))
    with pytest.raises(Conflict, match="was changed by hand a moment ago") as refused:
        watching.store.save(parsed("c"))
    assert refused.value.status == 409
    assert watching.path.read_text() == text("b")
    watching.look()
    watching.store.save(parsed("c"))
    watching.look()
    assert watching.applied == [["b"]]


def test_a_broken_one_is_kept_beside_what_is_saved_over_it(
    watching: Watching, logged: Logged
) -> None:
    """Somebody may have typed for an hour."""
    watching.path.write_text("{")
    watching.look(2)
    watching.store.save(parsed("b"))
    assert watching.path.with_name("config.json.broken").read_text() == "{"
    assert watching.store.error is None
    logged.expect()
