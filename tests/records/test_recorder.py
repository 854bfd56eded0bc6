"""What is recorded, for how long, and what is not."""

from __future__ import annotations

import tracemalloc
from collections.abc import Sequence
from hashlib import sha256
from typing import Any, NoReturn

import msgspec
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from immich_ml_proxy.errors import BadRequest
from immich_ml_proxy.records.content import MAX_BODY, FormSeen
from immich_ml_proxy.records.excerpt import SHOWN_BYTES
from immich_ml_proxy.records.kept import Kept
from immich_ml_proxy.records.record import GONE, SHOWN_CHARACTERS, SHOWN_HEADERS
from immich_ml_proxy.records.recorder import Recorder
from immich_ml_proxy.records.seen import Asking, RequestSeen, ResponseSeen
from tests.records.reading import records_of, text_of
from tests.records.recording import (
    FORM_HEADERS,
    JSON_HEADERS,
    put,
    put_photo,
    went_out,
)


def recorded_headers(*headers: tuple[bytes, bytes]) -> dict[str, list[str]]:
    recorder = Recorder(enabled=True)
    put(recorder, headers=headers)
    return records_of(recorder)[0].request.headers


def test_a_record_has_the_documented_shape() -> None:
    """The names and the nesting are those that scripts and the README know."""
    recorder = Recorder(enabled=True)
    put(
        recorder,
        trace_id="4f1c",
        backend="gpu",
        method="POST",
        url="/elsewhere",
        headers=[(b"Content-Type", b"text/plain"), (b"Accept", b"*/*")],
        chunks=[b"hel", b"lo"],
        response=ResponseSeen(
            status_code=200,
            headers=[(b"content-type", b"application/json")],
            chunks=[b'{"clip":', b'"[0.1]"}'],
        ),
    )
    expected: Any = [
        {
            "id": 2,
            "timestamp": "2026-01-31T12:00:00.250Z",
            "type": "incoming",
            "traceId": "4f1c",
            "backend": "gpu",
            "request": {
                "method": "POST",
                "url": "/elsewhere",
                "headers": {"Content-Type": ["text/plain"], "Accept": ["*/*"]},
                "body": {
                    "kind": "text",
                    "text": "hello",
                    "size": 5,
                    "truncated": False,
                },
            },
            "response": {
                "statusCode": 200,
                "headers": {"content-type": ["application/json"]},
                "body": {
                    "kind": "text",
                    "text": '{"clip":"[0.1]"}',
                    "size": 16,
                    "truncated": False,
                },
            },
            "error": None,
            "durationMs": 41.7,
        }
    ]
    assert msgspec.json.decode(text_of(recorder)) == expected
    assert msgspec.json.decode(msgspec.json.encode(records_of(recorder))) == expected


def test_what_went_out_stands_before_what_it_was_for() -> None:
    """With the same trace, and with the body that it was sent."""
    recorder = Recorder(enabled=True)
    row = recorder.begin(100.0, 7.0, "trace", "POST", "/predict")
    whole = (
        b'--x\r\nContent-Disposition: form-data; name="entries"\r\n\r\n{}\r\n--x--\r\n'
    )
    splice = whole.index(b"{"), whole.index(b"}") + 1, b'{"ocr": {}}'
    went_out(recorder, row, "nas", at=7.5, error="connection refused")
    went_out(recorder, row, "gpu", at=8.0, splice=splice, response=ResponseSeen(200))

    recorder.end(
        row,
        duration=2.0,
        request=RequestSeen("POST", "/predict", FORM_HEADERS, [whole]),
        response=ResponseSeen(200),
        error=None,
    )
    first, second, own = records_of(recorder)
    assert {one.trace_id for one in (first, second, own)} == {"trace"}
    assert [one.type for one in (first, second, own)] == ["outgoing"] * 2 + ["incoming"]
    assert (first.backend, first.error, first.response) == (
        "nas",
        "connection refused",
        None,
    )
    assert first.timestamp == "1970-01-01T00:01:40.500Z"
    assert second.request.url == "http://gpu:3003/predict"
    assert [one.backend for one in (second, own)] == ["gpu", None]
    assert first.id < second.id < own.id


