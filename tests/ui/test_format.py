import re
from datetime import datetime, timedelta
from decimal import Decimal
from functools import partial
from typing import get_args
from zoneinfo import ZoneInfo

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from metrics import formats, sentences
from metrics.registry import METRIC_TABLES
from metrics.subject import Unit
from ui import format as fmt
from ui import labels


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [
        (None, "count", "–"),
        (0, "count", "0"),
        (1234, "count", "1,234"),
        (0.1234, "share", "12.3%"),
        (3.555, "number", "3.56"),
        (4.24, "minutes", "4.2 min"),
        (10 / 60, "minutes", "10 s"),
        (150, "minutes", "2.5 h"),
        (45.4, "seconds", "45 s"),
        (600, "seconds", "10.0 min"),
        (9000, "seconds", "2.5 h"),
        (72.4, "points", "72"),
        (69.96, "points", "69"),
    ],
)
def test_a_number_prints_with_its_unit(
    value: float | None, unit: Unit, text: str
) -> None:
    assert fmt.number(value, unit) == text


@pytest.mark.parametrize(
    ("now", "before", "unit", "text"),
    [
        (150, 100, "count", "+50.0%"),
        (50, 100, "count", "−50.0%"),
        (100, 100, "count", "0.0%"),
        (9999, 10000, "count", "0.0%"),
        (0.2001, 0.2, "share", "0.0 pp"),
        (0.0, 0.0, "share", "0.0 pp"),
        (13, 10, "seconds", "+30.0%"),
        (13 / 60, 10 / 60, "minutes", "+30.0%"),
        (-7, -12, "seconds", "+5 s"),
        (-12, -7, "seconds", "−5 s"),
        (5, 0, "count", "n/a"),
        (0, 0, "count", "0.0%"),
        (0.0, 0.0, "seconds", "0.0%"),
        (5, None, "count", "n/a"),
        (None, 5, "count", "n/a"),
        (0.25, 0.2, "share", "+5.0 pp"),
        (0.25, 0.0, "share", "+25.0 pp"),
    ],
)
def test_a_change_prints_as(
    now: float | None, before: float | None, unit: Unit, text: str
) -> None:
    assert fmt.change(now, before, unit) == text


@given(st.floats(0, 1e6) | st.sampled_from([119.4, 119.5, 119.96, 7196.9, 7197]))
def test_a_unit_ends_where_its_print_does(value: float) -> None:
    """Rounded up to the next unit, 119.6 s are 2.0 min."""
    number, unit = fmt.number(value, "seconds").split()
    assert float(number.replace(",", "")) < {"s": 120, "min": 120, "h": 1e6}[unit]
    assert sentences.duration(value) == fmt.number(value, "seconds")


def test_a_pair_of_durations_has_one_unit() -> None:
    assert fmt.number(99, "seconds", 144) == "1.6 min"
    assert fmt.number(144, "seconds", 99) == "2.4 min"
    # Where one of them would be 0.0 h, both have a smaller unit.
    assert fmt.number(99, "seconds", 9000) == "1.6 min"
    assert fmt.number(9000, "seconds", 99) == "150.0 min"
    assert fmt.number(0, "seconds", 9000) == "0.0 h"


@pytest.mark.parametrize(
    ("now", "before", "text"),
    [(9, 10, "↓ 10.0%"), (11, 10, "↑ 10.0%"), (10, 10, "0.0%"), (1, 0, "n/a")],
)
def test_a_tile_has_an_arrow_for_the_sign(now: int, before: int, text: str) -> None:
    assert fmt.arrow(now, before, "count") == text


@given(st.floats(-1e6, 1e6), st.floats(-1e6, 1e6))
def test_no_change_is_minus_nothing(now: float, before: float) -> None:
    for unit in get_args(Unit):
        text = fmt.change(now, before, unit)
        assert re.sub(r"[^1-9]", "", text) or "−" not in text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (-5, "just now"),
        (59, "just now"),
        (60, "1 minute ago"),
        (240, "4 minutes ago"),
        (7200, "2 hours ago"),
        (86_400, "1 day ago"),
        (86_400 * 3, "3 days ago"),
    ],
)
def test_an_age_prints_as(seconds: int, text: str) -> None:
    assert fmt.age(timedelta(seconds=seconds)) == text


@pytest.mark.parametrize(
    "lines",
    [
        "26 Oct –|22 Nov 2026 ·|28 days,|excluding|today",
        "·|compared with 28 Sep –|25 Oct 2026 ·|UTC",
        "1 Nov 2026 ·|1 day ·|UTC",
        "and|12|Rooms|begin|on|3 Nov",
        "quiet:|0 estimations,|76–\u2060654|expected",
        "the|busiest|hour|is|Tuesday,|09:00–\u206010:00 UTC:|10.2 votes",
        "takes|40 s;|9 in|10 end|within|3.2 min.|Of|1,112 new|users,|15%|estimated",
    ],
)
def test_a_line_breaks_no_date_and_no_number_from_what_it_counts(lines: str) -> None:
    kept = fmt.kept_together(lines.replace("|", " ").replace("\u2060", ""))
    assert kept.replace(" ", "|").replace("\u00a0", " ") == lines


