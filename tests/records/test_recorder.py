"""What is recorded, for how long, and what is not."""

from __future__ import annotations

import json
import tracemalloc
from collections.abc import Sequence
from typing import Any, Literal, NoReturn

import msgspec
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from immich_ml_proxy.errors import BadRequest
from immich_ml_proxy.records import recorder as recorder_module
from immich_ml_proxy.records.excerpt import SHOWN_BYTES
from immich_ml_proxy.records.record import (
    SHOWN_CHARACTERS,
    SHOWN_HEADERS,
    Headers,
    RequestSeen,
    ResponseSeen,
)
from immich_ml_proxy.records.recorder import MAX_UNWRITTEN, RECORD_OVERHEAD, Recorder

NOW = 1769860800.25  # 2026-01-31 12:00:00.250 UTC


def put(
    recorder: Recorder,
    *,
    now: float = NOW,
    duration: float = 0.0417,
    type: Literal["incoming", "outgoing"] = "incoming",
    trace_id: str = "trace",
    backend: str | None = None,
    method: str = "GET",
    url: str = "/ping",
    headers: Headers = (),
    chunks: Sequence[bytes] = (),
    size: int | None = None,
    response: ResponseSeen | None = None,
    error: str | None = None,
) -> None:
    """Record an exchange of which only a detail matters."""
    recorder.record(
        now=now,
        duration=duration,
        type=type,
        trace_id=trace_id,
        backend=backend,
        request=RequestSeen(method, url, headers, chunks, size),
        response=response,
        error=error,
    )


def recorded_headers(*headers: tuple[bytes, bytes]) -> dict[str, list[str]]:
    recorder = Recorder(enabled=True)
    put(recorder, headers=headers)
    return recorder.records()[0].request.headers


