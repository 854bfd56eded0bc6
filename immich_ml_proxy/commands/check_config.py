"""
``immich-ml-proxy check-config FILE``: whether a file could be put in force here.

It is told in the words of the API, and checked as when it is saved: its certificates
must be there, and the environment variables that it names must be set.
"""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

from immich_ml_proxy.config import document as config_document
from immich_ml_proxy.config import file
from immich_ml_proxy.config.doubts import doubts
from immich_ml_proxy.config.model import Config
from immich_ml_proxy.config.resolved import resolved
from immich_ml_proxy.errors import ConfigError
from immich_ml_proxy.upstream.tls import check_ca_files

GOOD, BAD, NOT_CHECKED = 0, 1, 2


def main(arguments: list[str]) -> int:
    """
    Say it.

    :return: the exit status, one of the above.
    """
    path = _parser().parse_args(arguments).file
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
    for doubt in doubts(config, ()):
        print(f"{path}: {doubt.text}")  # noqa: T201
    print(f"{path} is good: {_summary(config)}")  # noqa: T201
    return GOOD


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="immich-ml-proxy check-config",
        description="Checks a configuration as the proxy would when it is saved.",
        epilog="Exit status: 0 it is good (what would be mended is told), 1 it is not, "
        "2 it could not be looked at.",
    )
    parser.add_argument("file", metavar="FILE")
    return parser


def _summary(config: Config) -> str:
    backends, routes = len(config.backends), len(config.all_routes)
    return f"{_counted(backends, 'machine')}, {_counted(routes, 'route')}"


def _counted(count: int, thing: str) -> str:
    return f"{count} {thing}" if count == 1 else f"{count} {thing}s"
