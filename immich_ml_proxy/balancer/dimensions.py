"""
How many numbers an embedding of a model has, by Immich's own list or by vote.

Embeddings of another length come from another model under the same name, and Immich
cannot use them. Where Immich's list names the model, the list holds. Where it does not,
the servers of the pool vote: each with what it answered last. Most votes win, on a tie
the number that was seen first. So a server alone is right whatever it answers.
"""

from __future__ import annotations

from collections import Counter, OrderedDict
from collections.abc import Sequence
from hashlib import blake2b

from immich_ml_proxy.protocol.models import dimensions_of

#: Models that votes are kept of; the one that was asked for longest ago goes first.
MAX_MODELS = 1000

#: Servers that a reason names.
_MAX_NAMED = 3


class Dimensions:
    """What the servers of a pool have answered, and what is right."""

    def __init__(self) -> None:
        #: By the digest of task and model: clients send names as long as they like.
        #: Then by server, the number that has stood longest first.
        self._votes: OrderedDict[bytes, dict[str, int]] = OrderedDict()

    def judge(self, server: str, task: str, model: str, count: int) -> str | None:
        """
        Take in what ``server`` answered; return what is wrong with it, in words.

        :param server: its name.
        :param count: how many numbers its embedding has.
        """
        listed = dimensions_of(model)
        if listed is not None:
            return None if count == listed else _told(count, model, "has", listed)
        votes = self._votes_on(task, model)
        if votes.get(server) != count:
            # One that changes its mind comes after those that stand by theirs.
            votes.pop(server, None)
            votes[server] = count
        right = _winner(votes)
        if count == right:
            return None
        agreeing = [name for name, vote in votes.items() if vote == right]
        verb = "answers" if len(agreeing) == 1 else "answer"
        return _told(count, _listed(agreeing), verb, right)

    def forget(self, server: str) -> None:
        """Withdraw what ``server`` answered: its URL changed, or it is gone."""
        for key, votes in list(self._votes.items()):
            votes.pop(server, None)
            if not votes:
                del self._votes[key]

    def _votes_on(self, task: str, model: str) -> dict[str, int]:
        key = _digest(task, model)
        votes = self._votes.setdefault(key, {})
        self._votes.move_to_end(key)
        if len(self._votes) > MAX_MODELS:
            self._votes.popitem(last=False)
        return votes


def _winner(votes: dict[str, int]) -> int:
    # Of equal counts, the first that was put in is returned.
    [(right, _)] = Counter(votes.values()).most_common(1)
    return right


def _digest(task: str, model: str) -> bytes:
    text = f"{len(task)} {task} {model}".encode()
    return blake2b(text, digest_size=16).digest()


def _told(count: int, who: str, verb: str, right: int) -> str:
    return (
        f"answers {count} numbers where {who} {verb} {right}: "
        "another model under this name"
    )


def _listed(names: Sequence[str]) -> str:
    """Return ``nas``, ``nas and mac``, ``nas, mac and 4 others``."""
    if len(names) == 1:
        return names[0]
    if len(names) <= _MAX_NAMED:
        return f"{', '.join(names[:-1])} and {names[-1]}"
    others = len(names) - _MAX_NAMED + 1
    return f"{', '.join(names[: _MAX_NAMED - 1])} and {others} others"
