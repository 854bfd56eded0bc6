"""Loads the configuration and saves it; nothing else touches the disk."""

from __future__ import annotations

import errno
from collections.abc import Collection
from pathlib import Path

from immich_ml_proxy.config import document as config_document
from immich_ml_proxy.config import file
from immich_ml_proxy.config.model import Config
from immich_ml_proxy.errors import ConfigError, StorageError

#: What may help, by the system's error.
_HINTS = {
    errno.EROFS: " (is it mounted with :ro?)",
    errno.EACCES: " (the proxy's user must own it or be allowed to write it)",
    errno.EPERM: " (the proxy's user must own it or be allowed to write it)",
    errno.EISDIR: " (Docker makes a folder where the file to be mounted is missing)",
}


class ConfigStore:
    """
    :param path: the file; it need not exist yet.
    :param passing: URLs of servers that end with this process: a configuration with
        one of them is never written.
    :ivar error: why the file could not be used when it was loaded; ``None`` once a
        configuration is saved over it.
    """

    def __init__(self, path: Path, passing: Collection[str] = ()) -> None:
        self._path = path
        self._passing = passing
        self.error: str | None = None
        self._loaded = False

    def load(self) -> Config:
        """
        Return what the file says, or an empty configuration when there is none.

        A file that cannot be used is reported in :attr:`error` and left alone. What a
        save that was cut off has left beside it is removed.
        """
        file.remove_leftovers(self._path)
        try:
            loaded = config_document.parse(file.read(self._path))
            self._loaded = True
            return loaded
        except FileNotFoundError:
            pass
        except OSError as error:
            self.error = f"{self._path} cannot be read: {error.strerror}"
        except ConfigError as error:
            self.error = f"{self._path}: {error}"
        return config_document.empty()

    @property
    def is_kept(self) -> bool:
        """Whether the configuration in force is the file's; that of a demo is not."""
        return self._loaded

    def keeps(self, new: Config) -> bool:
        """Whether a configuration may be written; one of simulated servers may not."""
        return not any(backend.url in self._passing for backend in new.backends)

    def save(self, new: Config) -> None:
        """
        Write a configuration whole or not at all, and have it survive a power cut.

        A file that it replaces without having been loaded is kept beside it: a
        broken one as ``NAME.broken``, one that ``--demo`` ignored as ``NAME.before``.

        :raises StorageError: when it cannot be written; the file is as before.
        """
        keep_as: Path | None = None
        if not self._loaded:
            suffix = "broken" if self.error is not None else "before"
            keep_as = Path(f"{self._path}.{suffix}")
        try:
            file.write(self._path, new.document + b"\n", keep_as)
        except OSError as error:
            is_copy = keep_as is not None and error.filename == str(keep_as)
            raise StorageError(
                f"{keep_as if is_copy else self._path} cannot be written: "
                f"{error.strerror}{_HINTS.get(error.errno or 0, '')}; "
                "the configuration before stays in force"
            ) from error
        self.error = None
        self._loaded = True
