"""Any bytes, cut anywhere: a whole answer or a clean failure, and the same one."""

from __future__ import annotations

import string

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.upstream.reading import BODY, CHUNKS, OK, read
from tests.upstream.servers import SERVERS

CUTS = st.sets(st.integers(1, 400), max_size=12)
#: What answers are made of, right and wrong.
FRAGMENTS = st.sampled_from(
    [
        OK, b"HTTP/1.0 200 OK\r\n", b"HTTP/1.1 204 No\r\n", b"HTTP/1.1 100 C\r\n\r\n",
        b"HTTP/1.1 101 S\r\n", b"Content-Length: 17\r\n", b"Content-Length: 3\r\n",
        b"Transfer-Encoding: chunked\r\n", b"Transfer-Encoding: gzip\r\n",
        b"Connection: close\r\n", b"X: y\r\n", b"\r\n", b"\r\n\r\n", b"\n", b"\r", b"",
        BODY, CHUNKS, b"3\r\nabc\r\n", b"0\r\n", b"0\r\n\r\n", b"abc", b": ", b"\x00",
    ]
)  # fmt: skip


@given(st.binary(max_size=300), CUTS)
def test_any_bytes_are_read_the_same_in_any_pieces(said: bytes, cuts: set[int]) -> None:
    """They give a whole answer or a failure that says why, never anything else."""
    assert read(said, cuts) == read(said)


@settings(max_examples=200)
@given(st.lists(FRAGMENTS, max_size=10).map(b"".join), CUTS)
def test_so_is_what_looks_like_an_answer(said: bytes, cuts: set[int]) -> None:
    """Parts of answers come together as no server would have them."""
    whole = read(said)
    assert read(said, cuts) == whole
    assert read(said, range(len(said))) == whole


@settings(max_examples=200)
@given(
    st.sampled_from([said for said, _ in SERVERS.values()]),
    st.integers(0, 400),
    st.integers(0, 3),
    st.binary(max_size=3),
    CUTS,
)
def test_so_is_an_answer_that_was_damaged(
    said: bytes, place: int, length: int, instead: bytes, cuts: set[int]
) -> None:
    """A few bytes are lost, added or changed somewhere."""
    damaged = said[:place] + instead + said[place + length :]
    assert read(damaged, cuts) == read(damaged)


NAMES = st.text(string.ascii_letters + "-", min_size=1, max_size=12).map("X-{}".format)
VALUES = st.text(string.ascii_letters + " ,;=/", max_size=20).map(str.strip)


@given(
    st.integers(200, 999).filter(lambda status: status not in (204, 304)),
    st.dictionaries(NAMES, VALUES, max_size=5),
    st.lists(st.binary(min_size=1, max_size=80), max_size=5),
    st.sampled_from(["length", "chunks", "close"]),
    CUTS,
)
def test_what_was_sent_is_what_is_read(
    status: int,
    fields: dict[str, str],
    parts: list[bytes],
    framing: str,
    cuts: set[int],
) -> None:
    """Status, headers and body, with each way to tell where it ends."""
    lines = [f"HTTP/1.1 {status} So", *(f"{n}: {v}" for n, v in fields.items())]
    body = b"".join(parts)
    sent = body
    if framing == "length":
        lines.append(f"Content-Length: {len(body)}")
    elif framing == "chunks":
        lines.append("Transfer-Encoding: chunked")
        sent = b"".join(b"%x\r\n%b\r\n" % (len(part), part) for part in (*parts, b""))
    said = "\r\n".join([*lines, "", ""]).encode() + sent
    whole = read(said, cuts)
    assert whole.said is not None, whole.failed
    assert (whole.said[0], whole.said[2]) == (status, body)
    got = {name.lower(): values for name, values in whole.said[1]}
    for name, value in fields.items():
        assert value.encode() in got[name.lower().encode()]
    assert whole.kept == (framing != "close")
