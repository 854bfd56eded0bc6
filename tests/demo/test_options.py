"""The command line of ``python -m immich_ml_proxy.demo``: what servers it asks for."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from attrs import evolve, fields_dict

from immich_ml_proxy.demo import KINDS, PLAIN, Behaviour, Fault
from immich_ml_proxy.demo.behaviour import as_json
from immich_ml_proxy.demo.options import Wanted, parser, wanted


def one(*arguments: str) -> Behaviour:
    """Return the behaviour of the one server that is asked for."""
    [server] = wanted(arguments)
    return server.behaviour


@pytest.mark.parametrize(
    ("arguments", "fields"),
    [
        ("--seconds 0.5", {"seconds": 0.5}),
        ('--seconds {"ocr":3}', {"seconds": {"ocr": 3.0}}),
        ("--places 4", {"places": 4}),
        ("--load-seconds 8", {"load_seconds": 8.0}),
        ("--full-at 4 --full-with 500", {"full_at": 4, "full_with": 500}),
        ("--full-retry-after 2", {"full_retry_after": "2"}),
        ("--idle-exit 300", {"idle_exit": 300.0}),
        ("--restart-seconds 2", {"restart_seconds": 2.0}),
        ("--ping-delay 1.8", {"ping_delay": 1.8}),
        ("--front login", {"front": "login"}),
        ("--ping-body OK", {"ping_body": "OK"}),
        ("--crash-with 422", {"crash_with": 422}),
        ("--max-body 1000", {"max_body": 1000}),
        ("--cannot ocr,faces", {"cannot": ("ocr", "facial-recognition")}),
        ("--cannot clip/visual", {"cannot": ("clip/visual",)}),
        ("--refuse-with 501", {"refuse_with": 501}),
        ("--only-model a,b", {"only_models": ("a", "b")}),
        ("--refuse-model-with 409", {"refuse_model_with": 409}),
        ("--instead a", {"instead": "a"}),
        ("--dimensions 768", {"dimensions": 768}),
        ('--dimensions {"clip":640}', {"dimensions": {"clip": 640}}),
        ("--embedding list", {"embedding": "list"}),
        ("--cosine 0.9", {"cosine": 0.9}),
        ("--empty faces", {"empty": ("facial-recognition",)}),
        (
            "--break-answer faces,clip=nan",
            {"broken": {"facial-recognition": "member", "clip": "nan"}},
        ),
    ],
)
def test_an_option_sets_its_field(arguments: str, fields: dict[str, Any]) -> None:
    """All else stays as the service has it."""
    assert one(*arguments.split()) == evolve(PLAIN, **fields)


def test_every_field_has_an_option() -> None:
    """What the tests can set in Python, anybody can try by hand."""
    tested = test_an_option_sets_its_field.pytestmark[0].args[1]
    set_ = {field for _, fields in tested for field in fields}
    assert set_ | {"strict", "faults"} == set(fields_dict(Behaviour))


def test_the_documentation_names_every_option_and_kind() -> None:
    """Both are in a table, with what they do."""
    page = (Path(__file__).parents[2] / "docs/demo/README.rst").read_text("utf-8")
    told = set(re.findall(r"``(.+?)``", page))
    options = {
        option
        for action in parser()._actions
        for option in action.option_strings
        if option not in ("-h", "--help")
    }
    assert options <= {one.split(" ")[0] for one in told}
    assert set(KINDS) <= told


@pytest.mark.parametrize(
    ("arguments", "fault"),
    [
        ("--status 429 --retry-after 5", {"what": 429, "retry_after": "5"}),
        ("--gateway 502", {"what": 502, "at": "all", "html": True}),
        ("--gateway 502 --at predict", {"what": 502, "at": "predict", "html": True}),
        ("--hang --at all", {"what": "hang", "at": "all"}),
        ("--drop --every 7", {"what": "drop", "every": 7}),
        ("--reset", {"what": "reset"}),
        ("--cut --first 2 --for 60", {"what": "cut", "first": 2, "seconds": 60.0}),
        ("--status 500 --for-tasks ocr", {"what": 500, "tasks": ("ocr",)}),
    ],
)
def test_options_describe_a_fault(arguments: str, fault: dict[str, Any]) -> None:
    """What it is, and whom it befalls."""
    assert one(*arguments.split()).faults == (Fault(**fault),)


def test_a_kind_is_what_the_options_start_from() -> None:
    """They change its fields, and its own fault."""
    assert one("--kind", "kepler") == KINDS["kepler"]
    assert one("--v3", "--places", "2") == evolve(KINDS["v3"], places=2)
    assert one("--v2") == one() == PLAIN
    busy = one("--kind", "busy", "--every", "2", "--seconds", "1")
    assert busy == Behaviour(
        seconds=1.0, faults=(Fault(what=429, every=2, retry_after="1"),)
    )
    assert one("--kind", "busy", "--drop").faults == (Fault(what="drop"),)


def test_several_servers_live_in_one_process() -> None:
    """Each is a kind, or an object of fields, with a port if it is to be known."""
    fields = {"kind": "v3", "seconds": 0.5, "port": 4001}
    assert wanted(["--server=nas=kepler", f"--server=gpu={json.dumps(fields)}"]) == [
        Wanted("nas", KINDS["kepler"]),
        Wanted("gpu", evolve(KINDS["v3"], seconds=0.5), 4001),
    ]
    whole = json.dumps(as_json(KINDS["busy"]))
    assert wanted(["--server", f"a={whole}"]) == [Wanted("a", KINDS["busy"])]


def test_a_single_server_has_a_name_and_a_port() -> None:
    """A free port, unless it says which."""
    assert wanted(["--name", "nas", "--port", "4001"]) == [Wanted("nas", PLAIN, 4001)]
    assert wanted([]) == [Wanted("simulated", PLAIN)]
    [elsewhere] = wanted(["--address", "127.0.0.7"])
    assert (elsewhere.address, wanted([])[0].address) == ("127.0.0.7", "127.0.0.1")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--kind", "v4"], "v4"),
        (["--kind", "down"], "down"),
        (["--places", "0"], "places"),
        (["--seconds", "fast"], "--seconds"),
        (["--break-answer", "clip=ugly"], "ugly"),
        (["--status", "200"], "what"),
        (["--status", "500", "--drop"], "not allowed with"),
        (["--every", "2"], "of which fault"),
        (["--server", "nas=v4"], "v4"),
        (["--server", "nas"], "no such kind"),
        (["--server", 'nas={"kind"'], "--server nas: Input"),
        (["--server", 'nas={"port":"x"}'], "port"),
        (["--server", "nas=v3", "--places", "2"], "not with --server: places"),
        (["--server", "nas=v3", "--port", "4001"], "not with --server: port"),
        (["--server", "nas=v3", "--server", "nas=v2"], "there is one"),
    ],
)
def test_what_cannot_be_ends_with_the_reason(
    arguments: list[str], words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Before anything listens."""
    with pytest.raises(SystemExit) as ended:
        wanted(arguments)
    assert ended.value.code == 2
    assert words in capsys.readouterr().err
