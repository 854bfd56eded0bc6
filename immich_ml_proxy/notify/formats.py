"""
How those who want to know are written to.

``json`` is an object with all that is known. ``ntfy`` takes the sentence as the body,
and title, priority and tags as headers. A webhook of Home Assistant takes an object,
which an automation finds as ``trigger.json``.
"""

from __future__ import annotations

from base64 import b64encode

import msgspec

from immich_ml_proxy.config.notify import Target
from immich_ml_proxy.observe.incidents import Notice

#: Priority from 1 to 5, and tags, which ntfy shows as signs, by event.
_NTFY = {
    "down": ("4", "rotating_light"),
    "back": ("3", "white_check_mark"),
    "held": ("4", "hourglass_flowing_sand"),
    "released": ("3", "white_check_mark"),
    "saved": ("2", "floppy_disk"),
    "test": ("3", "wave"),
}


def written(
    notice: Notice, target: Target, unix: float
) -> tuple[dict[str, str], bytes]:
    """
    Return the headers and the body of a message.

    :param unix: when it happened, in Unix seconds.
    """
    if target.format == "ntfy":
        priority, tags = _NTFY[notice.event]
        ours = {
            "Content-Type": "text/plain; charset=utf-8",
            "Title": _in_ascii(notice.title),
            "Priority": priority,
            "Tags": tags,
        }
        body = notice.text.encode()
    else:
        ours = {"Content-Type": "application/json"}
        told = {
            "source": "immich-ml-proxy",
            "event": notice.event,
            "title": notice.title,
            "message": notice.text,
            "machine": notice.machine,
            "time": round(unix, 1),
        }
        body = msgspec.json.encode(told)
    own = {name.lower() for name in target.headers}
    kept = {name: value for name, value in ours.items() if name.lower() not in own}
    return {**kept, **target.headers}, body


def _in_ascii(text: str) -> str:
    """Return text as a header can have it (RFC 2047), if it must."""
    if text.isascii() and text.isprintable():
        return text
    return f"=?UTF-8?B?{b64encode(text.encode()).decode('ascii')}?="
