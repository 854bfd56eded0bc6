"""
What counts as a secret in a debug record, and how it is blotted out.

A name tells: a header, query parameter, form field or JSON key whose name is, or
contains, one of ``_SECRET_WORDS``. Besides these, the ``user:password@`` of a URL.
Masking errs on the side of hiding too much; it searches text, which may be cut short
or broken, and so parses nothing. Its cost is linear in the length of the text.
"""

from __future__ import annotations

import re
from urllib.parse import unquote_plus

MASK = "***"

# Compared in lower case and without "-" and "_", so that "api" + "key" is found in
# X-Api-Key, apiKey and API_KEY alike. "cookie" includes Set-Cookie, "authorization"
# Proxy-Authorization.
_SECRET_WORDS = (
    "apikey",
    "authkey",
    "authorization",
    "cookie",
    "credential",
    "passphrase",
    "passwd",
    "password",
    "secret",
    "token",
)

_USER_IN_URL = re.compile(r"//[^/?#]*@")
# In running text a URL ends at a space or a quote: the "@" must not be another one's.
_USER_IN_TEXT = re.compile(r'//[^/?#\s"<>]*@')
_PAIR = re.compile(r"(?:^|[\s?&;#])([^\s?&;#=]+)=")
_PAIR_END_IN_URL = re.compile(r"[&#]")
_PAIR_END_IN_TEXT = re.compile(r'[\s&#"<>]')
# A key and its string (possibly cut off by the end of the text), number or literal.
_JSON_MEMBER = re.compile(
    r'"([^"\\]+)"\s*:\s*("(?:[^"\\]++|\\.)*+(?:"|\\?\Z)|[^\s"\[\]{},]+)', re.DOTALL
)


def is_secret(name: str) -> bool:
    """Whether what goes by this name must not be shown."""
    if "%" in name:
        name = unquote_plus(name)
    plain = name.lower().replace("-", "").replace("_", "")
    return any(word in plain for word in _SECRET_WORDS)


def mask_url(url: str) -> str:
    """
    The URL, absolute or not, without its user and password and without the values
    of secret parameters.
    """
    return _mask_pairs(_USER_IN_URL.sub(f"//{MASK}@", url), _PAIR_END_IN_URL)


def mask_text(text: str) -> str:
    """
    The text without the users of its URLs and without the values of secret
    ``name=value`` pairs and JSON members; lists and objects under a secret key are
    left as they are.
    """
    text = _USER_IN_TEXT.sub(f"//{MASK}@", text)
    # Most texts (embeddings above all) hold no such word: look at none of their pairs.
    if not is_secret(text):
        return text
    return _mask_pairs(_JSON_MEMBER.sub(_mask_member, text), _PAIR_END_IN_TEXT)


def _mask_member(found: re.Match[str]) -> str:
    if not is_secret(found[1]):
        return found[0]
    return found[0][: found.start(2) - found.start()] + f'"{MASK}"'


def _mask_pairs(text: str, pair_end: re.Pattern[str]) -> str:
    """
    Replace the values of secret pairs. Such a value goes on to ``pair_end`` even over
    a ";", which separates pairs for some servers and belongs to the value for others.
    """
    pieces = []
    done = 0
    for found in _PAIR.finditer(text):
        if found.start() < done or not is_secret(found[1]):
            continue
        pieces += [text[done : found.end()], MASK]
        end = pair_end.search(text, found.end())
        done = end.start() if end else len(text)
    return "".join(pieces) + text[done:]
