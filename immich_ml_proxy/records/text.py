"""Text that was sent by strangers, as it can stand in JSON and in a line."""

from __future__ import annotations

from immich_ml_proxy.records.excerpt import label
from immich_ml_proxy.records.masking import mask_text


def without_surrogates(text: str) -> str:
    """Return it without lone surrogates, which JSON in UTF-8 cannot hold."""
    return text if text.isascii() else text.encode("utf-8", "replace").decode("utf-8")


def shown(text: str, length: int) -> str:
    """Return its beginning, secrets masked."""
    return label(without_surrogates(mask_text(text[: 2 * length])), length)