def test_a_record_without_an_answer_has_the_error() -> None:
    """No answer is null; the reason stands beside it."""
    recorder = Recorder(enabled=True)
    put(recorder, error="the client closed the connection")
    (record,) = records_of(recorder)
    assert (record.response, record.error) == (
        None,
        "the client closed the connection",
    )
    assert (record.backend, record.request.body) == (None, None)


def test_a_timestamp_is_utc_with_milliseconds_even_on_the_full_second() -> None:
    """Every timestamp has the same form, so that text order is time order."""
    recorder = Recorder(enabled=True)
    put(recorder, now=0.0)
    assert records_of(recorder)[0].timestamp == "1970-01-01T00:00:00.000Z"


class Untouchable(Sequence[Any]):
    """Fails when it is looked at."""

    def __getitem__(self, index: object) -> NoReturn:
        raise AssertionError("looked at while debug is off")

    def __len__(self) -> NoReturn:
        raise AssertionError("looked at while debug is off")


def test_nothing_is_recorded_or_looked_at_while_off() -> None:
    """What began before it was switched off is forgotten, too."""
    recorder = Recorder()
    answer = ResponseSeen(200, Untouchable(), Untouchable())
    put(recorder, headers=Untouchable(), chunks=Untouchable(), response=answer)
    went_out(recorder, None, response=answer, chunks=Untouchable())
    assert (len(recorder.kept), recorder.kept.bytes) == (0, 0)
    assert recorder.kept.by_number == {}
    assert text_of(recorder) == b"[]"


def test_switching_off_keeps_what_was_recorded() -> None:
    """What was caught can be read in peace."""
    recorder = Recorder(enabled=True)
    row = put(recorder)
    recorder.enabled = False
    put(recorder)
    assert [record.id for record in records_of(recorder)] == [row.record]


def test_the_oldest_goes_first() -> None:
    """The number of rows is bounded; the newest stay."""
    recorder = Recorder(enabled=True, kept=Kept(3))
    for number in range(5):
        put(recorder, trace_id=str(number))
    assert [record.trace_id for record in records_of(recorder)] == ["2", "3", "4"]
    assert (len(recorder.kept), recorder.kept.dropped) == (3, 2)
    assert len(recorder.kept.by_number) == 3


def test_fewer_rows_drop_the_oldest_at_once_and_more_leave_room() -> None:
    """A new bound holds as soon as it is set."""
    recorder = Recorder(enabled=True, kept=Kept(5))
    rows = [put(recorder) for _ in range(5)]
    recorder.kept.max_records = 2
    assert list(recorder.kept.work.rows) == rows[-2:]
    recorder.kept.max_records = 3
    rows += [put(recorder) for _ in range(2)]
    assert list(recorder.kept.work.rows) == rows[-3:]


def test_pings_and_pages_push_no_work_out() -> None:
    """They take a tenth of the rows, once there is work for all the others."""
    recorder = Recorder(enabled=True, kept=Kept(20))
    work = [put(recorder, url="/predict", method="POST") for _ in range(5)]
    for _ in range(50):
        put(recorder, url="/ping")
    assert list(recorder.kept.work.rows) == work
    assert len(recorder.kept.side) == 15
    work += [put(recorder, url="/predict", method="POST") for _ in range(50)]
    assert list(recorder.kept.work.rows) == work[-18:]
    assert len(recorder.kept.side) == 2


@pytest.mark.parametrize("number", [0, -1, 10_001])
def test_a_bound_out_of_range_is_refused_and_changes_nothing(number: int) -> None:
    """1 to 10,000 rows; the refusal says so and is a 400."""
    kept = Kept(7)
    with pytest.raises(
        BadRequest, match="maxRecords: must be a number from 1 to 10000"
    ):
        kept.max_records = number
    assert kept.max_records == 7
    with pytest.raises(BadRequest):
        Kept(number)


