"""The alerts and the dashboard that we ship ask for what there is."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from immich_ml_proxy.metrics.catalog import HISTOGRAM, METRICS, PREFIX
from tests.demo_requests import TEXTUAL
from tests.end_to_end.immich import need
from tests.end_to_end.programs import ROOT
from tests.fakes import document, serve
from tests.memory_proxy import Proxy, posted, text_form
from tests.metrics.scraped import scrape
from tests.network import Network

ALERTS = ROOT / "deploy" / "prometheus" / "alerts.yml"
DASHBOARD = ROOT / "deploy" / "grafana" / "dashboard.json"
#: What Prometheus itself adds to each series, and what a histogram's buckets have.
ADDED = {"instance", "job", "le"}
_SELECTOR = re.compile(r"(immich_ml_proxy_\w+)(?:\{([^}]*)\})?")
#: The labels that a query sums by.
_BY = re.compile(r"by \(([^)]*)\)")


def panels() -> Iterator[Any]:
    """Return the panels of the dashboard."""
    yield from json.loads(DASHBOARD.read_text("utf-8"))["panels"]


def queries() -> dict[str, str]:
    """Return every query of the dashboard by the title of its panel."""
    return {
        f"{panel['title']} {target['refId']}": target["expr"]
        for panel in panels()
        for target in panel["targets"]
    }


def names() -> dict[str, set[str]]:
    """Return what a query may ask for, with the labels that it has."""
    found = {}
    for metric in METRICS:
        is_histogram = metric.kind == HISTOGRAM
        for end in ("_bucket", "_sum", "_count") if is_histogram else ("",):
            found[metric.sample + end] = {*metric.labels, *ADDED}
    return found


def check(text: str) -> None:
    """Fail unless all that a text asks for is there."""
    known = names()
    asked = _SELECTOR.findall(text)
    for name, selector in asked:
        assert name in known, name
        labels = set(re.findall(r"(\w+)\s*(?:=~|!~|!=|=)", selector))
        assert labels <= known[name], (name, labels)
    if asked:
        having = set.union(*(known[name] for name, _ in asked))
        for by in _BY.findall(text):
            assert {one.strip() for one in by.split(",")} <= having, by


def test_the_alerts_ask_for_metrics_that_there_are() -> None:
    """A renamed metric would be an alert that never comes."""
    text = ALERTS.read_text("utf-8")
    expressions = re.findall(r"expr: (.*?)\n        (?:for|labels):", text, re.S)
    assert len(expressions) == text.count("- alert:")
    assert len(expressions) >= 6
    for one in expressions:
        check(one)


def test_the_dashboard_asks_for_metrics_that_there_are() -> None:
    """Six panels at the least, and none that would stay empty."""
    found = queries()
    assert len({panel["title"] for panel in panels()}) >= 6
    for title, query in found.items():
        assert PREFIX in query or "process_" in query, title
        check(query)


def test_the_catalog_is_what_a_scrape_has(
    network: Network, start_proxy: Callable[..., Proxy]
) -> None:
    """What is checked above is checked against the real names."""
    serve(network, "gpu")
    proxy = start_proxy(document("gpu"))
    proxy.ask(posted(text_form(TEXTUAL)))
    told = {sample.name for sample in scrape(proxy).samples}
    ours = {name for name in told if name.startswith(PREFIX)}
    assert ours <= set(names())
    assert len(ours) > len(METRICS) / 2


def test_panels_do_not_lie_upon_each_other() -> None:
    """And stay within the 24 columns that there are."""
    taken: set[tuple[int, int]] = set()
    for panel in panels():
        place = panel["gridPos"]
        cells = {
            (column, line)
            for column in range(place["x"], place["x"] + place["w"])
            for line in range(place["y"], place["y"] + place["h"])
        }
        assert not cells & taken, panel["title"]
        assert all(column < 24 for column, _ in cells)
        taken |= cells


def test_a_panel_says_what_its_numbers_are() -> None:
    """It has a unit, words of its own, and an axis that begins at nothing."""
    found = list(panels())
    for what in ("id", "title", "description"):
        assert len({panel[what] for panel in found}) == len(found), what
    for panel in found:
        shown = panel["fieldConfig"]["defaults"]
        assert shown["unit"] in {"short", "s", "reqps", "Bps"}, panel["title"]
        assert shown.get("min") == 0 or panel["type"] != "timeseries", panel["title"]
        for target in panel["targets"]:
            if "_seconds_bucket" in target["expr"]:
                assert shown["unit"] == "s", panel["title"]
            if "_bytes_total" in target["expr"]:
                assert shown["unit"] == "Bps", panel["title"]


def test_no_two_lines_of_a_panel_have_one_name() -> None:
    """The legend names what a query tells apart, and it tells apart no more."""
    for panel in panels():
        legends = [target["legendFormat"] for target in panel["targets"]]
        assert len(set(legends)) == len(legends), panel["title"]
        if panel["type"] == "stat":
            assert legends == [""], panel["title"]
            continue
        assert all(legends), panel["title"]
        for target in panel["targets"]:
            query = target["expr"]
            sums = [set(by.split(", ")) for by in _BY.findall(query)]
            apart = set.union(*sums) if sums else set()
            if not sums and not query.startswith("sum("):
                apart = {"instance"}
            named = set(re.findall(r"{{(\w+)}}", target["legendFormat"]))
            assert named == apart - {"le"}, (panel["title"], query)


def promtool(folder: Path, *arguments: str, given: bytes | None = None) -> str:
    """Return what promtool says; it must be content."""
    ended = subprocess.run(
        [need("promtool"), *arguments],
        cwd=folder,
        input=given,
        capture_output=True,
        timeout=60,
        check=False,
    )
    told = (ended.stdout + ended.stderr).decode()
    assert ended.returncode == 0, told
    return told


def test_promtool_takes_the_alerts_and_raises_them_when_it_should(
    tmp_path: Path,
) -> None:
    """For the series in ``alerts_test.yml``, and not for the others there."""
    shutil.copy(ALERTS, tmp_path)
    shutil.copy(Path(__file__).with_name("alerts_test.yml"), tmp_path)
    told = promtool(tmp_path, "check", "rules", "alerts.yml")
    assert "SUCCESS" in told
    assert "SUCCESS" in promtool(tmp_path, "test", "rules", "alerts_test.yml")


def test_promtool_takes_the_queries_of_the_dashboard(tmp_path: Path) -> None:
    """As rules that record something, with Grafana's variables filled in."""
    rules = [
        {
            "record": f"panel:{number}",
            "expr": query.replace("$__rate_interval", "5m").replace("$instance", ".+"),
        }
        for number, query in enumerate(queries().values())
    ]
    file = tmp_path / "dashboard.yml"
    # JSON is YAML, too.
    file.write_text(json.dumps({"groups": [{"name": "dashboard", "rules": rules}]}))
    assert "SUCCESS" in promtool(tmp_path, "check", "rules", "dashboard.yml")


