"""Links: what of an address is understood, and what is said of the rest."""

import os
import re
from collections.abc import Callable
from datetime import UTC, timedelta
from pathlib import Path
from urllib.parse import parse_qs, parse_qsl, urlencode

import polars as pl
import pytest

from metrics import attention, periods
from metrics.registry import DEFINITIONS
from tests.pages.conftest import GOLDEN, NOW, RunPage, captions, html_of, plain
from tests.pages.test_pages import PAGES
from ui import query_params
from ui.format import escaped


def test_an_act_is_not_undone_by_the_next_one_of_a_browser_that_waits(
    run_page: RunPage,
) -> None:
    """With a click it sends what all controls show, and the address that it has."""
    app = run_page("location.py", period="last_week")
    weeks = [("2026-11-02", "2026-11-08"), ("2026-10-26", "2026-11-01")]
    for waits_with in ("last_week", "custom"):
        asked = dict(app.query_params)
        dates = [box.value for box in app.date_input]
        first, last = weeks.pop(0)
        app.button(key="step_chevron_left").click().run()
        for chosen in ("none", "year"):
            app.query_params.clear()
            app.query_params.update(asked)
            app.selectbox(key="period").set_value(waits_with)
            for box, shown in zip(app.date_input, dates, strict=False):
                box.set_value(shown)
            app.selectbox(key="compare").set_value(chosen).run()
            found = dict(parse_qsl(urlencode(app.query_params, doseq=True)))
            own = {"period": "custom", "from": first, "to": last}
            assert found == own | {"compare": chosen}
    # Once it has the answer, what was replaced can be chosen again.
    app.selectbox(key="period").set_value("last_week").run()
    assert "period=last_week" in urlencode(app.query_params, doseq=True)


@pytest.mark.parametrize(
    ("page", "key", "value"),
    [
        ("overview.py", "period", "Fortnight"),
        ("overview.py", "from", "yesterday"),
        ("overview.py", "bots", "perhaps"),
        ("traffic.py", "split", "Planet"),
        ("historical.py", "kind", "Hourly"),
        ("historical.py", "of", "Beers"),
        ("returning.py", "reduced", "2"),
        ("returning.py", "in", "Years"),
        ("insights.py", "about", "Weather"),
        ("overview.py", "show_votes_over_time", "Beers"),
        ("traffic.py", "table_funnel", "perhaps"),
    ],
)
def test_an_unknown_value_of_the_address_is_said(
    run_page: RunPage, page: str, key: str, value: str
) -> None:
    app = run_page(page, GOLDEN, **{key: value})
    assert [e.message for e in app.exception] == []
    assert f"“{value}”" in plain(app.warning[0].value)
    assert f"`{key}`" in plain(app.warning[0].value)


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ({"perid": "today"}, "Did you mean `period`?"),
        ({"PERIOD": "today"}, "“PERIOD”"),
        ({"room": "1"}, "“room”"),
        ({"table_funel": "true"}, "Did you mean `table_funnel`?"),
        ({"<b>": ""}, "“\\<b\\>”"),
        ({"": "5"}, "“”"),
        ({"period": ["today", "yesterday"]}, "using the last, “yesterday”"),
        ({"table_funnel": ["1", "0"]}, "`table_funnel` has 2 values"),
        ({"period": "today", "from": "2026-11-02", "to": "2026-11-03"}, "is Today"),
        ({"from": "2026-11-02"}, "to is missing. Showing 2 Nov – 19 Nov 2026."),
        ({"to": "2026-01-31"}, "from is missing. Showing 4 Jan – 31 Jan 2026."),
        ({"period": "custom"}, "Showing 23 Oct – 19 Nov 2026."),
        ({"period": "fortnight"}, "using Last 28 days."),
        ({"tz": ""}, "time zone “”"),
        ({"tz": "Mars/Olympus"}, "showing UTC"),
        ({"match": "perhaps"}, "using false"),
        ({"a": "", "perid": ""}, "Ignoring “a”, “perid” in the link: this page has no"),
        ({"a": "", "perid": ""}, "settings of those names. Did you mean `period`?"),
        ({str(n): "" for n in range(990)}, "“4”, 985 others in the link"),
        ({"filter": [f"x{n}" for n in range(9)]}, "“x4”, 4 others. Use country:"),
    ],
)
def test_whatever_of_a_link_is_not_shown_as_asked_is_said(
    run_page: RunPage, query: dict[str, str], said: str
) -> None:
    app = run_page("traffic.py", **query)
    assert [e.message for e in app.exception] == []
    [warning] = app.warning
    assert said in plain(warning.value)


@pytest.mark.parametrize("file", sorted({*PAGES} - {"data.py"}))
def test_an_unknown_value_is_said_also_where_a_page_lacks_its_control(
    run_page: RunPage, file: str
) -> None:
    """Links carry it to pages that have the control."""
    query = {"compare": "before", "every": "decade", "match": "perhaps"}
    # Nothing is compared with all of history.
    [warning] = run_page(file, period="all_time", **query).warning
    for key, value in query.items():
        assert f"Unknown value “{value}” for `{key}`" in warning.value


