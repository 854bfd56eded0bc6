"""``immich-ml-proxy status``: what the overview tells, as a table in the terminal."""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Mapping
from typing import Any

from rich.console import Console, Group
from rich.live import Live
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from immich_ml_proxy.commands.asking import CannotAsk, Peer, add_options, proxy_of

#: How a state is coloured.
_COLOURS = {"healthy": "green", "unhealthy": "red", "unknown": "yellow"}


def main(arguments: list[str]) -> int:
    """
    Show it.

    :return: 0: every machine in use is well; 1: one is not, or there is no answer.
    """
    options = _parser().parse_args(arguments)
    try:
        proxy = proxy_of(options)
        if options.watch is not None:
            return _watch(proxy, options.watch)
        found = _asked(proxy)
    except CannotAsk as error:
        print(f"immich-ml-proxy status: {error}", file=sys.stderr)  # noqa: T201
        return 1
    if options.json:
        print(json.dumps(found, indent=2))  # noqa: T201
    else:
        Console().print(shown(found))
    return 0 if is_well(found) else 1


def is_well(found: Mapping[str, Any]) -> bool:
    """Whether every machine that is in use is healthy, and there is one."""
    used = [one for one in found["backends"].values() if one["state"] == "enabled"]
    return bool(used) and all(one["status"] == "healthy" for one in used)


def shown(found: Mapping[str, Any]) -> Group:
    """Return the table of an answer of ``/api/status``."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    longest = max(map(len, found["backends"]), default=0)
    table.add_column("machine", min_width=min(longest, 24), overflow="fold")
    table.add_column("state")
    for title in ("at work", "waiting", "done", "failed", "median", "p99"):
        table.add_column(title, justify="right")
    table.add_column("what is to be known")
    for name, one in found["backends"].items():
        table.add_row(
            escape(name),
            _state(one),
            f"{one['inFlight']} of {one['limit']}",
            str(one["waiting"]),
            str(one["served"]),
            str(one["failed"]),
            *_times(one["serviceTimes"]),
            Text("; ".join([*_unable(one["cannot"]), *one["notes"]])),
        )
    lines: list[Any] = [table]
    if found.get("configError"):
        lines.append(Text(f"The configuration: {found['configError']}", style="red"))
    lines.extend(
        Text(f"The configuration: {warning}", style="yellow")
        for warning in found.get("configWarnings", ())
    )
    held = {key: one["held"] for key, one in found["routes"].items() if one["held"]}
    lines.extend(
        Text(f"{count} held for {key}: none of its machines is well", style="yellow")
        for key, count in held.items()
    )
    return Group(*lines)


def _asked(proxy: Peer) -> dict[str, Any]:
    found = proxy.json("/api/status")
    if not isinstance(found, dict) or not {"backends", "routes"} <= found.keys():
        raise CannotAsk(f"{proxy.url} is no immich-ml-proxy")
    return found


def _watch(proxy: Peer, period: float) -> int:
    """Show it anew every so many seconds, until Ctrl-C."""
    is_last_well = False
    try:
        with Live(Text("..."), auto_refresh=False) as live:
            while True:
                try:
                    found = _asked(proxy)
                    is_last_well = is_well(found)
                    live.update(shown(found), refresh=True)
                except CannotAsk as error:
                    is_last_well = False
                    live.update(Text(str(error), style="red"), refresh=True)
                time.sleep(period)
    except KeyboardInterrupt:
        return 0 if is_last_well else 1


def _state(one: Mapping[str, Any]) -> Text:
    if one["state"] != "enabled":
        words = {"drain": "drained", "disabled": "disabled"}
        return Text(words.get(one["state"], one["state"]), style="dim")
    return Text(one["status"], style=_COLOURS.get(one["status"], ""))


def _times(times: Mapping[str, Mapping[str, Any]]) -> tuple[str, str]:
    """Return the median and p99 of the task that takes longest."""
    slowest = max(times.values(), key=lambda each: each["p50"], default=None)
    if slowest is None:
        return "-", "-"
    return f"{slowest['p50']:.0f} ms", f"{slowest['p99']:.0f} ms"


def _unable(cannot: Any) -> list[str]:
    return [f"cannot: {', '.join(map(str, cannot))}"] if cannot else []


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        "immich-ml-proxy status",
        description="Show the machines of a proxy that is running, and how they are.",
        epilog="Exit code 0: every machine in use is well; 1: one is not, or the proxy "
        "does not answer; 2: wrong usage.",
    )
    add_options(parser)
    parser.add_argument("--json", action="store_true", help="as /api/status has it")
    parser.add_argument(
        "--watch",
        nargs="?",
        type=_seconds,
        const=2.0,
        metavar="SECONDS",
        help="again and again, every 2 seconds or so many",
    )
    return parser


def _seconds(text: str) -> float:
    value = float(text)
    if not 0.2 <= value <= 3600:
        raise argparse.ArgumentTypeError("must be 0.2 to 3600 seconds")
    return value