@pytest.mark.parametrize("number", [1, 10_000])
def test_the_ends_of_the_range_are_in_it(number: int) -> None:
    """Both bounds that the API names may be set."""
    assert Kept(number).max_records == number


def test_clear_forgets_the_rows_but_not_their_numbers() -> None:
    """None is given twice, so that a page can tell new ones from old."""
    recorder = Recorder(enabled=True)
    put(recorder)
    going = recorder.begin(0.0, 0.0, "trace", "GET", "/other")
    last = put(recorder)
    recorder.kept.clear()
    assert (records_of(recorder), recorder.kept.bytes) == ([], 0)
    assert recorder.kept.by_number == {going.number: going}
    assert put(recorder).number > last.record


def test_the_oldest_content_goes_first_and_its_row_stays() -> None:
    """With all that the list tells, and what is gone is said to be gone."""
    recorder = Recorder(enabled=True, kept=Kept(1000, max_bytes=1_000_000))
    headers = [(b"Content-Type", b"text/plain")]
    for number in range(50):
        put(
            recorder,
            headers=headers,
            chunks=[b"x" * 50_000],
            trace_id=str(number),
            response=ResponseSeen(200, headers, [b"y" * 10]),
        )
    kept = recorder.kept
    assert 900_000 < kept.bytes <= 1_000_000
    assert len(kept) == 50
    full = [row.content is not None for row in kept.work.rows]
    assert full == sorted(full)
    assert 10 < sum(full) < 50
    old, new = records_of(recorder)[0], records_of(recorder)[-1]
    told = {"kind": "binary", "contentType": None, "sha256": None, "note": GONE}
    assert msgspec.to_builtins(old.request.body) == {**told, "size": 50_000}
    assert old.response is not None
    assert msgspec.to_builtins(old.response.body) == {**told, "size": 10}
    assert (old.request.headers, old.response.status_code) == ({}, 200)
    assert new.request.headers == {"Content-Type": ["text/plain"]}


def test_pictures_go_before_the_rest_of_the_content() -> None:
    """They have a bound of their own; what was asked and answered stays."""
    recorder = Recorder(enabled=True, kept=Kept(max_picture_bytes=1_000_000))
    pictures = [bytes([65 + number]) * 300_000 for number in range(5)]
    for one in pictures:
        put_photo(recorder, one)
    assert recorder.kept.picture_bytes == 900_000
    assert recorder.kept.bytes < 920_000
    records = [msgspec.to_builtins(one) for one in records_of(recorder)]
    for number, record in enumerate(records):
        entries, image = record["request"]["body"]["parts"]
        assert '"visual"' in entries["value"]
        assert (image["size"], image["value"]) == (300_000, None)
        assert record["response"]["body"]["text"] == '{"clip":"[0.1]"}'
        due = sha256(pictures[number]).hexdigest() if number >= 2 else None
        assert (image["sha256"], image["truncated"]) == (due, number < 2)


def test_a_digest_that_was_told_is_kept() -> None:
    """Though the picture is gone meanwhile."""
    recorder = Recorder(enabled=True, kept=Kept(max_picture_bytes=1000))
    row = put_photo(recorder, b"a" * 900)
    before = records_of(recorder)
    put_photo(recorder, b"b" * 900)
    assert row.picture_bytes == 0
    after: Any = msgspec.to_builtins(records_of(recorder)[0].request.body)
    told: Any = msgspec.to_builtins(before[0].request.body)
    assert after["parts"][1]["sha256"] == told["parts"][1]["sha256"] is not None


@pytest.mark.parametrize("size", [1001, 5000])
def test_a_picture_over_the_bound_is_not_kept(size: int) -> None:
    """It spares those of the others."""
    recorder = Recorder(enabled=True, kept=Kept(max_picture_bytes=1000))
    put_photo(recorder, b"a" * 900)
    row = put_photo(recorder, b"b" * size)
    assert (row.picture_bytes, recorder.kept.picture_bytes) == (0, 0)
    assert row.content is not None
    assert sum(map(len, row.content.chunks)) < 900
    assert row.request_bytes > size