def test_the_dashboard_counts_a_machine_once_however_many_proxies(
    tmp_path: Path,
) -> None:
    """Down is down for one of them; drained is not down, and no search is no number."""
    by_proxy = {"a": (1, 0, 0, 1), "b": (1, 0, 0, 0)}
    series = []
    for proxy, healthy in by_proxy.items():
        for name, up in zip(("gpu", "nas", "drained", "flaky"), healthy, strict=True):
            labels = f'{{instance="{proxy}", backend="{name}"}}'
            wished = int(name != "drained")
            series += [
                {"series": f"{PREFIX}backend_healthy{labels}", "values": f"{up}x9"},
                {"series": f"{PREFIX}backend_enabled{labels}", "values": f"{wished}x9"},
            ]
    searches = f"{PREFIX}request_duration_seconds_bucket"
    series += [
        {"series": f'{searches}{{task="clip/textual", le="{le}"}}', "values": "0x9"}
        for le in ("1", "+Inf")
    ]
    expected = {
        "Machines down A": [{"labels": "{}", "value": 2}],
        "Machines, well or not A": [
            {"labels": f'{{backend="{name}"}}', "value": int(name == "gpu")}
            for name in ("gpu", "nas", "drained", "flaky")
        ],
        "Searches, 95 % within A": [],
    }
    asked = [
        {
            "expr": queries()[title]
            .replace("$__rate_interval", "5m")
            .replace("$instance", ".*"),
            "eval_time": "6m",
            "exp_samples": samples,
        }
        for title, samples in expected.items()
    ]
    tested = {"interval": "1m", "input_series": series, "promql_expr_test": asked}
    (tmp_path / "test.yml").write_text(json.dumps({"tests": [tested]}))
    assert "SUCCESS" in promtool(tmp_path, "test", "rules", "test.yml")


def test_promtool_finds_nothing_wrong_with_a_scrape(
    network: Network, start_proxy: Callable[..., Proxy], tmp_path: Path
) -> None:
    """Names and units are those that Prometheus' conventions want."""
    serve(network, "gpu")
    proxy = start_proxy(document("gpu"))
    proxy.ask(posted(text_form(TEXTUAL)))
    text = scrape(proxy).text.encode()
    assert promtool(tmp_path, "check", "metrics", given=text) == ""


def test_a_wrong_name_would_be_found() -> None:
    """The check looks at something."""
    with pytest.raises(AssertionError):
        check("sum(immich_ml_proxy_request_total)")
    with pytest.raises(AssertionError):
        check('immich_ml_proxy_waiting_requests{backend="gpu"}')
    with pytest.raises(AssertionError):
        check("sum by (backend) (immich_ml_proxy_waiting_requests)")
