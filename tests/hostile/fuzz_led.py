"""A target of ``fuzz`` with atheris: ``python -m tests.hostile.fuzz_led form 60``."""

from __future__ import annotations

import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import atheris

with atheris.instrument_imports(include=["immich_ml_proxy"]):
    from tests.hostile.fuzz import TARGETS


def main() -> None:
    """Try the target that is named first, for as many seconds as are named second."""
    _, name, seconds = sys.argv
    target, good = TARGETS[name]
    with TemporaryDirectory() as corpus:
        for number, data in enumerate(good):
            (Path(corpus) / str(number)).write_bytes(data)
        options = [f"-max_total_time={seconds}", "-max_len=4096", corpus]
        atheris.Setup([sys.argv[0], *options], target)
        atheris.Fuzz()


if __name__ == "__main__":
    main()
