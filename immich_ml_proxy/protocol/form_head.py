"""
What a form says about itself and its parts: ``Content-Type``, ``Content-Disposition``.

Both are read only where there is one way to read them: parameters once, in quotes or
as they are, without escapes, and without those whose names end in ``*``.
"""

from __future__ import annotations

import re

from immich_ml_proxy.errors import BadForm

#: The two kinds of forms.
KINDS = (b"multipart/form-data", b"application/x-www-form-urlencoded")

_TOKEN = rb"[!#$%&'*+\-.^_`|~0-9A-Za-z]+"
#: Of a header, with its value in quotes or without.
_PARAMETER = rb'; *(%s)=(?:"([^"\\\x00-\x1f\x7f]*)"|(%s))' % (_TOKEN, _TOKEN)
_PARAMETERS = re.compile(_PARAMETER)
_CONTENT_TYPE = re.compile(rb"[^;]+((?:%s)*) *;? *" % _PARAMETER)
_DISPOSITION = re.compile(rb" *form-data((?:%s)+) *" % _PARAMETER, re.I)
_BOUNDARY = re.compile(rb"[!#$%&'()*+,\-./:;<=>?@^_`{|}~0-9A-Za-z ]{1,200}(?<! )")
#: A line of a part's head; a folded one begins with a space and is none.
_LINE = re.compile(rb"(%s):([^\x00-\x08\x0a-\x1f\x7f]*)" % _TOKEN)


def content_type(given: bytes) -> tuple[bytes, dict[bytes, bytes]]:
    """
    Return which of ``KINDS`` a body is, and the parameters by name in small letters.

    :raises BadForm: when it is none, or can be read in more than one way.
    """
    kind = given.partition(b";")[0].strip(b" \t").lower()
    if kind not in KINDS:
        told = kind.decode("latin-1") or "a body without Content-Type"
        raise BadForm(
            "send a form (multipart/form-data with the fields entries and image or "
            f"text), not {told}"
        )
    parsed = _CONTENT_TYPE.fullmatch(given)
    if parsed is None:
        return kind, {}
    options = _parameters(parsed[1])
    if options is None:
        raise BadForm("Content-Type: has a parameter twice, or one with * in its name")
    if options.get(b"charset", b"utf-8").lower() not in (b"utf-8", b"utf8"):
        raise BadForm("Content-Type: its charset must be utf-8")
    return kind, options


def boundary(options: dict[bytes, bytes]) -> bytes:
    """
    Return the boundary of a multipart form by its parameters.

    :raises BadForm: when it has none of 1 to 200 printable characters.
    """
    found = options.get(b"boundary", b"")
    if not _BOUNDARY.fullmatch(found):
        raise BadForm("the multipart form has no usable boundary")
    return found


def disposition(lines: bytes) -> dict[bytes, bytes]:
    """
    Return ``name`` and, of a file, ``filename`` of a part by its head.

    :raises BadForm: when it does not say them once and plainly.
    """
    found: list[bytes] = []
    for line in lines.split(b"\r\n"):
        header = _LINE.fullmatch(line)
        if header is None:
            raise BadForm("a part of the form has no proper headers")
        if header[1].lower() == b"content-disposition":
            found.append(header[2])
    parsed = _DISPOSITION.fullmatch(found[0]) if len(found) == 1 else None
    options = _parameters(parsed[1]) if parsed else None
    if not options or options.keys() - {b"filename"} != {b"name"}:
        raise BadForm(
            "every part of the form must have, once, Content-Disposition: form-data; "
            'name="..." (and filename="..." for a file), without escapes'
        )
    return options


def _parameters(text: bytes) -> dict[bytes, bytes] | None:
    """Return parameters that match; ``None`` where readers would differ on them."""
    found: dict[bytes, bytes] = {}
    for name, quoted, plain in _PARAMETERS.findall(text):
        if name.lower() in found or b"*" in name:
            return None
        found[name.lower()] = quoted or plain
    return found
