"""Imports point down: the map in the package's docstring holds."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[1] / "immich_ml_proxy"

#: From the top down; a module imports only from its own row or from rows below.
#: ``web`` is one row, but for what the order inside of it says.
ROWS = [
    ["cli"],
    ["tap"],
    ["service"],
    ["web.immich", "web.config", "web.debug"],
    ["web.origin", "web.site"],
    ["web.request", "web.pages"],
    ["web.upload", "web.answers"],
    ["predictor"],
    ["forwarder", "health_checker"],
    ["places", "hedging", "wake_on_lan", "memory", "exchange", "config_store"],
    ["time_limit", "body_reader", "connections"],
    ["agent"],
    ["http_connection"],
    ["core.status"],
    ["core.scheduler"],
    ["core.pool", "core.waiting_line"],
    ["core.selection"],
    ["core.member"],
    ["core.demand", "core.limiter", "core.merge"],
    ["core.routing", "core.service_times", "core.health"],
    ["core.config_document", "core.recorder"],
    ["core.config"],
    ["core.legacy", "core.description", "core.form", "core.budget"],
    ["core.fields"],
    ["core.form_parts"],
    ["core.excerpt", "core.body"],
    ["core.masking", "core.errors"],
]
RANK = {module: row for row, modules in enumerate(ROWS) for module in modules}
FACES = {"", "core", "web"}  # packages: a docstring each

#: What the rules must not know of.
FORBIDDEN = {
    "twisted",
    "klein",
    "treq",
    "zope",
    "time",
    "os",
    "io",
    "asyncio",
    "socket",
}


def name_of(path: Path) -> str:
    """Return a module's name inside the package."""
    parts = path.relative_to(PACKAGE).with_suffix("").parts
    return ".".join(part for part in parts if part != "__init__")


MODULES = {name_of(path): path for path in sorted(PACKAGE.rglob("*.py"))}
OURS = [name for name in MODULES if name.partition(".")[0] not in ("demo", "static")]


def imports(name: str, types: bool = False) -> set[str]:
    """Return what a module imports; ``types``: also what only its types need."""
    tree = ast.parse(MODULES[name].read_text())
    if not types:
        for node in ast.walk(tree):
            if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.dump(node.test):
                node.body = []
    found: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
            found.add(node.module)
    return found


def own(name: str) -> set[str]:
    """Return the modules of the package that a module imports."""
    prefix = "immich_ml_proxy."
    names = {
        one.removeprefix(prefix) for one in imports(name) if one.startswith(prefix)
    }
    return {one for one in names if one in MODULES and one not in FACES}


def test_every_module_has_its_place() -> None:
    """A new module is put on the map, an old one is taken off."""
    assert set(OURS) - FACES == set(RANK)


@pytest.mark.parametrize("name", sorted(set(OURS) - FACES))
def test_imports_point_down(name: str) -> None:
    """No module knows what is above it."""
    for other in own(name):
        if other.partition(".")[0] == "demo":
            assert name == "tap"
        else:
            assert RANK[other] >= RANK[name], f"{name} imports {other}, which is above"


@pytest.mark.parametrize("name", [name for name in OURS if name.startswith("core")])
def test_the_rules_know_no_twisted_no_clock_and_no_files(name: str) -> None:
    """What decides is a function of its arguments."""
    roots = {one.partition(".")[0] for one in imports(name, types=True)}
    assert not roots & FORBIDDEN
    tree = ast.parse(MODULES[name].read_text())
    called = {
        node.func.id
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
    }
    assert "open" not in called


def test_only_the_wiring_imports_the_reactor() -> None:
    """Everything else is given its source of time."""
    having = {
        name
        for name in MODULES
        if "twisted.internet.reactor" in imports(name, types=True)
    }
    assert having == {"tap", "demo.__main__"}


@pytest.mark.parametrize("name", [name for name in MODULES if name.startswith("demo")])
def test_the_simulated_servers_know_nothing_of_the_proxy(name: str) -> None:
    """They are what the tests measure it with."""
    others = {one for one in own(name) if one.partition(".")[0] != "demo"}
    assert others == set()


def test_modules_stay_small() -> None:
    """About 250 lines, 300 at the most, and a few that say why."""
    long = {
        name: lines
        for name, path in MODULES.items()
        if (lines := len(path.read_text().splitlines())) > 300
    }
    assert not long