def test_an_answer_that_is_passed_on_counts_once() -> None:
    """It is one object."""
    body = b"x" * 100_000
    answer = ResponseSeen(200, JSON_HEADERS, [body])
    sizes = []
    for passed_on in (body, bytes(bytearray(body))):
        recorder = Recorder(enabled=True)
        row = recorder.begin(0.0, 0.0, "trace", "POST", "/predict")
        went_out(recorder, row, response=answer)
        own = ResponseSeen(200, JSON_HEADERS, [passed_on])

        recorder.end(
            row,
            duration=1.0,
            request=RequestSeen("POST", "/predict", FORM_HEADERS),
            response=own,
            error=None,
        )
        sizes.append(recorder.kept.bytes)
    assert sizes[1] - sizes[0] == 100_000


def test_twenty_thousand_pictures_stay_within_the_bounds() -> None:
    """In number, in bytes of all, in bytes of pictures, and in memory as measured."""
    recorder = Recorder(enabled=True)
    tracemalloc.start()
    base, _ = tracemalloc.get_traced_memory()
    answer = b"{" + b" " * 10_000 + b"}"
    whole = bytes(300_000)
    for number in range(20_000):
        row = recorder.begin(number, number, f"trace-{number}", "POST", "/predict")
        own = bytes(bytearray(answer))
        # Those before are long gone: that they are others as well takes time only.
        whole = bytes(bytearray(300_000)) if number > 19_000 else whole
        went_out(recorder, row, response=ResponseSeen(200, JSON_HEADERS, [own]))
        from immich_ml_proxy.records.seen import RequestSeen

        recorder.end(
            row,
            duration=1.0,
            request=RequestSeen("POST", "/predict", FORM_HEADERS, [whole]),
            response=ResponseSeen(200, JSON_HEADERS, [own]),
            error=None,
            form=FormSeen(b"{}", (100, 102), (200, 299_000)),
        )
    held, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    kept = recorder.kept
    assert len(kept) == 10_000
    assert kept.bytes <= 64 * 2**20
    assert kept.picture_bytes <= 16 * 2**20
    assert held - base < 1.15 * 64 * 2**20


def test_the_largest_content_is_small_beside_the_bound() -> None:
    """No client and no backend can fill the records with one exchange."""
    recorder = Recorder(enabled=True)
    worst = b"\x01" * 100_000
    headers = [(b"Content-Type", b"text/plain"), *[(b"name", b"v" * 1000)] * 1000]
    put(
        recorder,
        method=worst.decode(),
        url=worst.decode(),
        headers=headers,
        chunks=[worst] * 1000,
        response=ResponseSeen(200, headers, [worst] * 1000),
        error=worst.decode(),
        backend=worst.decode(),
        trace_id=worst.decode(),
    )
    assert len(recorder.kept) == 1
    assert recorder.kept.bytes < 8 * 1024 * 1024


def test_many_tries_are_counted_and_the_last_are_kept() -> None:
    """A request that is held for an hour may have thousands."""
    recorder = Recorder(enabled=True)
    row = recorder.begin(0.0, 0.0, "trace", "POST", "/predict")
    for number in range(500):
        went_out(recorder, row, f"gpu-{number}", at=number, error="refused")
    assert row.parts_count == 500
    assert [part.machine for part in row.parts] == [f"gpu-{n}" for n in range(450, 500)]


def test_what_ends_after_its_row_belongs_to_it() -> None:
    """A client that leaves has its requests cancelled after it is recorded."""
    recorder = Recorder(enabled=True)
    row = recorder.begin(0.0, 0.0, "trace", "POST", "/predict")

    _, part = recorder.ask(row, 0.0, 0.0, "trace", Asking("gpu", "POST", "/predict"))
    recorder.end(
        row,
        duration=1.0,
        request=RequestSeen("POST", "/predict"),
        response=None,
        error="the client closed the connection",
    )
    assert [one.type for one in records_of(recorder)] == ["incoming"]
    before = recorder.kept.bytes
    recorder.answered(
        row,
        part,
        duration=1.0,
        request=RequestSeen("POST", "http://gpu/predict", FORM_HEADERS),
        splice=None,
        is_own=False,
        response=None,
        error="cancelled: nobody waits for it",
    )
    assert [one.type for one in records_of(recorder)] == ["outgoing", "incoming"]
    assert part.outcome == "cancelled"
    assert recorder.kept.bytes > before
    recorder.kept.max_records = 1
    put(recorder)
    put(recorder)
    recorder.kept.clear()
    assert recorder.kept.bytes == 0


