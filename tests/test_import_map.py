"""Imports point down: the map in the package's docstring holds."""

from __future__ import annotations

import ast
import re
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[1] / "immich_ml_proxy"
PREFIX = "immich_ml_proxy."

#: The rooms from the top down; a module imports only from its own or from those below.
ROOMS = (
    "tap",
    "reactor",
    "service",
    "memory",
    "descriptors",
    "aside",
    "commands",
    "web",
    "downstream",
    "predictor",
    "trial",
    "immich",
    "metrics",
    "notify",
    "observe",
    "power",
    "balancer",
    "upstream",
    "protocol",
    "records",
    "config",
    "errors",
    "headers",
    "sockets",
)
#: Who may know of Twisted, clocks and files. All others are pure: they decide.
EDGES = {
    "aside",
    "balancer.attempts",
    "balancer.delivery",
    "balancer.discovery",
    "balancer.forwarder",
    "balancer.health_checker",
    "balancer.place",
    "balancer.turns",
    "balancer.work",
    "commands.access",
    "commands.access_log",
    "commands.asking",
    "commands.bench",
    "commands.check_config",
    "commands.cli",
    "commands.command_line",
    "commands.configuration",
    "commands.driver",
    "commands.json_log",
    "commands.log_format",
    "commands.options",
    "commands.predict",
    "commands.status",
    "config.file",
    "config.file_watch",
    "config.store",
    "descriptors",
    "downstream.access_log",
    "downstream.address",
    "downstream.admission",
    "downstream.ended_requests",
    "downstream.last_connections",
    "downstream.channel",
    "downstream.head",
    "downstream.listener",
    "downstream.open_connections",
    "downstream.request",
    "downstream.site",
    "downstream.strict_channel",
    "downstream.trace_id",
    "downstream.upload",
    "headers",
    "immich.queues",
    "downstream.watch",
    "memory",
    "metrics.lag",
    "metrics.meter",
    "observe.state_log",
    "notify.notifier",
    "notify.sender",
    "observe.ticker",
    "power.sleep_hook",
    "power.sparing",
    "observe.under_way",
    "power.wake_on_lan",
    "predictor",
    "reactor",
    "service",
    "sockets",
    "tap",
    "trial.repeat",
    "trial.trial",
    "upstream.body_producer",
    "upstream.client",
    "upstream.connection_pool",
    "upstream.endpoints",
    "upstream.http_connection",
    "upstream.poster",
    "upstream.resolver",
    "upstream.time_limit",
    "upstream.tls",
    "web.answers",
    "web.app",
    "web.config",
    "web.debug",
    "web.debugging",
    "web.demo",
    "web.description",
    "web.gate",
    "web.immich",
    "web.login",
    "web.metrics",
    "web.notify",
    "web.origin",
    "web.records",
    "web.overview",
    "web.pages",
    "web.slices",
    "web.stream",
    "web.thumbnail",
    "web.saves",
    "web.trial",
    "web.resource",
}

#: What a pure module must not know of.
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
    "select",
    "threading",
    "subprocess",
    "pathlib",
    "shutil",
    "tempfile",
    "random",
    "resource",
    "secrets",
    "logging",
    "sys",
}
#: Calls that look at a clock or at the disk.
FORBIDDEN_CALLS = {"open", "now", "utcnow", "today", "__import__"}


def name_of(path: Path) -> str:
    """Return a module's name inside the package."""
    parts = path.relative_to(PACKAGE).with_suffix("").parts
    return ".".join(part for part in parts if part != "__init__")


MODULES = {name_of(path): path for path in sorted(PACKAGE.rglob("*.py"))}
OURS = [name for name in MODULES if name.partition(".")[0] != "demo"]
FACES = {name for name, path in MODULES.items() if path.name == "__init__.py"} - {
    "demo"
}


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
        elif isinstance(node, ast.ImportFrom):
            module = _absolute(name, node)
            found |= {module, *(f"{module}.{alias.name}" for alias in node.names)}
    return found


def _absolute(name: str, node: ast.ImportFrom) -> str:
    """Return the full name of the module that a module imports from."""
    if not node.level:
        return node.module or ""
    parts = ["immich_ml_proxy", *filter(None, name.split("."))]
    is_package = MODULES[name].name == "__init__.py"
    above = parts[: len(parts) - node.level + is_package]
    return ".".join([*above, *filter(None, [node.module])])


