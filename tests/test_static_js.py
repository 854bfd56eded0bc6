"""The pages' scripts: their rules, run by Node, and what none of them may do."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

from tests.end_to_end.immich import need

ROOT = Path(__file__).resolve().parents[1]
RULES = sorted(path.name for path in (ROOT / "tests" / "js").glob("*.test.mjs"))
PAGES = sorted((ROOT / "static").rglob("*.html"))
SCRIPTS = sorted((ROOT / "static").rglob("*.js"))


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