def test_tags_of_html_keep_their_spaces() -> None:
    html = '<h2 style="margin:0 auto">3 Nov</h2><p class="n5 wide">1 vote</p>'
    kept = fmt.kept_together_in_html(html)
    assert kept.replace("3\u00a0Nov", "3 Nov").replace("1\u00a0vote", "1 vote") == html
    assert kept.count("\u00a0") == 2


def test_zones_without_an_abbreviation_have_their_offset() -> None:
    now = datetime(2026, 11, 22, 15)
    for zone, name in (
        ("Pacific/Chatham", "UTC+13:45"),
        ("Asia/Kathmandu", "UTC+05:45"),
        ("America/Lima", "UTC-05"),
        ("Europe/Berlin", "CET"),
    ):
        assert fmt.instant(now, now, ZoneInfo(zone)).endswith(f" {name}")


def test_an_instant_of_another_day_carries_its_date() -> None:
    now = datetime(2026, 11, 22, 14, 24)
    assert fmt.instant(datetime(2026, 11, 22, 14, 20), now) == "14:20 UTC"
    assert fmt.instant(datetime(2026, 11, 5, 9, 3), now) == "5 Nov 2026, 09:03 UTC"


@pytest.mark.parametrize(
    ("value", "digits", "text"),
    [
        # As `toFixed` prints them in a browser, which draws charts and tables.
        *((6.25, 1, "6.3"), (12.125, 2, "12.13"), (0.5, 0, "1"), (2.5, 0, "3")),
        *(
            (-6.25, 1, "-6.3"),
            (0.15, 1, "0.1"),
            (1.005, 2, "1.00"),
            (1e6, 0, "1,000,000"),
        ),
        *((34.5, 0, "35"), (35.5, 0, "36"), (1e21, 0, "1,000,000,000,000,000,000,000")),
    ],
)
def test_halves_are_rounded_as_browsers_do(
    value: float, digits: int, text: str
) -> None:
    assert formats.fixed(value, digits) == text


@given(st.floats(-1e9, 1e9), st.integers(0, 3))
def test_a_number_is_rounded_to_the_nearest(value: float, digits: int) -> None:
    printed = float(formats.fixed(value, digits).replace(",", ""))
    assert abs(printed - value) <= 0.5000001 * 10**-digits + 1e-6


@pytest.mark.parametrize("value", [float("nan"), float("inf"), float("-inf")])
@pytest.mark.parametrize("unit", get_args(Unit))
def test_what_is_no_number_is_not_printed(value: float, unit: Unit) -> None:
    assert fmt.number(value, unit) == fmt.NOTHING
    assert fmt.change(value, 1.0, unit) == fmt.change(1.0, value, unit) == "n/a"


@pytest.mark.parametrize(
    ("now", "text"),
    [
        (1999, "+99.9%"),
        (1999.5, "+100%"),
        (2000, "+100%"),
        # Not all are gone.
        (0.3, "−99.9%"),
        (0, "−100%"),
    ],
)
def test_a_change_near_100_is_printed_like_it(now: float, text: str) -> None:
    assert fmt.change(now, 1000, "number") == text


@given(*[st.floats(-3, 3)] * 3)
def test_within_and_beyond_are_true_of_the_printed_numbers(
    one: float, other: float, change: float
) -> None:
    low, high = sorted((one, other))
    span = formats.usual_span(low, high, change, "count").removesuffix("%")
    ends = span.replace(formats.MINUS, "-").replace(",", "").split(" to ")
    least, most = map(float, (ends[0], ends[-1]))
    shown = float(formats.signed(100 * change, 1).replace(formats.MINUS, "-"))
    near = min(abs(change - low), abs(change - high)) < 0.001
    # Nearer than what is printed of the change, nothing can tell.
    assert near or (least <= shown <= most) == (low <= change <= high)


def test_a_date_in_a_warning_is_not_broken_at_its_hyphens() -> None:
    text = fmt.kept_dates(fmt.escaped("Use 2026-11-12 or a well-known day."))
    shown = text.replace("\\", "")
    assert re.findall("-\u2060", shown) == ["-\u2060"] * 2
    assert shown.replace("\u2060", "") == "Use 2026-11-12 or a well-known day."


def test_the_usual_has_decimals_only_where_they_are_needed() -> None:
    span = partial(formats.usual_span, unit="share")
    assert span(-0.09, 0.14, 0.05) == "−9 to +14 pp"
    assert span(-0.094, 0.144, 0.141) == "−9.4 to +14.4 pp"
    assert span(-0.094, 0.135, 0.138) == "−9.4 to +13.5 pp"


