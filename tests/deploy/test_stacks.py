"""Compose, Unraid and systemd: parsed by what belongs to them, where that is here."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import pytest
import yaml

from immich_ml_proxy.commands.options import Options
from tests.deploy.dockerfile import CHECKOUT, DOCKERFILE, steps

DEPLOY = CHECKOUT / "deploy"
COMPOSE = DEPLOY / "docker" / "docker-compose.yml"
UNRAID = DEPLOY / "unraid" / "immich-ml-proxy.xml"


def test_the_compose_file_is_one() -> None:
    """By the schema of the Compose specification."""
    command: list[str | Path] = [
        Path(sys.executable).with_name("check-jsonschema"),
        "--builtin-schema=vendor.compose-spec",
        COMPOSE,
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_three_lines_of_a_stack_change() -> None:
    """They are marked; the proxy is asked, comes first, and keeps its configuration."""
    text = COMPOSE.read_text()
    changed = re.findall(r"^ *(.*?) +# change (\d)", text, re.MULTILINE)
    assert [number for _, number in changed] == ["1", "2", "3"]
    stack = yaml.safe_load(text)
    services = stack["services"]
    proxy, immich = services["immich-ml-proxy"], services["immich-server"]
    url = immich["environment"]["IMMICH_MACHINE_LEARNING_URL"]
    assert url == "http://immich-ml-proxy:3004"
    assert "immich-ml-proxy" in immich["depends_on"]
    [volume] = proxy["volumes"]
    name, _, place = volume.partition(":")
    assert name in stack["volumes"]
    assert f"VOLUME {place}" in DOCKERFILE.read_text().splitlines()
    built = (COMPOSE.parent / proxy["build"]["context"]).resolve()
    assert built / proxy["build"]["dockerfile"] == DOCKERFILE


def test_the_unraid_template_fits_the_image() -> None:
    """Its port, its path and its variables are those of the image and the proxy."""
    root = ElementTree.parse(UNRAID).getroot()
    assert root.tag == "Container"
    fields = {one.attrib["Type"]: one.attrib["Target"] for one in root.iter("Config")}
    image = {step.word: step.rest for step in steps(DOCKERFILE.read_text())}
    assert (fields["Port"], fields["Path"]) == (image["EXPOSE"], image["VOLUME"])
    assert "10001" in UNRAID.read_text() and image["USER"].startswith("10001")


@pytest.fixture
def unit(tmp_path: Path) -> Path:
    """Return the service, with its program where this checkout has it."""
    for source in (DEPLOY / "systemd").iterdir():
        text = source.read_text()
        here = str(Path(sys.executable).parent.parent)
        (tmp_path / source.name).write_text(text.replace("/opt/immich-ml-proxy", here))
    return tmp_path / "immich-ml-proxy.service"


def test_systemd_takes_the_units(unit: Path) -> None:
    """Without a word."""
    command: list[str | Path] = [
        "systemd-analyze",
        "verify",
        unit,
        unit.with_suffix(".socket"),
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout + done.stderr) == (0, "")


def test_the_service_is_hardened(unit: Path) -> None:
    """4.0 is what ``systemd-analyze security`` may make of it at the most."""
    command: list[str | Path] = [
        "systemd-analyze",
        "security",
        "--offline=true",
        "--threshold=40",
        unit,
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-300:]


def test_the_service_starts_the_proxy_with_options_that_it_has(unit: Path) -> None:
    """And with the socket that it is handed."""
    [start] = re.findall(r"ExecStart=((?:.*\\\n)*.*)", unit.read_text())
    program, *arguments = start.replace("\\\n", " ").split()
    assert shutil.which(program)
    options = Options()
    options.parseOptions(arguments)
    name = str(options["listen"]).rpartition("name=")[2]
    assert f"FileDescriptorName={name}" in unit.with_suffix(".socket").read_text()