def test_the_look_of_a_block_that_is_not_drawn_is_no_fault_of_a_link(
    run_page: RunPage,
) -> None:
    """Of another part of the page, or of the page that the link was copied from."""
    looks = {"table_session_lengths": "true", "table_estimates": "true"}
    assert not run_page("traffic.py", **looks, all_cities="true").warning
    assert not run_page("data.py", **looks).warning


@pytest.mark.parametrize("mark", [" ", "\u200b", "\u00a0", " \u2060\ufeff\u200e"])
def test_what_is_not_seen_of_a_value_of_the_address_does_not_matter(
    run_page: RunPage, mark: str
) -> None:
    query = {"tz": f"{mark}Europe/Berlin", "weekends": f"false{mark}"}
    query |= {"bots": f"{mark}true", "compare": f"{mark}None{mark}"}
    dates = {"from": f"2026-11-02{mark}", "to": f"{mark}2026-11-03"}
    room = pl.read_parquet(GOLDEN / "fpp_votes.parquet")["room_id"][0]
    room_text = f"{mark}{room}{mark}"
    app = run_page("room.py", **query, **dates, room=room_text, meeting=f"1{mark}")
    assert [each.value for each in app.warning] == []
    (said,) = [text for text in captions(app) if "Europe/Berlin" in text]
    assert said.startswith("2 Nov – 3 Nov 2026 · 2 days · bots included")


def test_a_view_may_lead_to_a_part_of_a_page(
    run_page: RunPage, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "views").write_text(
        "Notes & more /data?tz=UTC#notes-on-dates\n*X* :red[1] /votes"
    )
    monkeypatch.setenv("VIEWS_FILE", str(tmp_path / "views"))
    app = run_page("location.py")
    links = html_of(app)
    assert 'href="data?tz=UTC#notes-on-dates">Notes &amp; more</a>' in links
    # A name is no Markdown.
    labels = [link.proto.label for link in app.get("page_link")]
    assert escaped("*X* :red[1]") in labels


def test_a_link_of_too_many_settings_says_that_none_is_used(run_page: RunPage) -> None:
    [warning] = run_page("data.py", GOLDEN, too_many_settings="").warning
    assert warning.value.startswith("Ignoring all settings of the link: there are too")
    # These are Streamlit's own; it tells no page of them.
    framed = {"Embed": "true", "embed_options": "dark_theme"}
    assert not run_page("data.py", GOLDEN, **framed).warning


def test_every_parameter_that_a_page_reads_is_one_that_its_links_may_have(
    run_page: RunPage, monkeypatch: pytest.MonkeyPatch
) -> None:
    read: set[str] = set()

    def get_all(key: str) -> list[str]:
        read.add(key)
        return original(key)

    original = query_params.get_all
    monkeypatch.setattr(query_params, "get_all", get_all)
    of_pages = {}
    for file in PAGES:
        read.clear()
        queries = [{}, {"room": "1"}] if file == "room.py" else [{}]
        for query in queries:
            run_page(file, period="all_time", **query)
        of_pages[file.removesuffix(".py")] = (
            read - {*query_params.CARRIED} - {*query_params.OF_BLOCKS}
        )
    declared = {page: {*keys} for page, keys in query_params.OF_PAGES.items()}
    assert {page: keys for page, keys in of_pages.items() if keys} == declared


@pytest.mark.parametrize(
    ("page", "group", "figure", "other"),
    [
        ("votes.py", "figures", "duration_p90_seconds", "means"),
        ("insights.py", "about", "coverage", "second_votes"),
    ],
)
def test_figures_without_the_chosen_one_show_their_first(
    run_page: RunPage, page: str, group: str, figure: str, other: str
) -> None:
    values = {"votes.py": "other_figures", "insights.py": "agreement"}
    app = run_page(page, show=figure, **{group: values[page]})
    assert not app.warning
    app.button_group(key=group).set_value(other).run()
    assert not app.warning
    assert "show" not in app.query_params
    kept = run_page("votes.py", show="estimations")
    kept.button_group(key="figures").set_value("medians").run()
    assert kept.query_params["show"] == "estimations"


@pytest.mark.parametrize(
    ("file", "names", "keys"),
    [
        ("insights.py", {"about": "second_votes"}, {"about": "second_votes"}),
        ("insights.py", {"about": "Second votes"}, {"about": "second_votes"}),
        ("insights.py", {"about": "Re-votes"}, {"about": "second_votes"}),
        ("insights.py", {"about": "re_votes"}, {"about": "second_votes"}),
        ("location.py", {"with": "Systems"}, {"with": "systems"}),
        ("location.py", {"with": "Operating systems"}, {"with": "systems"}),
        (
            "votes.py",
            {"figures": "Other figures", "part": "When"},
            {"figures": "other_figures", "part": "when"},
        ),
        (
            "votes.py",
            {"figures": "Others", "part": "Weekdays"},
            {"figures": "other_figures", "part": "when"},
        ),
    ],
)
def test_a_renamed_choice_is_found_by_its_old_and_its_new_name(
    run_page: RunPage, file: str, names: dict[str, str], keys: dict[str, str]
) -> None:
    app = run_page(file, **names)
    assert not app.warning
    assert {key: app.button_group(key=key).value for key in keys} == keys


