"""Users per place and device."""

from hypothesis import given
from hypothesis import strategies as st

from metrics import filters, location
from metrics.filters import Filter
from metrics.query import SharedPlans
from tests.metrics.building import (
    answer,
    column,
    days,
    estimation,
    event,
    executed,
    frames,
    plan_of,
    quick,
    user,
    view,
)

NINE = "2026-11-02 09:00"


def test_null_groups_stay_and_are_last_among_equals() -> None:
    users = frames(user("a"), user("b", country="DE"), user("c", country="AT")).users
    assert answer(location.users_by(users, ["country"])) == [
        {"country": "AT", "count": 1, "share": 1 / 3},
        {"country": "DE", "count": 1, "share": 1 / 3},
        {"country": None, "count": 1, "share": 1 / 3},
    ]


def test_the_same_city_in_two_countries_is_two_cities() -> None:
    users = frames(
        user("a", country="US", city="Bath"),
        user("b", country="GB", city="Bath"),
        user("c", country="GB", city="Bath"),
    ).users
    assert answer(location.users_by(users, ["country", "city"])) == [
        {"country": "GB", "city": "Bath", "count": 2, "share": 2 / 3},
        {"country": "US", "city": "Bath", "count": 1, "share": 1 / 3},
    ]


def test_the_reference_lists_40_countries() -> None:
    rows = frames(*(user(str(n), country=f"C{n}") for n in range(41)))
    assert len(answer(location.legacy_by(rows, "country"))) == 40


def test_users_of_a_window_are_those_who_did_anything_in_it() -> None:
    everyone = frames(
        *(user(who, "2025-01-01") for who in "abcd"),
        view("a", NINE),
        view("a", NINE),
        event("b", NINE),
        estimation("c", NINE),
        view("d", "2026-11-03 09:00"),
        view("deleted", NINE),
    )
    users = location.users_of(SharedPlans(everyone), days("2026-11-02", "2026-11-02"))
    found = column(users, "user")
    assert (set(found), len(found)) == ({0, 1, 2}, 3)


@quick
@given(
    st.lists(
        st.sampled_from(["DE", "de", "De", "deu", "ß", "(not set)", None]), max_size=6
    )
)
def test_a_filter_by_a_country_of_the_list_keeps_as_many_users(
    codes: list[str | None],
) -> None:
    """Also as the address writes it: codes are the same in any case."""
    rows = frames(
        *(user(str(n), country=code) for n, code in enumerate(codes)),
        *(view(str(n), NINE) for n in range(len(codes))),
    )
    listed = executed(
        plan_of(location.countries, rows, days("2026-11-02", "2026-11-02"))
    )
    assert listed["count"].sum() == len(codes)
    for code, count in listed.select("country", "count").iter_rows():
        asked = Filter.parse(str(Filter("country", code)))
        assert asked is not None
        assert executed(filters.apply(rows, [asked]).users).height == count


def test_an_empty_text_is_not_set() -> None:
    """In each attribute, on the pages and in a filter alike."""
    empty = dict.fromkeys(location.ATTRIBUTES, "")
    rows = frames(user("a", **empty), user("b"), view("a", NINE), view("b", NINE))
    for build in (location.countries, location.devices, location.operating_systems):
        assert column(
            plan_of(build, rows, days("2026-11-02", "2026-11-02")), "count"
        ) == [2]
    for name in location.ATTRIBUTES:
        kept = filters.apply(rows, [Filter(name, None)])
        assert column(kept.users, "user") == [0, 1]


def test_a_letter_of_two_bytes_is_no_code_of_a_country() -> None:
    """Capitals of "ß" would be South Sudan's code."""
    rows = frames(*(user(c, country=c) for c in ("ß", "ss")), view("ß", NINE))
    plan = plan_of(location.countries, rows, days("2026-11-02", "2026-11-02"))
    assert column(plan, "country") == ["ß"]
    kept = filters.apply(rows, [Filter("country", "SS")])
    assert executed(kept.users).height == 1
