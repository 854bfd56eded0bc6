"""The command line of ``python -m immich_ml_proxy.demo``: what servers it asks for."""

from __future__ import annotations

from argparse import SUPPRESS, ArgumentParser, Namespace
from collections.abc import Sequence
from typing import Any

import msgspec
from attrs import frozen

from .behaviour import PLAIN, Behaviour, as_json
from .kinds import KINDS, change
from .listener import LOOPBACK

#: Short names of tasks.
_TASKS = {"faces": "facial-recognition"}


@frozen
class Wanted:
    """
    A server that is asked for.

    :param port: 0 takes a free one.
    :param address: where it listens.
    """

    name: str
    behaviour: Behaviour
    port: int = 0
    address: str = LOOPBACK


def _names(text: str) -> list[str]:
    """Read a list of names with commas; ``faces`` is short for its task."""
    return [_TASKS.get(name, name) for name in text.split(",") if name]


def _number(text: str) -> Any:
    """Read a number, or a JSON object of numbers by task."""
    return msgspec.json.decode(text)


def _flaws(text: str) -> dict[str, str]:
    """Read ``TASK=FLAW,...``; without a flaw it is that something is missing."""
    pairs = (one.partition("=") for one in _names(text))
    return {_TASKS.get(task, task): flaw or "member" for task, _, flaw in pairs}


def parser() -> ArgumentParser:
    """Return what reads the command line."""
    parsing = ArgumentParser(
        prog="python -m immich_ml_proxy.demo",
        description="Run simulated Immich ML servers on 127.0.0.1.",
        argument_default=SUPPRESS,
        allow_abbrev=False,
    )
    add = parsing.add_argument
    add("--port", type=int, help="0 takes a free one")
    add("--address", help=f"where it listens; by default {LOOPBACK}")
    add("--name")
    add(
        "--server",
        dest="servers",
        action="append",
        metavar="NAME=KIND",
        help="one of several servers in this process, without any other option; "
        "instead of a kind a JSON object of fields, with a kind and a port if need be",
    )

    kind = parsing.add_argument_group("kind", "what the other options start from")
    kind.add_argument("--kind", choices=KINDS)
    kind.add_argument("--v2", dest="kind", action="store_const", const="v2")
    kind.add_argument("--v3", dest="kind", action="store_const", const="v3")

    add = parsing.add_argument_group("pace").add_argument
    add("--seconds", type=_number, help="a request takes; or by task")
    add("--places", type=int, help="requests worked on at once")
    add("--load-seconds", type=float, help="the first request for a model takes longer")
    add("--full-at", type=int, metavar="N", help="refuse above N requests at once")
    add("--full-with", type=int, metavar="STATUS")
    add("--full-retry-after", metavar="VALUE", help="as --retry-after, beside it")
    add("--idle-exit", type=float, metavar="SECONDS", help="exit when idle so long")
    add("--restart-seconds", type=float, help="it refuses connections then")
    add("--ping-delay", type=float, metavar="SECONDS")

    add = parsing.add_argument_group("what it is").add_argument
    add("--front", choices=("ml", "immich", "login", "login_page"))
    add("--ping-body", metavar="TEXT")
    add("--crash-with", type=int, metavar="STATUS", help="in place of v2's 500")
    add("--max-body", type=int, metavar="BYTES", help="413 above it")

    add = parsing.add_argument_group("what it can do").add_argument
    add("--cannot", type=_names, metavar="TASK[/TYPE],...")
    add("--refuse-with", type=int, metavar="STATUS")
    add("--only-model", dest="only_models", type=_names, metavar="NAME,...")
    add("--refuse-model-with", type=int, metavar="STATUS")
    add("--instead", metavar="NAME", help="the model run in place of others")

    add = parsing.add_argument_group("what it answers").add_argument
    add("--dimensions", type=_number, help="numbers in an embedding; or by task")
    add("--embedding", choices=("string", "list"))
    add("--cosine", type=float, help="between its embeddings and the original's")
    add("--empty", type=_names, metavar="TASK,...", help="finds nothing")
    add("--break-answer", dest="broken", type=_flaws, metavar="TASK[=FLAW],...")

    fault = parsing.add_argument_group(
        "a fault", "that befalls some requests, or all; or changes to the kind's own"
    )
    add = fault.add_mutually_exclusive_group().add_argument
    add("--status", dest="fault_what", type=int, help="answered instead")
    add("--gateway", dest="fault_html", type=int, metavar="STATUS", help="as a page")
    for name in ("hang", "drop", "reset", "cut"):
        add(f"--{name}", dest="fault_what", action="store_const", const=name)
    add = fault.add_argument
    add("--at", dest="fault_at", choices=("predict", "ping", "all"))
    add("--for-tasks", dest="fault_tasks", type=_names, metavar="TASK,...")
    add("--every", dest="fault_every", type=int, metavar="N", help="only each Nth")
    add("--first", dest="fault_first", type=int, metavar="N", help="only the first N")
    add("--for", dest="fault_seconds", type=float, metavar="SECONDS", help="not later")
    add("--retry-after", dest="fault_retry_after", metavar="VALUE", help="or date+N")
    return parsing


def wanted(arguments: Sequence[str] | None = None) -> list[Wanted]:
    """
    Return the servers that a command line asks for; it ends the process if it is wrong.

    :param arguments: without the program's name; ``None``: those of the process.
    """
    parsing = parser()
    options = parsing.parse_args(arguments)
    try:
        if "servers" in options:
            return _several(options)
        return [_single(options)]
    except ValueError as error:
        parsing.error(str(error))


def _several(options: Namespace) -> list[Wanted]:
    others = set(vars(options)) - {"servers"}
    if others:
        raise ValueError(f"not with --server: {', '.join(sorted(others))}")
    servers: dict[str, Wanted] = {}
    for text in options.servers:
        name, _, spec = text.partition("=")
        if name in servers:
            raise ValueError(f"--server {name}: there is one already")
        try:
            servers[name] = _named(name, spec)
        except ValueError as error:
            raise ValueError(f"--server {name}: {error}") from None
    return list(servers.values())


def _named(name: str, spec: str) -> Wanted:
    # What is wrong with JSON is a ValueError, too.
    fields = msgspec.json.decode(spec) if spec.startswith("{") else {"kind": spec}
    port = fields.pop("port", 0)
    if not isinstance(port, int):
        raise ValueError(f"port is a number: {port}")
    return Wanted(name, change(PLAIN, fields), port)


def _single(options: Namespace) -> Wanted:
    given = dict(vars(options))
    name, port = given.pop("name", "simulated"), given.pop("port", 0)
    address = given.pop("address", LOOPBACK)
    fault = {
        option.removeprefix("fault_"): given.pop(option)
        for option in tuple(given)
        if option.startswith("fault_")
    }
    if "html" in fault:
        fault = {"at": "all", "what": fault["html"], **fault, "html": True}
    behaviour = change(PLAIN, given)
    if "what" in fault:
        behaviour = change(behaviour, {"faults": [fault]})
    elif fault:
        own = as_json(behaviour)["faults"]
        if not own:
            raise ValueError(f"of which fault? {', '.join(sorted(fault))}")
        behaviour = change(behaviour, {"faults": [one | fault for one in own]})
    return Wanted(name, behaviour, port, address)
