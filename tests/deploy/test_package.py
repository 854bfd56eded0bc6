"""The wheel and the sdist: outside the checkout, with everything that runs."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import tarfile
import zipfile
from collections.abc import Iterator
from email.parser import Parser
from pathlib import Path
from urllib.request import urlopen

import pytest

from tests.deploy.dockerfile import CHECKOUT
from tests.end_to_end.processes import until

#: Those that the metadata promise.
PYTHONS = ("3.11", "3.12", "3.13")


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with the wheel and the sdist, the one made of the other."""
    folder = tmp_path_factory.mktemp("built")
    command = [sys.executable, "-m", "build", "--outdir", str(folder), str(CHECKOUT)]
    subprocess.run(command, check=True, capture_output=True)
    return folder


@pytest.fixture(scope="module")
def wheel(built: Path) -> Path:
    """Return the wheel."""
    [found] = built.glob("*.whl")
    return found


def test_all_that_is_needed_is_in_the_wheel(wheel: Path) -> None:
    """Every module and page of the checkout, and nothing else."""
    with zipfile.ZipFile(wheel) as archive:
        names = {name for name in archive.namelist() if ".dist-info/" not in name}
    expected = {
        str(path.relative_to(CHECKOUT))
        for path in (CHECKOUT / "immich_ml_proxy").rglob("*")
        if path.suffix == ".py" or path.name == "py.typed"
    }
    expected |= {
        f"immich_ml_proxy/{path.relative_to(CHECKOUT)}"
        for path in (CHECKOUT / "static").rglob("*")
        if path.is_file()
    }
    assert names == expected | {"twisted/plugins/immich_ml_proxy_plugin.py"}


def test_the_sdist_makes_the_same_wheel(built: Path) -> None:
    """It has what that needs, the licence and the changelog; tests it has none."""
    [sdist] = built.glob("*.tar.gz")
    with tarfile.open(sdist) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    assert {"LICENSE", "CHANGELOG.rst", "README.rst", "setup.py"} <= names
    assert not any(name.startswith("tests") for name in names)


def test_the_metadata_are_true(wheel: Path) -> None:
    """The licence's text travels along, and each Python named is one we try."""
    with zipfile.ZipFile(wheel) as archive:
        [name] = [one for one in archive.namelist() if one.endswith("/METADATA")]
        metadata = Parser().parsestr(archive.read(name).decode())
        assert any(one.endswith("LICENSE") for one in archive.namelist())
    assert (metadata["Name"], metadata["Requires-Python"]) == (
        "immich-ml-proxy",
        ">=3.11",
    )
    classifiers = metadata.get_all("Classifier", [])
    named = {
        one.rpartition(" ")[2] for one in classifiers if re.search(r":: 3\.\d", one)
    }
    assert named == set(PYTHONS)


def pythons() -> list[str]:
    """Return the interpreters that are here, of those that are promised."""
    homes = sorted(Path.home().glob(".pyenv/versions/3.*/bin"))
    # Those of pyenv itself come first: its stand-ins only know the version chosen.
    path = os.pathsep.join([*map(str, homes), os.environ["PATH"]])
    found = (shutil.which(f"python{version}", path=path) for version in PYTHONS)
    return [one for one in found if one is not None]


@pytest.fixture(params=pythons(), ids=lambda python: Path(python).name)
def installed(
    request: pytest.FixtureRequest, wheel: Path, tmp_path: Path
) -> Iterator[Path]:
    """Return the programs of a fresh environment that has the wheel."""
    fresh = tmp_path / "fresh"
    # Our pip installs for it: one of its own would be as much work as all the rest.
    subprocess.run([request.param, "-m", "venv", "--without-pip", fresh], check=True)
    programs = fresh / "bin"
    pip = [sys.executable, "-m", "pip", "--python", str(programs / "python")]
    subprocess.run(
        [*pip, "install", "--quiet", "--no-compile", str(wheel)],
        check=True,
        capture_output=True,
        cwd=tmp_path,
    )
    yield programs
    shutil.rmtree(tmp_path / "fresh")


def test_it_runs_outside_the_checkout(installed: Path) -> None:
    """By its own command and by twistd's, pages included."""
    check_runs(installed, installed / "immich-ml-proxy")
    twistd = installed / "twistd", "--nodaemon", "--pidfile=", "immich-ml-proxy"
    check_runs(installed, *twistd)


def check_runs(programs: Path, *program: Path | str) -> None:
    """Start it, look at its pages, and end it."""
    folder = programs.parent.parent
    command = [*program, "--listen=tcp:0:interface=127.0.0.1", "--demo"]
    log = folder / "log"
    environment = {"PATH": os.environ["PATH"], "HOME": str(folder)}
    with log.open("wb") as output:
        child = subprocess.Popen(
            command, cwd=folder, env=environment, stdout=output, stderr=output
        )
    try:
        greeting = r"is listening on (http://\S+)"
        [url] = until(lambda: re.findall(greeting, log.read_text()), "it listens")
        assert urlopen(f"{url}/ping").read() == b"pong"
        for page in ("/", "/config", "/debug"):
            html = urlopen(url + page).read().decode()
            for part in re.findall(r'(?:src|href)="(static/[^"]+)"', html):
                assert urlopen(f"{url}/{part}").status == 200
        assert len(json.load(urlopen(f"{url}/api/config"))["backends"]) == 3
    finally:
        child.terminate()
    assert child.wait(60) == 0, log.read_text()
