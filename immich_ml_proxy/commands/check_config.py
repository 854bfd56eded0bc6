"""``immich-ml-proxy check-config FILE``: whether a file could be put in force here."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from twisted.python import usage

from immich_ml_proxy.config import document as config_document
from immich_ml_proxy.config import file
from immich_ml_proxy.config.model import Config
from immich_ml_proxy.config.resolved import resolved
from immich_ml_proxy.errors import ConfigError
from immich_ml_proxy.upstream.tls import check_ca_files

GOOD, BAD, NOT_CHECKED = 0, 1, 2


class CheckConfig(usage.Options):
    """
    Says in the words of the API what is wrong with a file, or what it comes to.

    It is checked as it would be when it is saved: its certificates must be there, and
    the environment variables that it names must be set.
    """

    synopsis = "FILE"
    longdesc = (
        "Checks a configuration as the proxy would. Exit status: 0 it is good (what "
        "would be mended is told), 1 it is not, 2 it could not be looked at."
    )

    def parseArgs(self, *arguments: str) -> None:
        """Take the file."""
        if len(arguments) != 1:
            raise usage.UsageError("name one file")
        [self["path"]] = arguments

    def execute(self) -> int:
        """Check it, and return the exit status."""
        path = self["path"]
        try:
            content = file.read(Path(path), mends=False)
        except OSError as error:
            print(f"{path} cannot be read: {error.strerror}", file=sys.stderr)  # noqa: T201
            return NOT_CHECKED
        try:
            config = config_document.parse(content)
            check_ca_files(config)
            resolved(config, os.environ)
        except ConfigError as error:
            print(f"{path}: {error}", file=sys.stderr)  # noqa: T201
            return BAD
        for warning in config.warnings:
            print(f"{path}: would be mended: {warning}")  # noqa: T201
        print(f"{path} is good: {_summary(config)}")  # noqa: T201
        return GOOD


def _summary(config: Config) -> str:
    backends, routes = len(config.backends), len(config.all_routes)
    return f"{_counted(backends, 'machine')}, {_counted(routes, 'route')}"


def _counted(count: int, thing: str) -> str:
    return f"{count} {thing}" if count == 1 else f"{count} {thing}s"
