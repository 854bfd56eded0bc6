"""Loads the configuration and saves it; nothing else touches the disk."""

from __future__ import annotations

import errno
from collections.abc import Callable, Collection
from contextlib import suppress
from pathlib import Path

import attrs

from immich_ml_proxy.config import document as config_document
from immich_ml_proxy.config import file
from immich_ml_proxy.config.model import Config
from immich_ml_proxy.errors import ConfigError, Conflict, StorageError

#: What may help, by the system's error.
_HINTS = {
    errno.EROFS: " (is it mounted with :ro?)",
    errno.EACCES: " (the proxy's user must own it or be allowed to write it)",
    errno.EPERM: " (the proxy's user must own it or be allowed to write it)",
    errno.EISDIR: " (Docker makes a folder where the file to be mounted is missing)",
}


@attrs.frozen
class Unreadable:
    """What is found instead of a file's content; ``why`` continues its name."""

    why: str


NO_FILE = Unreadable("is gone")

#: What is found at the file's place.
Found = bytes | Unreadable


class ConfigStore:
    """
    :param path: the file; it need not exist yet.
    :param passing: URLs of servers that end with this process: a configuration with
        one of them is never written.
    :param is_read_only: nothing is ever written.
    :param given: the configuration if it does not come from the file, which is then
        neither read nor written.
    :ivar path: the file.
    :ivar error: why the file could not be used when it was read last; ``None`` once a
        configuration is saved over it.
    :ivar saves: how many configurations were saved.
    :ivar seen: what was found there when it was loaded, taken or saved last.
    """

    def __init__(
        self,
        path: Path,
        passing: Collection[str] = (),
        is_read_only: bool = False,
        given: Config | None = None,
    ) -> None:
        self.path = path
        self._passing = passing
        self._is_read_only = is_read_only
        self._given = given
        self.error: str | None = None
        self._loaded = False
        self.saves = 0
        self.seen: Found | None = None

    def load(self, check: Callable[[Config], object] = lambda new: None) -> Config:
        """
        Return what the file says, or an empty configuration when there is none.

        :param check: raises ``ConfigError`` for what cannot be used.

        A file that cannot be used is reported in :attr:`error` and left alone. What a
        save that was cut off has left beside it is removed.
        """
        if self._given is not None:
            return self._given
        mends = not self._is_read_only
        if mends:
            file.remove_leftovers(self.path)
        self.seen = NO_FILE
        try:
            self.seen = file.read(self.path, mends)
            loaded = config_document.parse(self.seen)
            check(loaded)
            self._loaded = True
            return loaded
        except FileNotFoundError:
            pass
        except OSError as error:
            self.seen = Unreadable(f"cannot be read: {error.strerror}")
            self.error = f"{self.path} {self.seen.why}"
        except ConfigError as error:
            self.error = f"{self.path}: {error}"
        return config_document.empty()

    # --- What others write into the file ----------------------------------------------

    def peek(self) -> Found | None:
        """
        Return what is there now; ``None``: it is just being written.

        It changes nothing, so that another thread may do it.
        """
        try:
            return file.peek(self.path, config_document.MAX_DOCUMENT + 1)
        except FileNotFoundError:
            return NO_FILE
        except OSError as error:
            return Unreadable(f"cannot be read: {error.strerror}")

    @property
    def is_in_use(self) -> bool:
        """Whether the configuration comes from the file, or would if there were one."""
        return self._given is None and self.seen is not None

    def parsed(self, found: Found) -> Config:
        """
        Return what was found.

        :raises ConfigError: when it cannot be used.
        """
        if isinstance(found, Unreadable):
            raise ConfigError("", found.why)
        return config_document.parse(found)

    def take(self, found: Found) -> None:
        """What was found is in force now."""
        self.seen, self.error, self._loaded = found, None, True

    def refuse(self, found: Found, error: ConfigError) -> str:
        """What was found cannot be used; returns :attr:`error`."""
        mark = "" if isinstance(found, Unreadable) else ":"
        self.seen, self.error = found, f"{self.path}{mark} {error}"
        # It would be kept beside the next one.
        self._loaded = False
        return self.error

    # --- What is saved ----------------------------------------------------------------

    @property
    def is_kept(self) -> bool:
        """Whether changes of the configuration in force go into the file."""
        return self._loaded

    @property
    def refusal(self) -> str | None:
        """Why no configuration can be saved, and what to do; ``None``: it can."""
        if self._is_read_only:
            where = (
                "IMMICH_ML_BACKENDS, and restart it"
                if self._given is not None
                else f"{self.path}, which is read again within 5 s"
            )
            return (
                "nothing can be changed here: this proxy was started with "
                f"--read-only-config. Change {where}"
            )
        if self._given is not None:
            return (
                "nothing can be saved here: the machines come from the environment "
                "variable IMMICH_ML_BACKENDS. Change that and restart the proxy, or "
                f"write what GET /api/config shows into {self.path} and restart the "
                "proxy without it"
            )
        return None

    def check_save(self) -> None:
        """
        Refuse a configuration that is to be saved.

        :raises Conflict: when none can be.
        """
        if self.refusal is not None:
            raise Conflict(self.refusal)

    def check_change(self) -> None:
        """
        Refuse a small change, such as the state of a backend.

        :raises Conflict: when nothing may change. What comes from the environment may,
            until the process ends.
        """
        if self._is_read_only:
            self.check_save()

    def keeps(self, new: Config) -> bool:
        """Whether a configuration may be written; one of simulated servers may not."""
        return not any(backend.url in self._passing for backend in new.backends)

    def save(self, new: Config) -> None:
        """
        Write a configuration whole or not at all, and have it survive a power cut.

        A file that it replaces without having been loaded is kept beside it: a
        broken one as ``NAME.broken``, one that ``--demo`` ignored as ``NAME.before``.

        :raises Conflict: when none can be saved, or somebody else has written the file
            and it was not read yet: that would be lost.
        :raises StorageError: when it cannot be written; the file is as before.
        """
        self.check_save()
        if self._is_changed():
            raise Conflict(
                f"{self.path} was changed by hand a moment ago, and is read within "
                "2 s; nothing was saved. Look at it then, and save again"
            )
        keep_as: Path | None = None
        if not self._loaded:
            suffix = "broken" if self.error is not None else "before"
            keep_as = Path(f"{self.path}.{suffix}")
        content = new.document + b"\n"
        try:
            file.write(self.path, content, keep_as)
        except OSError as error:
            is_copy = keep_as is not None and error.filename == str(keep_as)
            raise StorageError(
                f"{keep_as if is_copy else self.path} cannot be written: "
                f"{error.strerror}{_HINTS.get(error.errno or 0, '')}; "
                "the configuration before stays in force"
            ) from error
        self.take(content)
        self.saves += 1

    def _is_changed(self) -> bool:
        """Whether the file has a content that nobody has looked at."""
        if not isinstance(self.seen, bytes):
            # A file that appears where there was none may well be the first one.
            return self.seen == NO_FILE and self.path.is_file()
        with suppress(OSError):
            found = file.peek(self.path, len(self.seen) + 1)
            return found is not None and found != self.seen
        return False
