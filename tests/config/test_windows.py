"""When a backend is used: what is written, and what that comes to by the clock."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from immich_ml_proxy.config import windows
from immich_ml_proxy.config.windows import DAY, DAYS, WEEK, Windows
from immich_ml_proxy.errors import ConfigError

Local = Callable[[float], datetime]
#: Places whose clocks are set in unlike ways: by an hour, by half of one, in the other
#: half of the year, at midnight, never.
ZONES = (
    "Europe/Berlin",
    "America/New_York",
    "Australia/Lord_Howe",
    "America/Santiago",
    "Africa/Cairo",
    "Asia/Kolkata",
)


def local(zone: str) -> Local:
    """Return what a clock in a zone shows."""
    info = ZoneInfo(zone)
    return lambda unix: datetime.fromtimestamp(unix, info).replace(tzinfo=None)


def at(zone: str, text: str) -> float:
    """Return the first Unix time at which a clock in a zone shows this."""
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)).timestamp()


def of(*texts: str) -> Windows:
    """Return the windows that are written; there must be some."""
    read = windows.read(texts, "windows")
    assert read is not None
    return read


def is_open(text: str, shown: datetime) -> bool:
    """The same as one window says, worked out from the text, the long way."""
    days, _, hours = text.rpartition(" ")
    begin, end = (
        int(one[:2]) * 60 + int(one[3:]) for one in hours.replace(" ", "").split("-")
    )
    minute = shown.hour * 60 + shown.minute

    def begins(day: int) -> bool:
        if not days:
            return True
        for part in days.split(","):
            first, _, last = part.partition("-")
            one = DAYS.index(first)
            while True:
                if one == day % 7:
                    return True
                if DAYS[one] == (last or first):
                    break
                one = (one + 1) % 7
        return False

    today = begins(shown.weekday())
    if begin < end:
        return today and begin <= minute < end
    return (today and minute >= begin) or (begins(shown.weekday() - 1) and minute < end)


def brute(texts: list[str], unix: float, clock: Local) -> float | None:
    """Return when they open or close next, by looking at every minute."""
    now = any(is_open(one, clock(unix)) for one in texts)
    minute = int(unix // 60) + 1
    for later in range(minute, minute + WEEK + 2 * DAY):
        if any(is_open(one, clock(later * 60.0)) for one in texts) != now:
            return later * 60.0
    return None


# --- What is written ------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "spans"),
    [
        ("Mon 08:00-12:30", ((480, 750),)),
        ("sun 22:00-07:00", ((0, 420), (6 * DAY + 1320, WEEK))),
        ("Mon-Sun 00:00-24:00", ((0, WEEK),)),
        (" SAT , Sun   0:00 - 24:00 ", ((5 * DAY, WEEK),)),
        ("Sat-Mon 10:00-11:00", ((600, 660), (7800, 7860), (9240, 9300))),
        ("Tue 23:59-00:00", ((2 * DAY - 1, 2 * DAY),)),
        ("Fri 22:00-24:00", ((4 * DAY + 1320, 5 * DAY),)),
    ],
)
def test_what_is_written(text: str, spans: tuple[tuple[int, int], ...]) -> None:
    """Days are those on which a window begins; it may go over midnight and Sunday."""
    assert of(text).spans == spans


def test_windows_that_touch_are_one() -> None:
    """Else a backend would be switched off and on in the same minute."""
    both = of("Mon 08:00-12:00", "Mon 12:00-13:00", "Mon 09:00-10:00")
    assert both.spans == ((480, 780),)
    assert windows.read((), "windows") is None


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "must be a time of the day"),
        ("22-07", "must be a time of the day"),
        ("22:00", "must be a time of the day"),
        ("22:00-07:00 Mon", "must be a time of the day"),
        ("25:00-07:00", "25:00 is no time"),
        ("22:60-07:00", "22:60 is no time"),
        ("22:00-24:01", "24:01 is no time"),
        ("24:00-07:00", "must begin at 23:59"),
        ("07:00-07:00", "ends when it begins; for the whole day write 00:00-24:00"),
        ("Mo 22:00-07:00", "'Mo' is no day; days are Mon, Tue"),
        ("Mon- 22:00-07:00", "'' is no day"),
        ("Mon,,Tue 22:00-07:00", "'' is no day"),
        ("Mon-Wed-Fri 22:00-07:00", "'Wed-Fri' is no day"),
        ("٢٢:00-07:00", "must be a time of the day"),
    ],
)
def test_what_is_no_window_is_named(text: str, reason: str) -> None:
    """With its place, and what would be right."""
    with pytest.raises(ConfigError) as refused:
        windows.read(["22:00-07:00", text], "backends[0].windows")
    assert refused.value.field == "backends[0].windows[1]"
    assert reason in refused.value.reason


@given(st.text("Mon-,: 0123456789", max_size=30))
def test_any_text_is_a_window_or_refused(text: str) -> None:
    """Nothing else is raised, and what is taken is in the week."""
    try:
        read = windows.read([text], "w")
    except ConfigError:
        return
    assert read is not None
    assert all(0 <= begin < end <= WEEK for begin, end in read.spans)


# --- By the clock ---------------------------------------------------------------------

_TIMES = st.integers(0, 95).map(lambda one: f"{one // 4:02}:{one % 4 * 15:02}")
_DAYS = st.one_of(
    st.just(""),
    st.sampled_from(DAYS).map(lambda one: f"{one} "),
    st.tuples(st.sampled_from(DAYS), st.sampled_from(DAYS)).map(
        lambda two: f"{two[0]}-{two[1]} "
    ),
    st.lists(st.sampled_from(DAYS), min_size=2, max_size=3).map(
        lambda some: f"{','.join(some)} "
    ),
)
_WINDOWS = st.tuples(_DAYS, _TIMES, _TIMES).filter(lambda one: one[1] != one[2])
TEXTS = st.lists(
    _WINDOWS.map(lambda one: f"{one[0]}{one[1]}-{one[2]}"), min_size=1, max_size=3
)
#: Around the days of 2026 on which clocks are set somewhere, and any others.
_TURNS = ("03-08", "03-29", "04-05", "04-24", "09-06", "10-04", "10-25", "10-30")
STARTS = st.one_of(
    st.sampled_from(_TURNS).map(lambda day: f"2026-{day}"),
    st.dates(datetime(2026, 1, 1).date(), datetime(2027, 12, 31).date()).map(str),
).flatmap(
    lambda day: st.integers(-3 * 86400, 86400).map(
        lambda seconds: (
            datetime.fromisoformat(day).replace(tzinfo=UTC).timestamp() + seconds
        )
    )
)


@given(TEXTS, STARTS, st.sampled_from(ZONES))
def test_the_next_change_is_the_one_that_looking_at_every_minute_finds(
    texts: list[str], unix: float, zone: str
) -> None:
    """In every zone, over midnight, and over the days on which clocks are set."""
    clock = local(zone)
    assert of(*texts).are_open(clock(unix)) is any(
        is_open(one, clock(unix)) for one in texts
    )
    assert of(*texts).until(unix, clock) == brute(texts, unix, clock)


def test_a_night_over_the_change_of_clocks() -> None:
    """22:00 to 07:00 is an hour shorter in spring and an hour longer in autumn."""
    clock = local("Europe/Berlin")
    for day, next_day, hours in (
        ("2026-03-28", "2026-03-29", 8),
        ("2026-10-24", "2026-10-25", 10),
        ("2026-06-01", "2026-06-02", 9),
    ):
        begin = at("Europe/Berlin", f"{day}T22:00")
        end = of("22:00-07:00").until(begin, clock)
        assert end == at("Europe/Berlin", f"{next_day}T07:00")
        assert (end - begin) / 3600 == hours


def test_a_window_in_the_hour_that_is_left_out() -> None:
    """It is not opened that day; one that begins in it opens when the clock is set."""
    clock = local("Europe/Berlin")
    before = at("Europe/Berlin", "2026-03-29T01:00")
    left_out = of("02:15-02:45").until(before, clock)
    assert left_out == at("Europe/Berlin", "2026-03-30T02:15")
    begins = of("02:15-05:00").until(before, clock)
    assert begins == at("Europe/Berlin", "2026-03-29T03:00")


def test_what_is_always_open_never_changes() -> None:
    """However it is written."""
    for texts in (["00:00-24:00"], ["08:00-20:00", "20:00-08:00"]):
        assert of(*texts).until(1_790_000_000.0, local("Europe/Berlin")) is None


def test_a_time_to_come_is_told_as_people_say_it() -> None:
    """The day only when it is not soon."""
    clock = local("Europe/Berlin")
    now = at("Europe/Berlin", "2026-11-27T20:00")  # a Friday
    for text, words in (
        ("2026-11-27T22:00", "22:00"),
        ("2026-11-28T07:00", "07:00"),
        ("2026-11-30T07:00", "Mon 07:00"),
        ("2026-12-24T18:30", "2026-12-24 18:30"),
    ):
        assert windows.in_words(at("Europe/Berlin", text), now, clock) == words
