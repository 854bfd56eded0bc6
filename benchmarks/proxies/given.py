"""Peers that the command line names: other people's proxies, and this one's past."""

from __future__ import annotations

import json
import shlex
from collections.abc import Collection, Sequence

from benchmarks.proxies.baseline import baseline
from benchmarks.proxies.peers import Peer, Place, configuration, proxy_command
from benchmarks.shared.template import replaced

HELP = (
    "another proxy to run beside these. It must listen on @PORT@ of 127.0.0.1, or NAME "
    "is NAME:PORT for one that cannot be told; @STUB_A@ (clip) and @STUB_B@ (faces) "
    "are the ports of the ML servers there. It runs in a directory with a config.json "
    "of the form that this proxy and the Go original read. There is no shell; "
    "variables by env: 'other=env LISTEN=:@PORT@ /path/to/it'"
)


def other_peer(text: str, known: Collection[str]) -> Peer:
    """Return the peer that ``NAME=COMMAND`` or ``NAME:PORT=COMMAND`` describes.

    What it routes where is not checked: it need not read bodies. Raises SystemExit,
    saying what would be right.
    """
    called, _, command = text.partition("=")
    name, colon, port = called.strip().partition(":")
    wrong = None
    if not name or not command.strip() or (colon and not port.isdigit()):
        wrong = "must be NAME=COMMAND, or NAME:PORT=COMMAND"
    elif name in known:
        wrong = f"{name} is one of {', '.join(known)} already"
    elif not colon and "@PORT@" not in command:
        wrong = f"COMMAND must say where it listens, @PORT@; else {name}:PORT=COMMAND"
    if wrong is not None:
        raise SystemExit(f"--peer {text}: {wrong}")

    def words(place: Place) -> Sequence[str]:
        config = place.directory / "config.json"
        config.write_text(json.dumps(configuration(place)), "utf-8")
        values = {
            "PORT": place.port,
            "STUB_A": place.stub_a,
            "STUB_B": place.stub_b,
        }
        return [replaced(word, values) for word in shlex.split(command)]

    return Peer(name, words, reads_body=False, port=int(port) if colon else 0)


def baseline_peer(commit: str) -> Peer:
    """Return this proxy as it was at ``commit``; raises SystemExit as `baseline`."""
    proxy = baseline(commit)

    def words(place: Place) -> Sequence[str]:
        return proxy_command(place, proxy.python)

    return Peer(commit, words, reads_body=True, checkout=proxy.checkout)
