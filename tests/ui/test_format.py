from datetime import datetime, timedelta

import pytest

from metrics.subject import Unit
from ui import format as fmt


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [
        (None, "count", "–"),
        (0, "count", "0"),
        (1234, "count", "1,234"),
        (0.1234, "share", "12.3 %"),
        (3.555, "number", "3.56"),
        (4.24, "minutes", "4.2 min"),
        (45.4, "seconds", "45 s"),
        (600, "seconds", "10.0 min"),
        (9000, "seconds", "2.5 h"),
        (72.4, "points", "72"),
    ],
)
def test_a_number_prints_with_its_unit(
    value: float | None, unit: Unit, text: str
) -> None:
    assert fmt.number(value, unit) == text


@pytest.mark.parametrize(
    ("now", "before", "unit", "text"),
    [
        (150, 100, "count", "+50.0 %"),
        (50, 100, "count", "-50.0 %"),
        (100, 100, "count", "+0.0 %"),
        (5, 0, "count", "n/a"),
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


def test_an_instant_of_another_day_carries_its_date() -> None:
    now = datetime(2026, 11, 22, 14, 24)
    assert fmt.instant(datetime(2026, 11, 22, 14, 20), now) == "14:20 UTC"
    assert fmt.instant(datetime(2026, 11, 5, 9, 3), now) == "5 Nov 2026, 09:03 UTC"


@pytest.mark.parametrize(
    ("count", "text"),
    [(0, "0 B"), (999, "999 B"), (2_340_000, "2.3 MB"), (5_000_000_000, "5.0 GB")],
)
def test_a_size_prints_as(count: int, text: str) -> None:
    assert fmt.size(count) == text
