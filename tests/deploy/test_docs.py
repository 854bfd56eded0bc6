"""The documentation: without a warning, and what it shows is run or parsed."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from immich_ml_proxy.config import document as config_document
from tests.deploy.blocks import blocks, commands, pages
from tests.deploy.dockerfile import CHECKOUT
from tests.end_to_end.processes import Process, Proxy
from tests.pictures import jpeg

NOT_RUN = CHECKOUT / "docs" / "not-run.rst"
#: Why a command is not run, by what it begins with.
REASONS = {
    "docker ": "needs Docker",
    "kubectl apply": "needs a cluster; what it applies is checked",
    "sudo ": "changes the system it is run on",
    "twistd ": "stays in the foreground; tests/end_to_end runs it",
    "immich-ml-proxy --": "stays in the foreground; tests/end_to_end runs it",
    "proxy/bin/": "the same as in a fresh environment, which test_package.py runs",
    "python3 -m venv proxy": "the same",
    "pip install .": "the same",
    "python -m immich_ml_proxy.demo": "stays in the foreground; tests/demo runs it",
    "python -m benchmarks.": "takes minutes; tests/benchmarks runs the parts",
    "make ": "what is read here is run by it",
    "immich-ml-proxy bench http://192": "needs machines that are not here",
    "curl http://localhost:3010/": "needs the machines of the command before it",
    "curl http://localhost:3004/api/backends/gaming-pc": "needs a machine of this name",
}


def reason(command: str) -> str | None:
    """Return why a command is not run here, if it is not."""
    return next(
        (why for start, why in REASONS.items() if command.startswith(start)), None
    )


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of the pages that Sphinx has made."""
    folder = tmp_path_factory.mktemp("built")
    command: list[str | Path] = [
        "-m",
        "sphinx",
        "-W",
        "--keep-going",
        "-q",
        "-b",
        "html",
        "docs",
        folder,
    ]
    done = subprocess.run(
        [sys.executable, *command],
        cwd=CHECKOUT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return folder


def test_sphinx_finds_nothing_to_complain_about(built: Path) -> None:
    """A warning is an error: references lead somewhere, tables are whole."""
    assert (built / "index.html").exists()


def test_a_page_has_one_title_of_its_own(built: Path) -> None:
    """Two titles on a page are two pages in the contents, and without its contents."""
    titles: list[str] = []
    for path in pages():
        if path.parent == CHECKOUT:
            continue  # the README
        page = built / path.relative_to(CHECKOUT / "docs").with_suffix(".html")
        found = re.findall(r"<h1>(.*?)<a ", page.read_text())
        assert len(found) == 1, page
        titles += found
    assert len(set(titles)) == len(titles), sorted(titles)


def test_no_page_has_contents_of_its_own(built: Path) -> None:
    """The theme puts them beside each page, and an error upon a second one."""
    for page in built.rglob("*.html"):
        assert 'class="contents' not in page.read_text(), page


def test_a_row_of_a_table_is_whole(built: Path) -> None:
    """What goes on in the next line of a source is no row of its own."""
    for page in built.rglob("*.html"):
        for row in re.findall(r'<tr class="row.*?</tr>', page.read_text(), re.DOTALL):
            cells = re.findall(r"<t[dh]\b[^>]*>(.*?)</t[dh]>", row, re.DOTALL)
            assert all(re.sub(r"<[^>]*>", "", cell).strip() for cell in cells), (
                f"{page.name}: {row}"
            )


def test_no_path_of_a_page_is_left_to_be_typed(built: Path) -> None:
    """Where the sources name a page by its path, the page that is made links to it."""
    for page in built.rglob("*.html"):
        assert '<span class="pre">docs/' not in page.read_text(), page


def test_every_page_can_be_found() -> None:
    """Sphinx would say so of its own; the README is short, and leads to what is."""
    readme = (CHECKOUT / "README.rst").read_text()
    assert len(readme.splitlines()) <= 200
    named = set(re.findall(r"``(docs/[\w./-]+)``", readme))
    assert named
    for name in named:
        assert (CHECKOUT / name).exists(), name


@pytest.mark.parametrize(
    "block",
    [block for block in blocks() if block.language == "json"],
    ids=lambda block: block.page,
)
def test_json_is_what_it_shows(block: Any) -> None:
    """A configuration is one, without a warning; a part of one is one in its place."""
    text = block.body
    if text.lstrip().startswith('"'):
        text = f"{{{text}}}"
    found = json.loads(text)
    if "conflicts" in found or isinstance(found, list):
        return  # an answer of the API, which is held to its description
    base: dict[str, Any] = {
        "defaultBackend": "nas",
        "backends": [{"name": "nas", "url": "http://nas:3003"}],
        "taskRouting": {},
    }
    if "url" in found and "name" in found:
        base = {**base, "backends": [*base["backends"], found]}
    elif "backends" in found:
        base = found
    else:
        base = {**base, **found}
    config = config_document.parse(json.dumps(base).encode())
    # Of the Go original's fields it is told that they are taken over.
    assert not config.warnings or "modelTypeRouting" in found


@pytest.mark.parametrize(
    "block",
    [block for block in blocks() if block.language == "yaml"],
    ids=lambda block: block.page,
)
def test_yaml_can_be_read(block: Any) -> None:
    """What needs Compose, Kubernetes, Prometheus or Home Assistant is parsed."""
    assert yaml.safe_load(block.body)


def test_what_is_not_run_is_parsed_and_listed() -> None:
    """``docs/not-run.rst`` names each such command, and why."""
    bash = shutil.which("bash")
    assert bash is not None
    listed = NOT_RUN.read_text()
    unrun = {command: why for _, command in commands() if (why := reason(command))}
    for command, why in unrun.items():
        checked = subprocess.run([bash, "-n", "-c", command], check=False)
        assert checked.returncode == 0, command
        first = command.splitlines()[0].rstrip("\\ ")
        assert f"``{first}``" in listed, f"{first}: {why}"
    kept = re.findall(r"^   \* - ``(.+)``$", listed, re.MULTILINE)
    assert set(kept) == {command.splitlines()[0].rstrip("\\ ") for command in unrun}


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Proxy]:
    """Return a proxy as ``make run`` starts it, in a folder with a photo."""
    folder = tmp_path_factory.mktemp("demo")
    started: list[Process] = []
    program = [
        *[sys.executable, "-c"],
        "from immich_ml_proxy.commands.cli import main; main()",
        *["--demo", "--listen=tcp:0:interface=127.0.0.1"],
    ]
    proxy = Proxy(folder, command=program)
    started.append(proxy)
    proxy.await_health("simulated-nas", "healthy")
    (folder / "photo.jpg").write_bytes(jpeg(1, 320, 240))
    (folder / "photos").mkdir()
    shutil.copy(folder / "photo.jpg", folder / "photos" / "1.jpg")
    config = {
        "defaultBackend": "nas",
        "backends": [{"name": "nas", "url": "http://nas:3003"}],
        "taskRouting": {},
    }
    (folder / "config.json").write_text(json.dumps(config))
    yield proxy
    for process in started:
        process.kill()