@pytest.mark.parametrize(
    "code",
    ["HOME", "A", "TEST-1", "ÜBER", "ABOUT_2", "home_x", "/about_us", "LEFT_ROOM"],
)
@pytest.mark.parametrize("kind", ["route", "event"])
def test_a_chip_calls_a_code_what_its_table_calls_it(kind: str, code: str) -> None:
    table = pl.DataFrame({kind: [code]}).select(labels.with_codes_spoken(kind))
    assert labels.value_label(kind, code) == table.item()


@given(st.floats(0, 1), st.floats(0, 1))
def test_the_change_of_a_share_is_that_of_the_printed_shares(
    now: float, before: float
) -> None:
    texts = fmt.beside_each_other((now, before), "share")
    points = [Decimal(text[:-1]) for text in texts]
    difference = points[0] - points[1]
    text = fmt.change(now, before, "share").replace("−", "-").removesuffix(" pp")
    assert Decimal(text) == difference


@given(st.floats(0.01, 1e4), st.floats(0.01, 1e4))
def test_the_change_of_a_number_agrees_with_what_is_printed(
    now: float, before: float
) -> None:
    """0.09 spectators a vote were up 21.6% from 0.07."""
    texts = [fmt.number(value, "number") for value in (now, before)]
    printed, base = (float(text.replace(",", "")) for text in texts)
    text = fmt.change(now, before, "number").replace("−", "-").replace(",", "")
    change = float(text.removesuffix("%"))
    assert change == pytest.approx(100 * (printed / base - 1), rel=0.01, abs=1.1)


@given(
    st.floats(0.001, 1e5),
    st.floats(-0.01, 0.01),
    st.sampled_from(["number", "minutes", "seconds"]),
)
def test_numbers_that_print_the_same_have_not_changed(
    before: float, part: float, unit: Unit
) -> None:
    now = before * (1 + part)
    same = fmt.number(now, unit, before) == fmt.number(before, unit, now)
    changed = re.search("[1-9]", fmt.change(now, before, unit)) is not None
    assert not (same and changed)


@given(st.floats(1e-8, 1), st.sampled_from(["share", "number", "seconds", "minutes"]))
def test_only_nothing_prints_as_zero(value: float, unit: Unit) -> None:
    assert not formats.prints_zero(fmt.number(value, unit))
    assert formats.prints_zero(fmt.number(0, unit))


@given(st.lists(st.one_of(st.none(), st.integers(-(10**12), 10**12)), min_size=1))
def test_counts_in_a_column_print_as_one_does(numbers: list[int | None]) -> None:
    frame = pl.DataFrame({"n": numbers}, schema={"n": pl.Int64})
    texts = frame.select(fmt.counts(pl.col("n"))).to_series().to_list()
    assert texts == [None if n is None else f"{n:,}" for n in numbers]


@pytest.mark.parametrize(
    "name",
    [
        "\u05e9\u05dc\u05d5\u05dd",
        "\u0625\u0635 \u062f",
        "\u05d0 1 \u05d1",
        "\U0001e900",
    ],
)
def test_what_follows_a_name_from_right_to_left_stays_behind_it(name: str) -> None:
    said = fmt.escaped(f"10 Nov: {name} and {name}: 12 votes").replace("\\", "")
    kept_apart = f"\N{FIRST STRONG ISOLATE}{name}\N{POP DIRECTIONAL ISOLATE}"
    assert said == f"10 Nov: {kept_apart} and {kept_apart}: 12 votes"


@pytest.mark.parametrize("text", ["2026-11-12", "/votes?period=last_week", "a-b"])
def test_what_nothing_reads_as_a_sign_can_be_copied(text: str) -> None:
    """A date of an error message is copied into the file that it is about."""
    assert fmt.escaped(text).replace("\\", "") == text


@pytest.mark.parametrize(
    "name",
    [
        "\U0001f469\u200d\U0001f469\u200d\U0001f467",
        "\U0001f3f4\U000e0067\U000e0062\U000e0073\U000e0063\U000e0074\U000e007f",
        "\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645",
    ],
)
def test_a_picture_or_a_word_of_several_parts_stays_one(name: str) -> None:
    assert name in fmt.escaped(f"Room is {name}")


def test_cases_have_a_singular_whatever_is_counted() -> None:
    sizes = {s for table in METRIC_TABLES.values() for s in table.sample_sizes.values()}
    # Of cohorts no tile and no tooltip prints it.
    for size in sizes - {"size"}:
        one, two = fmt.cases(1, size), fmt.cases(2, size)
        assert one.removeprefix("1 ") != two.removeprefix("2 "), size