def test_a_record_has_the_documented_shape() -> None:
    """The names and the nesting are those that the pages and the README know."""
    recorder = Recorder(enabled=True)
    recorder.record(
        now=NOW,
        duration=0.0417,
        type="outgoing",
        trace_id="4f1c",
        backend="gpu",
        request=RequestSeen(
            method="POST",
            url="http://gpu:3003/predict",
            headers=[(b"Content-Type", b"text/plain"), (b"Accept", b"*/*")],
            chunks=[b"hel", b"lo"],
        ),
        response=ResponseSeen(
            status_code=200,
            headers=[(b"content-type", b"application/json")],
            chunks=[b'{"clip":', b'"[0.1]"}'],
        ),
        error=None,
    )
    expected: Any = [
        {
            "id": 1,
            "timestamp": "2026-01-31T12:00:00.250Z",
            "type": "outgoing",
            "traceId": "4f1c",
            "backend": "gpu",
            "request": {
                "method": "POST",
                "url": "http://gpu:3003/predict",
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
    assert msgspec.json.decode(recorder.to_json()) == expected
    assert msgspec.json.decode(msgspec.json.encode(recorder.records())) == expected


def test_a_record_without_an_answer_has_the_error() -> None:
    """No answer is null; the reason stands beside it."""
    recorder = Recorder(enabled=True)
    put(recorder, error="connection refused")
    (record,) = recorder.records()
    assert (record.response, record.error) == (None, "connection refused")
    assert (record.backend, record.request.body) == (None, None)


def test_a_timestamp_is_utc_with_milliseconds_even_on_the_full_second() -> None:
    """Every timestamp has the same form, so that text order is time order."""
    recorder = Recorder(enabled=True)
    put(recorder, now=0.0)
    assert recorder.records()[0].timestamp == "1970-01-01T00:00:00.000Z"


class Untouchable(Sequence[Any]):
    """Fails when it is looked at."""

    def __getitem__(self, index: object) -> NoReturn:
        raise AssertionError("looked at while debug is off")

    def __len__(self) -> NoReturn:
        raise AssertionError("looked at while debug is off")


def test_nothing_is_recorded_or_looked_at_while_off() -> None:
    """Off is the default, and costs neither memory nor time."""
    recorder = Recorder()
    answer = ResponseSeen(200, Untouchable(), Untouchable())
    put(recorder, headers=Untouchable(), chunks=Untouchable(), response=answer)
    assert (recorder.record_count, recorder.held_bytes) == (0, 0)
    assert recorder.to_json() == b"[]"


def test_switching_off_keeps_what_was_recorded() -> None:
    """What was caught can be read in peace."""
    recorder = Recorder(enabled=True)
    put(recorder)
    recorder.enabled = False
    put(recorder)
    assert [record.id for record in recorder.records()] == [1]


def test_records_come_oldest_first_and_the_oldest_goes_first() -> None:
    """The number of records is bounded; the newest stay."""
    recorder = Recorder(enabled=True, max_records=3)
    for number in range(5):
        put(recorder, trace_id=str(number))
    assert [record.trace_id for record in recorder.records()] == ["2", "3", "4"]
    assert recorder.record_count == 3


def test_fewer_records_drop_the_oldest_at_once_and_more_leave_room() -> None:
    """A new bound holds as soon as it is set."""
    recorder = Recorder(enabled=True, max_records=5)
    for _ in range(5):
        put(recorder)
    recorder.max_records = 2
    assert [record.id for record in recorder.records()] == [4, 5]
    recorder.max_records = 3
    put(recorder)
    put(recorder)
    assert [record.id for record in recorder.records()] == [5, 6, 7]


@pytest.mark.parametrize("number", [0, -1, 10_001])
def test_a_bound_out_of_range_is_refused_and_changes_nothing(number: int) -> None:
    """1 to 10,000 records; the refusal says so and is a 400."""
    recorder = Recorder(max_records=7)
    with pytest.raises(
        BadRequest, match="maxRecords: must be a number from 1 to 10000"
    ):
        recorder.max_records = number
    assert recorder.max_records == 7
    with pytest.raises(BadRequest):
        Recorder(max_records=number)


@pytest.mark.parametrize("number", [1, 10_000])
def test_the_ends_of_the_range_are_in_it(number: int) -> None:
    """Both bounds that the API names may be set."""
    assert Recorder(max_records=number).max_records == number


def test_clear_forgets_the_records_but_not_the_ids() -> None:
    """An id is never given twice, so that a page can tell new records from old."""
    recorder = Recorder(enabled=True)
    put(recorder)
    put(recorder)
    recorder.clear()
    assert (recorder.records(), recorder.held_bytes) == ([], 0)
    put(recorder)
    assert [record.id for record in recorder.records()] == [3]


def test_bytes_are_bounded_as_well_as_the_number() -> None:
    """Many large records push each other out before the number is reached."""
    recorder = Recorder(enabled=True, max_records=1000, max_bytes=1_000_000)
    headers = [(b"Content-Type", b"text/plain")]
    for _ in range(50):
        put(recorder, headers=headers, chunks=[b"x" * 200_000])
    assert recorder.held_bytes <= 1_000_000
    # 64 KB are shown of each, and 15 such fit.
    assert [record.id for record in recorder.records()] == list(range(36, 51))


def test_what_is_held_is_the_size_of_the_json() -> None:
    """Sizes are known, not estimated."""
    recorder = Recorder(enabled=True)
    for _ in range(3):
        put(recorder, chunks=["😀".encode() * 1000])
    json = recorder.to_json()
    brackets_and_commas = 4
    assert recorder.held_bytes == len(json) - brackets_and_commas + 3 * RECORD_OVERHEAD


def test_a_record_over_the_bound_by_itself_is_dropped_and_spares_the_others() -> None:
    """One giant does not empty the recorder."""
    recorder = Recorder(enabled=True, max_bytes=10_000)
    put(recorder)
    put(recorder, chunks=[b"x" * 20_000])
    put(recorder)
    assert [record.id for record in recorder.records()] == [1, 3]


def test_the_largest_record_is_small_beside_the_default_bound() -> None:
    """No client and no backend can fill the records with one exchange."""
    recorder = Recorder(enabled=True)
    worst = b"\x01" * 100_000  # six characters each in JSON
    headers = [(b"Content-Type", b"text/plain"), *[(worst, worst)] * 1000]
    put(
        recorder,
        method=worst.decode(),
        url=worst.decode(),
        headers=headers,
        chunks=[worst],
        response=ResponseSeen(200, headers, [worst]),
        error=worst.decode(),
        backend=worst.decode(),
        trace_id=worst.decode(),
    )
    assert recorder.record_count == 1
    assert recorder.held_bytes < 8 * 1024 * 1024


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


def test_no_secret_of_an_exchange_is_recorded_anywhere() -> None:
    """URL, headers, bodies and the error of both directions are masked."""
    recorder = Recorder(enabled=True)
    secret = b"hunter2"
    put(
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
    assert recorder.record_count == 1
    assert secret not in recorder.to_json()


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
    (record,) = msgspec.json.decode(recorder.to_json())
    for message, size in ((record["request"], 50), (record["response"], 100)):
        assert message["body"] == {
            "kind": "binary",
            "size": size,
            "contentType": "image/jpeg",
            "sha256": None,
            "note": "only the first 3 bytes were kept",
        }


def test_headers_may_come_from_an_iterator() -> None:
    """Headers are walked once, so a generator will do."""
    recorder = Recorder(enabled=True)
    put(recorder, headers=iter([(b"Content-Type", b"image/gif")]), chunks=[b"GIF"])
    (record,) = msgspec.json.decode(recorder.to_json())
    assert record["request"]["headers"] == {"Content-Type": ["image/gif"]}
    assert record["request"]["body"]["contentType"] == "image/gif"


def test_a_body_is_shown_up_to_its_limit() -> None:
    """A record holds no more of a body than its description does."""
    recorder = Recorder(enabled=True)
    put(recorder, chunks=[b"x" * 1000] * 4000)
    (record,) = msgspec.json.decode(recorder.to_json())
    assert len(record["request"]["body"]["text"]) == SHOWN_BYTES
    assert record["request"]["body"]["size"] == 4_000_000


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
    (record,) = recorder.records()
    assert msgspec.json.encode([record]) == recorder.to_json()


@given(
    max_bytes=st.integers(0, 5000),
    steps=st.lists(
        st.one_of(
            st.integers(0, 4000).map(lambda size: ("put", size)),
            st.integers(1, 8).map(lambda number: ("max_records", number)),
            st.just(("clear", 0)),
        ),
        max_size=30,
    ),
)
def test_both_bounds_hold_at_every_moment(
    max_bytes: int, steps: list[tuple[str, int]]
) -> None:
    """The records are always the newest ones that fit, and are counted right."""
    recorder = Recorder(enabled=True, max_records=4, max_bytes=max_bytes)
    for step, number in steps:
        if step == "put":
            put(recorder, chunks=[b"x" * number])
        elif step == "max_records":
            recorder.max_records = number
        else:
            recorder.clear()
        records = recorder.records()
        held = sum(len(msgspec.json.encode(each)) + RECORD_OVERHEAD for each in records)
        assert recorder.held_bytes == held <= max_bytes
        assert recorder.record_count == len(records) <= recorder.max_records
        ids = [record.id for record in records]
        assert ids == sorted(set(ids))


def test_the_last_records_are_served() -> None:
    """As many as are asked for, oldest first, and no more than 16 MB but for one."""
    recorder = Recorder(enabled=True)
    for number in range(5):
        put(recorder, url=f"/{number}")

    def served(*last: int) -> list[str]:
        return [one["request"]["url"] for one in json.loads(recorder.to_json(*last))]

    assert served() == ["/0", "/1", "/2", "/3", "/4"]
    assert served(2) == ["/3", "/4"]
    assert served(1) == ["/4"]
    assert served(99) == served()


def test_one_answer_holds_so_many_bytes_of_records(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The last ones are what people look for."""
    recorder = Recorder(enabled=True)
    for number in range(5):
        put(recorder, url=f"/{number}")
    size = len(recorder.to_json(1))
    monkeypatch.setattr(recorder_module, "MAX_SERVED", 2 * size)
    assert len(json.loads(recorder.to_json())) == 2
    monkeypatch.setattr(recorder_module, "MAX_SERVED", 10)
    assert len(json.loads(recorder.to_json())) == 1


def picture(number: int, size: int = 300_000) -> dict[str, Any]:
    """Return what is told of an exchange with a picture."""
    return {
        "now": float(number),
        "duration": 0.1,
        "type": "incoming",
        "trace_id": f"trace-{number}",
        "backend": "gpu",
        "request": RequestSeen("POST", "/predict", (), [bytes(size)]),
        "response": None,
        "error": None,
    }


def test_what_nobody_looks_at_is_dropped_unwritten() -> None:
    """To digest a picture takes as long as to pass it on."""
    recorder = Recorder(enabled=True, max_records=10)
    for number in range(1000):
        recorder.record(**picture(number, 1_000_000))
    recorder.max_records = 5
    assert [one.trace_id for one in recorder.records()] == [
        f"trace-{number}" for number in range(995, 1000)
    ]
    assert recorder.record_count == 5
    recorder.record(**picture(1000))
    assert [one.trace_id for one in recorder.records()][-2:] == [
        "trace-999",
        "trace-1000",
    ]


def test_what_is_held_to_be_written_is_bounded() -> None:
    """Beyond that the oldest are written, and their pictures let go."""
    recorder = Recorder(enabled=True, max_records=1000)
    tracemalloc.start()
    for number in range(100):
        recorder.record(**picture(number, 1_000_000))
    held, _ = tracemalloc.get_traced_memory()
    assert held < MAX_UNWRITTEN + 2_000_000
    assert recorder.record_count == 100
    held, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert held < 1_000_000
    recorder.record(**picture(100))
    recorder.clear()
    assert (recorder.records(), recorder.held_bytes) == ([], 0)