def room(name: str) -> str:
    """Return the room that a module is in."""
    return name.partition(".")[0]


def own(name: str, types: bool = False) -> set[str]:
    """Return the modules of the package that a module imports."""
    names = {
        one.removeprefix(PREFIX)
        for one in imports(name, types)
        if one.startswith(PREFIX)
    }
    return {one for one in names if one in MODULES and one not in FACES}


def test_every_module_is_in_a_room() -> None:
    """A new room is put on the map, an old one is taken off, and so are edges."""
    assert {room(name) for name in OURS if name} == set(ROOMS)
    assert set(OURS) - FACES >= EDGES


@pytest.mark.parametrize("name", sorted(FACES))
def test_a_package_is_a_docstring(name: str) -> None:
    """What it imported would have no place on the map."""
    [docstring] = ast.parse(MODULES[name].read_text()).body
    assert isinstance(docstring, ast.Expr)
    assert isinstance(docstring.value, ast.Constant)


def test_the_map_that_people_read_is_this_one() -> None:
    """The package's docstring names the rooms in their order, and demo apart."""
    docstring = ast.get_docstring(ast.parse(MODULES[""].read_text())) or ""
    lines = re.findall(r"^    (\S.*?)  +\S", docstring, re.MULTILINE)
    named = [one.rstrip("/") for line in lines for one in line.split(", ")]
    assert named == [*ROOMS, "demo"]


@pytest.mark.parametrize("name", sorted(set(OURS) - FACES))
def test_imports_point_down(name: str) -> None:
    """No room knows what is above it; only the wiring knows the simulated servers."""
    for other in own(name):
        if room(other) == "demo":
            assert name == "tap"
        else:
            assert ROOMS.index(room(other)) >= ROOMS.index(room(name)), other


def test_no_import_comes_back_to_where_it_began() -> None:
    """Inside a room, too, one module is built upon the other."""
    TopologicalSorter({name: own(name) for name in OURS}).prepare()


@pytest.mark.parametrize("name", sorted(set(OURS) - FACES - EDGES))
def test_what_decides_knows_no_twisted_no_clock_and_no_files(name: str) -> None:
    """It is a function of its arguments, and so is all that it is built upon."""
    assert not own(name, types=True) & EDGES
    roots = {one.partition(".")[0] for one in imports(name, types=True)}
    assert not roots & FORBIDDEN
    tree = ast.parse(MODULES[name].read_text())
    called = {
        node.func.id if isinstance(node.func, ast.Name) else node.func.attr
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
        if isinstance(node.func, ast.Name | ast.Attribute)
    }
    assert not called & FORBIDDEN_CALLS


@pytest.mark.parametrize("name", sorted(EDGES))
def test_an_edge_needs_what_is_forbidden_to_the_others(name: str) -> None:
    """Else it is none, and must stay as pure as it is."""
    roots = {one.partition(".")[0] for one in imports(name, types=True)}
    assert roots & FORBIDDEN or own(name) & EDGES


def test_only_the_wiring_imports_the_reactor() -> None:
    """And what installs it; everything else is given its source of time."""
    having = {
        name
        for name in MODULES
        if "twisted.internet.reactor" in imports(name, types=True)
    }
    assert having == {"tap", "reactor", "demo.__main__"}


@pytest.mark.parametrize("name", [name for name in MODULES if name.startswith("demo")])
def test_the_simulated_servers_know_nothing_of_the_proxy(name: str) -> None:
    """They are what the tests measure it with."""
    ours = {one for one in imports(name, types=True) if one.startswith(PREFIX)}
    assert {one for one in ours if not f"{one}.".startswith(f"{PREFIX}demo.")} == set()


def test_relative_imports_are_seen() -> None:
    """Else the rules above would pass them by."""
    assert {"demo.answers", "demo.server"} <= own("demo.protocol") | own("demo.fleet")


def test_modules_stay_small() -> None:
    """About 250 lines, 300 at the most, and a few that say why."""
    long = {
        name: lines
        for name, path in MODULES.items()
        if (lines := len(path.read_text().splitlines())) > 300
    }
    assert not long