def shown() -> list[tuple[str, str]]:
    """Return the commands that are run; the last one is what ends the simulation."""
    found = [pair for pair in commands() if reason(pair[1]) is None]
    return sorted(found, key=lambda pair: "/api/config -d" in pair[1])


@pytest.mark.parametrize(("page", "command"), shown())
def test_commands_do_what_they_are_shown_for(
    demo: Proxy, page: str, command: str
) -> None:
    """Each by itself, beside the simulated machines; none ends with an error."""
    programs = Path(sys.executable).parent
    environment = {
        **os.environ,
        "PATH": f"{programs}{os.pathsep}{os.environ['PATH']}",
        "IMMICH_ML_PROXY_URL": demo.url,
    }
    done = subprocess.run(
        ["bash", "-ec", command.replace("http://localhost:3004", demo.url)],
        cwd=demo.log.parent,
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, f"{page}: {done.stderr}"
    if command.startswith("curl") and done.stdout.startswith("{"):
        assert "error" not in json.loads(done.stdout), done.stdout
    assert "Traceback" not in done.stderr


def test_every_picture_is_there() -> None:
    """And says what it shows, to those who cannot see it."""
    for path in pages():
        for target, options in re.findall(
            r"\.\. image:: (\S+)\n((?: +:.*\n)*)", path.read_text()
        ):
            assert (path.parent / target).exists(), f"{path}: {target}"
            assert ":alt:" in options, f"{path}: {target}"
