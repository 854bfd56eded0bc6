"""Loads the configuration and saves it; nothing else touches the disk."""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path

from immich_ml_proxy.config import document as config_document
from immich_ml_proxy.config.model import Config
from immich_ml_proxy.errors import ConfigError, StorageError


class ConfigStore:
    """
    :param path: the file; it need not exist yet.
    :ivar error: why the file could not be used when it was loaded; ``None`` once a
        configuration is saved over it.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self.error: str | None = None
        self._loaded = False

    def load(self) -> Config:
        """
        Return what the file says, or an empty configuration when there is none.

        A file that cannot be used is reported in :attr:`error` and left alone.
        """
        try:
            loaded = config_document.parse(self._path.read_bytes())
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

    def save(self, new: Config) -> None:
        """
        Write a configuration whole or not at all, and have it survive a power cut.

        A file that it replaces without having been loaded is kept beside it: a
        broken one as ``NAME.broken``, one that ``--demo`` ignored as ``NAME.before``.

        :raises StorageError: when it cannot be written; the file is as before.
        """
        folder = self._path.parent
        temporary: str | None = None
        try:
            number, temporary = tempfile.mkstemp(
                prefix=f"{self._path.name}.", suffix=".new", dir=folder
            )
            with os.fdopen(number, "wb") as file:
                file.write(new.document + b"\n")
                file.flush()
                os.fsync(file.fileno())
            self._take_over_mode(temporary)
            if not self._loaded and self._path.is_file():
                suffix = "broken" if self.error is not None else "before"
                shutil.copyfile(self._path, f"{self._path}.{suffix}")
            os.replace(temporary, self._path)
            _sync_folder(folder)
        except OSError as error:
            if temporary is not None:
                Path(temporary).unlink(missing_ok=True)
            raise StorageError(
                f"{self._path} cannot be written: {error.strerror}; "
                "the configuration before stays in force"
            ) from error
        self.error = None
        self._loaded = True

    def _take_over_mode(self, temporary: str) -> None:
        """Keep the file's permissions; a new file gets the usual ones."""
        try:
            mode = self._path.stat().st_mode & 0o777
        except FileNotFoundError:
            mask = os.umask(0)
            os.umask(mask)
            mode = 0o666 & ~mask
        os.chmod(temporary, mode)


def _sync_folder(folder: Path) -> None:
    """Make the renaming itself survive a power cut."""
    number = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(number)
    finally:
        os.close(number)