def test_headers_are_kept_as_they_were_sent() -> None:
    """Spelling, order and repetition of headers stay; bytes are read as Latin-1."""
    headers = recorded_headers(
        (b"X-One", b"1"), (b"accept", b"a"), (b"X-One", b"\xfc"), (b"ACCEPT", b"")
    )
    assert headers == {"X-One": ["1", "ü"], "accept": ["a"], "ACCEPT": [""]}
    assert list(headers) == ["X-One", "accept", "ACCEPT"]


def test_secrets_in_headers_are_masked() -> None:
    """Authorization and its kin are shown as stars, once for each line."""
    headers = recorded_headers(
        (b"Authorization", b"Bearer hunter2"),
        (b"cookie", b"a=hunter2"),
        (b"Set-Cookie", b"a=hunter2"),
        (b"Set-Cookie", b"b=hunter2"),
        (b"x-api-key", b"hunter2"),
        (b"Referer", b"http://me:hunter2@host/?token=hunter2"),
    )
    assert headers == {
        "Authorization": ["***"],
        "cookie": ["***"],
        "Set-Cookie": ["***", "***"],
        "x-api-key": ["***"],
        "Referer": ["http://***@host/?token=***"],
    }


def test_no_secret_of_an_exchange_is_told_anywhere() -> None:
    """URL, headers, bodies and the error of both directions are masked."""
    recorder = Recorder(enabled=True)
    secret = b"hunter2"
    row = put(
        recorder,
        url="http://me:hunter2@gpu/predict?api_key=hunter2",
        headers=[
            (b"Content-Type", b"application/x-www-form-urlencoded"),
            (b"Authorization", b"Basic " + secret),
        ],
        chunks=[b"password=" + secret],
        response=ResponseSeen(
            401,
            [(b"Content-Type", b"application/json"), (b"Set-Cookie", secret)],
            [b'{"clientSecret":"' + secret + b'"}'],
        ),
        error="http://me:hunter2@gpu/ answered 401",
    )
    assert secret not in text_of(recorder)
    assert "hunter2" not in row.path + (row.error or "")


def test_long_headers_and_many_headers_are_cut() -> None:
    """What is left out of the headers is marked or counted."""
    many = [(b"X-%d" % number, b"y" * 9999) for number in range(SHOWN_HEADERS + 7)]
    headers = recorded_headers(*many)
    assert headers["X-0"] == ["y" * (SHOWN_CHARACTERS - 1) + "…"]
    assert headers.pop("…") == ["7 more"]
    assert len(headers) == SHOWN_HEADERS


def test_the_content_type_decides_how_a_body_is_shown_whatever_its_spelling() -> None:
    """The header is found without regard to case, in both directions."""
    recorder = Recorder(enabled=True)
    headers = [(b"Host", b"gpu"), (b"CONTENT-TYPE", b"image/jpeg")]
    answer = ResponseSeen(200, headers, [b"GIF"], size=100)
    put(recorder, headers=headers, chunks=[b"GIF"], size=50, response=answer)
    (record,) = msgspec.json.decode(text_of(recorder))
    for message, size in ((record["request"], 50), (record["response"], 100)):
        assert message["body"] == {
            "kind": "binary",
            "size": size,
            "contentType": "image/jpeg",
            "sha256": None,
            "note": "only the first 3 bytes were kept",
        }


