"""Why a request was sent to a server, in a word and in a sentence."""

from __future__ import annotations

from typing import Final

FIRST: Final = "first"
FAILOVER: Final = "failover"
OPINION: Final = "second opinion"
AGAIN: Final = "again"
HEDGE: Final = "hedge"
SLOW: Final = "slow"
DOUBT: Final = "doubt"


def in_words(why: str, before: str | None, reason: str | None) -> str:
    """
    Return it as a sentence; empty where there is nothing to be told.

    :param before: the server that was asked before.
    :param reason: what came of that, in words that follow its name.
    """
    if why in ("", FIRST):
        return ""
    name = before or "the machine before"
    told = f"{name} {reason}" if reason else f"{name} gave no answer"
    return {
        FAILOVER: f"Asked because {told}.",
        OPINION: f"Asked for a second opinion: {told}.",
        AGAIN: f"Asked again after a pause: {told}.",
        HEDGE: f"Asked beside {name}, which had not answered this search yet.",
        SLOW: f"Asked beside {name}, which took long for such a request.",
        DOUBT: f"Asked beside {name}, which no longer answered its pings.",
    }.get(why, "")