def test_a_figure_is_found_by_an_older_title_that_its_key_still_says() -> None:
    titles = {"unique_users": ("Unique users",), "bounce_rate": ("Never joined",)}
    assert query_params.option_of("Bounce rate", titles) == "bounce_rate"
    assert query_params.option_of("", titles) is None


def test_an_option_is_found_by_its_label_written_as_a_key() -> None:
    titles = {key: (known.title,) for key, known in DEFINITIONS.items()}
    for key, (title,) in titles.items():
        assert query_params.option_of(key, titles) == key
        alone = {key: (title,)}
        assert query_params.option_of(query_params.slug(title), alone) == key
    # The title of one figure is the key of another.
    assert query_params.option_of("new_rooms", titles) == "new_rooms"
    compared = {key: (label,) for key, label in periods.COMPARISONS.items()}
    assert query_params.option_of("same_period_last_year", compared) == periods.YEAR


def test_text_of_the_address_is_never_markup(run_page: RunPage) -> None:
    app = run_page("votes.py", filter="city:[x](http://a.b)")
    (chip,) = [button for button in app.button if "a\\.b" in button.label]
    assert chip.label == "City is \\[x\\]\\(http\\:\N{WORD JOINER}\\/\\/a\\.b\\)"


def test_the_address_carries_the_drawn_number_and_the_open_tables(
    run_page: RunPage,
) -> None:
    address = {
        "period": "All time",
        "show": "duration_mean_seconds",
        "table_votes_by_weekday": "true",
    }
    app = run_page("votes.py", GOLDEN, **address)
    assert app.button_group(key="kpi_strip").value == "duration_mean_seconds"
    assert app.toggle(key="table_votes_by_weekday").value is True
    assert len(app.dataframe) == 1


def test_what_needs_attention_leads_to_a_page_that_draws_it(run_page: RunPage) -> None:
    usual = {"today": 0, "median": 60.0, "lowest": 50, "highest": 70, "weeks": 8}
    counts = pl.DataFrame([{"measure": key, **usual} for key in attention.MEASURES])
    numbers = dict.fromkeys(("value", "expected", "low", "high"), pl.Int64)
    days = pl.DataFrame(schema={"measure": pl.String, "bucket": pl.Date, **numbers})
    none = pl.DataFrame(schema={"health": pl.Float64})
    answers = {"today": counts, "unusual_days": days, "rooms_gone_quiet": none}
    found = attention.findings(answers, NOW, NOW, 600)
    assert [each.measure for each in found] == [*attention.MEASURES]
    for finding in found:
        app = run_page(f"{finding.page}.py", **finding.query)
        assert [warning.value for warning in app.warning] == []
        chosen = [group.value for group in app.button_group]
        assert {finding.measure, f"['{finding.measure}']"} & {*map(str, chosen)}


def test_a_finding_leads_to_the_figures_that_it_names(
    run_page: RunPage, plain_store: Callable[..., Path]
) -> None:
    """It is of all users, whatever is filtered on the page that names it."""
    chosen = {"filter": "country:DE", "bots": "true", "every": "month", "tz": "UTC"}
    folder = plain_store()
    written = (NOW - timedelta(days=2)).replace(tzinfo=UTC).timestamp()
    for file in folder.glob("*.parquet"):
        os.utime(file, (written, written))
    app = run_page("overview.py", folder, **chosen)
    found = re.compile("Today: |expected|gone quiet|late")
    links = [link.proto for link in app.get("page_link")]
    carried = {
        link.page: {*parse_qs(link.query_string)}
        for link in links
        if found.search(link.label)
    }
    # The Data page has no figures, and leads back to what was chosen.
    assert carried.pop("data") == {*chosen}
    assert carried
    for page, names in carried.items():
        assert "tz" in names, page
        assert names.isdisjoint({"filter", "bots", "every"}), page


def test_a_link_to_another_page_is_understood_there(run_page: RunPage) -> None:
    """As are those of findings, also of ones that today does not have."""
    own: set[tuple[str, str]] = {
        (page, urlencode(query)) for page, query in attention.PAGES.values()
    }
    for file, query in (
        *((file, {}) for file in PAGES),
        ("room.py", {"room": "1"}),
        *(("insights.py", {"about": about}) for about in ("Meetings", "Rooms")),
    ):
        for link in run_page(file, **query).get("page_link"):
            if link.proto.query_string:
                own.add((link.proto.page or "overview", link.proto.query_string))
    assert len(own) > 8
    for page, text in own:
        app = run_page(f"{page}.py", **parse_qs(text))
        assert [warning.value for warning in app.warning] == [], (page, text)