def test_a_body_is_shown_up_to_its_limit() -> None:
    """And two megabytes are kept of it."""
    recorder = Recorder(enabled=True)
    row = put(recorder, chunks=[b"x" * 1000] * 4000)
    (record,) = msgspec.json.decode(text_of(recorder))
    assert len(record["request"]["body"]["text"]) == SHOWN_BYTES
    assert record["request"]["body"]["size"] == 4_000_000
    assert recorder.kept.bytes < MAX_BODY + 10_000
    assert row.content is not None
    assert sum(map(len, row.content.chunks)) == MAX_BODY


@given(
    texts=st.tuples(*[st.text()] * 5),
    headers=st.lists(st.tuples(st.binary(max_size=20), st.binary(max_size=20))),
    body=st.binary(),
)
@example(texts=("\ud800",) * 5, headers=[], body=b"")
def test_whatever_is_seen_can_be_recorded_and_read_back(
    texts: tuple[str, str, str, str, str],
    headers: list[tuple[bytes, bytes]],
    body: bytes,
) -> None:
    """No method, URL, header, body or error breaks the record or the list of them."""
    recorder = Recorder(enabled=True)
    method, url, trace_id, backend, error = texts
    put(
        recorder,
        method=method,
        url=url,
        trace_id=trace_id,
        backend=backend,
        error=error,
        headers=headers,
        chunks=[body],
        response=ResponseSeen(200, headers, [body]),
    )
    (record,) = records_of(recorder)
    assert msgspec.json.encode([record]) == text_of(recorder)


@given(
    max_bytes=st.integers(0, 20_000),
    steps=st.lists(
        st.one_of(
            st.tuples(st.just("put"), st.integers(0, 4000)),
            st.tuples(st.just("photo"), st.integers(0, 4000)),
            st.tuples(st.just("ping"), st.integers(0, 4000)),
            st.tuples(st.just("max_records"), st.integers(1, 8)),
            st.just(("clear", 0)),
        ),
        max_size=30,
    ),
)
def test_all_bounds_hold_at_every_moment(
    max_bytes: int, steps: list[tuple[str, int]]
) -> None:
    """The rows are always the newest ones that fit, and are counted right."""
    kept = Kept(4, max_bytes, max_bytes // 3)
    recorder = Recorder(enabled=True, kept=kept)
    for step, number in steps:
        if step == "put":
            put(recorder, chunks=[b"x" * number])
        elif step == "photo":
            put_photo(recorder, b"\xff" * (number + 1))
        elif step == "ping":
            put(recorder, url="/ping", chunks=[b"x" * number])
        elif step == "max_records":
            kept.max_records = number
        else:
            kept.clear()
        rows = [*kept.work.rows, *kept.side.rows]
        held = sum(row.own_bytes + row.bytes + row.picture_bytes for row in rows)
        assert kept.bytes == held <= max_bytes
        pictures = sum(row.picture_bytes for row in rows)
        assert kept.picture_bytes == pictures <= max_bytes // 3
        assert len(kept) == len(rows) <= kept.max_records
        assert {row.number for row in rows} == set(kept.by_number)
        for ring in (kept.work, kept.side):
            assert [row.order for row in ring.rows] == sorted(
                row.order for row in ring.rows
            )
            assert list(ring.full) == [row for row in ring.rows if row.bytes]
            assert list(ring.pictured) == [
                row for row in ring.rows if row.picture_bytes
            ]


def test_the_last_records_are_told() -> None:
    """As many as are asked for, oldest first, whatever they are parts of."""
    recorder = Recorder(enabled=True)
    for number in range(5):
        row = recorder.begin(0.0, 0.0, f"{number}", "POST", "/predict")
        went_out(recorder, row, error="refused")
        recorder.forget(row)
        put(recorder, url=f"/{number}")
    put(recorder, url="/ping")

    def told(*last: int) -> list[str]:
        found = msgspec.json.decode(text_of(recorder, *last))
        return [one["request"]["url"] for one in found]

    assert told() == ["/0", "/1", "/2", "/3", "/4", "/ping"]
    assert told(2) == ["/4", "/ping"]
    assert told(1) == ["/ping"]
    assert told(99) == told()
