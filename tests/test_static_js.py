"""The pages' scripts: their rules, run by Node, and what none of them may do."""

from __future__ import annotations

import gzip
import re
import subprocess
from pathlib import Path

import pytest

from tests.end_to_end.immich import need

ROOT = Path(__file__).resolve().parents[1]
RULES = sorted(path.name for path in (ROOT / "tests" / "js").glob("*.test.mjs"))
PAGES = sorted((ROOT / "static").rglob("*.html"))
SCRIPTS = sorted((ROOT / "static").rglob("*.js"))


_IMPORT = re.compile(r'^(?:import|\} from)\b[^;]*?"(\.[^"]+\.js)"', re.MULTILINE)


#: What is loaded when it is needed first.
_LATER = re.compile(r'\bimport\("(\.[^"]+\.js)"\)')


def imported(script: Path, *, later: bool = False) -> set[Path]:
    """Return all modules that a script needs, and that those need, at once or later."""
    found: set[Path] = set()
    to_read = [script]
    while to_read:
        reading = to_read.pop()
        text = reading.read_text("utf-8")
        for named in _IMPORT.findall(text) + (_LATER.findall(text) if later else []):
            module = (reading.parent / named).resolve()
            if module not in found:
                found.add(module)
                to_read.append(module)
    return found


def name(path: Path) -> str:
    """Return what a case is called."""
    return path.name


@pytest.mark.parametrize("rules", RULES)
def test_rules_of_the_scripts_hold(rules: str) -> None:
    """Each test in the file passes, and there are some."""
    ended = subprocess.run(
        [need("node"), "--test", "--test-reporter=tap", f"tests/js/{rules}"],
        cwd=ROOT,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=120,
        check=False,
    )
    assert ended.returncode == 0, ended.stdout
    assert re.search(r"^# pass [1-9]", ended.stdout, re.MULTILINE), ended.stdout


@pytest.mark.parametrize("script", SCRIPTS, ids=name)
def test_scripts_make_no_html_and_no_code_of_text(script: Path) -> None:
    """What users and servers write can then only ever be shown."""
    forbidden = (
        r"innerHTML|outerHTML|insertAdjacentHTML|setHTMLUnsafe|srcdoc|DOMParser"
        r"|createContextualFragment|document\.write|\beval\b|\bFunction\("
    )
    assert not re.findall(forbidden, script.read_text("utf-8"))


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_pages_name_what_they_are_made_of_relatively(page: Path) -> None:
    """They work under a path prefix, and need nothing from elsewhere."""
    named = re.findall(r'(?:href|src)="([^"]*)"', page.read_text("utf-8"))
    for address in named:
        assert not re.match(r"/|[a-z]+:", address), address
        if address.startswith("static/"):
            assert (ROOT / address).is_file(), address


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_pages_name_every_module_that_they_need(page: Path) -> None:
    """Browsers then load them at once, and not one after the other."""
    text = page.read_text("utf-8")
    needed = set[Path]()
    for script in re.findall(r'<script type="module" src="([^"]+)"', text):
        needed |= imported(ROOT / script)
    preloaded = re.findall(r'<link rel="modulepreload" href="([^"]+)"', text)
    assert preloaded == sorted(str(path.relative_to(ROOT)) for path in needed)


def test_the_pages_are_small() -> None:
    """All of them together are sent in less than 200 KB."""
    files = [path for path in (ROOT / "static").rglob("*.*") if path.is_file()]
    sent = [path for path in files if not path.name.endswith(".d.ts")]
    assert sum(len(gzip.compress(path.read_bytes())) for path in sent) < 200_000


def test_every_module_is_used() -> None:
    """What no page loads is not sent along with the rest."""
    named = {
        "".join(re.findall(r'type="module" src="([^"]+)"', page.read_text("utf-8")))
        for page in PAGES
    }
    entries = {(ROOT / script).resolve() for script in named if script}
    used = entries.union(*(imported(entry, later=True) for entry in entries))
    modules = {path for path in SCRIPTS if "vendor" not in path.parts}
    assert modules - used == set()
