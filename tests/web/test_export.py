"""One CSV for pages and API: its content, and that it reads back."""

import io
import zipfile
from datetime import date, datetime
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from metrics.export import file_name, to_csv, to_zip
from metrics.frames import Period
from tests import spreadsheet
from tests.csv_reader import read_csv

WINDOW = Period.of_days(date(2026, 10, 26), date(2026, 11, 22))
# Surrogates are not text.
CELLS = st.none() | st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
DANGEROUS = st.text("=+-@＝＋－＠;|,:\t\r\n\0 \"'\N{NO-BREAK SPACE}1a", max_size=8)  # noqa: RUF001 - full-width signs
FORMULAS = [
    "=1+1",
    "\0=1+1",
    "  =1+1",
    "\N{NO-BREAK SPACE}=1+1",
    '"=1+1',
    "＝1+1",  # noqa: RUF001 - a full-width sign
    "+1+1",
    "-1+1",
    "@SUM(1)",
    "a;=1+1;b",
    'a;"=1+1";b',
    "a; =1+1",
    "a;\0=1+1",
    "a;;=1+1",
    "a\n=1+1",
    "a\r\n=1+1",
    "a\t=1+1",
    "a|=1+1",
    "a||\0=1+1|b",
    'a";=1+1',
    "a =1+1 b",
    "a  =1+1",
    "a =",
    'a "=1+1"',
    "a:=1+1:b",
    "a: \0=1+1",
    "a := 1+1",
    "a: = 1+1",
    "a; =1+1",
]
"""Texts that some spreadsheet runs, with one separator or another."""
VALUES = (
    *("007", "1e5", "1E-5", "1234567890123456", "0.5", "1,5", "1.234", "1 234", "5 "),
    *("3-4", "12/3", "24-11", "2026-11", "2026-11-01", "10.3.", "3.4.26", "12:30"),
    *("11 pm", "50%", "$5", "5 €", "5 May", "may 5", "Sep 2026", "MAR1", "TRUE"),
    *("(5)", "2026-11-20T10:00", "1. März", "Okt 3", "Dezember 2026", "WAHR"),
    *("5. ledna", "5. I", "5 Kč", "PRAVDA", "Mon, Nov 20, 2026", "Fri 5/6", "v1.2"),
    *("R 1.2", "E1.2", "v1.2.3", "K30.1.1", "1E 5"),
)
"""Texts that some spreadsheet reads as a number, a date, a time or a truth value."""


ELSEWHERE = (
    *(
        "1 mars",
        "févr. 3",
        "août 5",
        "VRAI",
        "1 maj",
        "okt 3",
        "5 kr",
        "kr 5",
        "5 lei",
        "R5",
        "L. 5",
        "SANT",
    ),
    *("5. XII", "E 1.2", "5:30 e.h."),
    *("5 ledna", "5. I", "Kč 5", "5:30 dop.", "PRAVDA", "5 KASIM", "5 Şubat", "DOĞRU "),
    *("Mon Nov 20 2026", "Montag 20. Nov", "Samstag 20.11.", "5:30 p. m."),
    *("Monday 5/6 12:30", "ven. 5/6", "viernes 5/6", "venerdì5/6", "vr 5-6", "X1 5"),
    *("R$ 5", "1 e5", "１／２", "１．５"),  # noqa: RUF001 - full-width signs
    *("CHF 5", "5 CHF", "1'000", "1’000", "5 ottobre", "3 ene", "12 paź", "huhtikuu 5"),
    *("1 января", "जनवरी 5", "₹5", "يناير 5", "2026年11月20日", "5月5日", "午後3時"),
    # 12.5 in Arabic and in Persian digits.
    *("\u0661\u0662\u066b\u0665", "\u06f1\u06f2\u066b\u06f5"),
)
"""Texts that LibreOffice reads so in French, Czech, Turkish, Russian, Japanese …"""


def test_csv_is_utf8_with_a_mark_raw_numbers_and_iso_dates() -> None:
    frame = pl.DataFrame(
        {
            "day": [date(2026, 11, 20)],
            "at": [datetime.fromisoformat("2026-11-20T09:05")],
            "city": ["Köln"],
            "share": [0.3333333333333333],
            "votes": [1234567],
        }
    )
    assert to_csv(frame) == (
        b"\xef\xbb\xbfday,at,city,share,votes\n"
        b"2026-11-20,2026-11-20T09:05:00,K\xc3\xb6ln,0.3333333333333333,1234567\n"
    )


@pytest.mark.parametrize("start", [*"=+-@\t\r\n'\uff1d\uff0b\uff0d\uff20", "\u200b="])
def test_text_that_a_spreadsheet_would_run_gets_an_apostrophe(start: str) -> None:
    frame = pl.DataFrame({"name": [f"{start}SUM(A1)"], "n": [-1]})
    with io.BytesIO(to_csv(frame)) as file:
        cell = pl.read_csv(file)["name"].item()
    assert cell == f"'{start}SUM(A1)"


def test_negative_numbers_are_not_guarded() -> None:
    assert to_csv(pl.DataFrame({"change": [-1.5]})).endswith(b"change\n-1.500000\n")


def test_null_and_empty_text_stay_apart() -> None:
    frame = pl.DataFrame({"name": ["", None], "n": [1, 2]})
    assert to_csv(frame).endswith(b'name,n\n"",1\n,2\n')


@given(cells=st.lists(CELLS | DANGEROUS, max_size=20))
def test_a_csv_read_back_equals_the_table(cells: list[str | None]) -> None:
    frame = pl.DataFrame(
        {"name": cells, "n": range(len(cells))},
        schema={"name": pl.String, "n": pl.Int64},
    )
    assert_frame_equal(read_csv(to_csv(frame), frame.schema), frame)


def test_a_file_name_has_metric_and_window() -> None:
    expected = "fpp_votes_by_weekday_2026-10-26_2026-11-22.csv"
    assert file_name("votes_by_weekday", WINDOW) == expected


def test_a_zip_has_the_files_and_is_the_same_each_time() -> None:
    files = {"a.csv": b"x\n1\n", "filters.txt": b"28 days\n"}
    data = to_zip(files)
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        assert {n: archive.read(n) for n in archive.namelist()} == files
        # The clock's time would be another one two seconds later.
        assert {(e.date_time, e.compress_type) for e in archive.infolist()} == {
            ((1980, 1, 1, 0, 0, 0), zipfile.ZIP_DEFLATED)
        }
    assert to_zip(files) == data


@pytest.mark.slow
@pytest.mark.parametrize("separator", [",", ";", "\t", "|", " ", ":"])
def test_no_text_becomes_a_formula_whatever_the_spreadsheet_splits_at(
    separator: str, tmp_path: Path
) -> None:
    """In LibreOffice, which runs formulas of a CSV here; a control shows that it does.

    The text is first, in the middle and last: only a first one is in quotes for a
    spreadsheet that splits elsewhere.
    """
    frame = pl.DataFrame({"a": FORMULAS, "n": 1, "b": FORMULAS, "c": FORMULAS})
    ours, control = tmp_path / "ours.csv", tmp_path / "control.csv"
    ours.write_bytes(to_csv(frame))
    control.write_text(f"n{separator}x\n1{separator}=1+1\n")
    cells = spreadsheet.opened(ours, control, separator=separator)
    assert [c.formula for row in cells[control] for c in row if c.formula]
    ran = [cell for row in cells[ours] for cell in row if cell.formula]
    assert ran == []


@pytest.mark.slow
@pytest.mark.parametrize(
    "language",
    [
        spreadsheet.ENGLISH,
        spreadsheet.GERMAN,
        spreadsheet.CZECH,
        spreadsheet.POLISH,
        spreadsheet.ESTONIAN,
    ],
)
def test_texts_stay_texts_and_no_number_becomes_another(
    language: int, tmp_path: Path
) -> None:
    """Where decimals follow a comma, 0.375 would be 375; as a text it is seen.

    In Polish, 12.5 would be the 12th of May, in Estonian R 1.2 a Friday. Small numbers
    have an exponent.
    """
    shares = [n / 8 for n in range(-len(VALUES), 0)]
    means = [n / 10 for n in range(len(VALUES))]
    small = [float(f"{1001 + n}e-9") for n in range(len(VALUES))]
    frame = pl.DataFrame(
        {"name": VALUES, "share": shares, "votes": 1234, "mean": means, "small": small}
    )
    ours, control = tmp_path / "ours.csv", tmp_path / "control.csv"
    ours.write_bytes(to_csv(frame))
    control.write_text("\n".join(f'"{text}"' for text in (*VALUES, "0.375")))
    cells = spreadsheet.opened(ours, control, language=language)
    assert "float" in {row[0].kind for row in cells[control]}
    _, *rows = cells[ours]
    assert [row[0].kind for row in rows] == ["string"] * len(VALUES)
    assert [row[0].value for row in rows] == [f"'{text}" for text in VALUES]
    for row, share, mean, tiny in zip(rows, shares, means, small, strict=True):
        assert float(row[1].value) == share
        assert float(row[3].value) == mean
        assert float(row[4].value) == tiny
    assert {row[2].value for row in rows} == {"1234"}


def test_numbers_that_are_not_whole_have_six_decimals_at_least() -> None:
    halves = pl.DataFrame({"share": [2.0**-n for n in range(1, 8)]})
    _, *written = to_csv(halves).decode().split()
    assert [len(text) - len("0.") for text in written] == [6, 6, 6, 6, 6, 6, 7]
    assert [float(text) for text in written] == halves["share"].to_list()
    means = pl.DataFrame({"mean": ["12.5"]}).cast(pl.Decimal(5, 2))
    assert to_csv(means).endswith(b"\n12.500000\n")


@pytest.mark.parametrize("text", ELSEWHERE)
def test_texts_that_spreadsheets_of_other_languages_read_stay_texts(text: str) -> None:
    cells = [text, f" {text}", f"{text} \N{NARROW NO-BREAK SPACE}"]
    _, *written = (
        to_csv(pl.DataFrame({"name": cells})).decode().removesuffix("\n").split("\n")
    )
    assert written == [f"'{cell}" for cell in cells]


@pytest.mark.parametrize(
    "text",
    [
        *("Berlin", "March", "may", "2–3", "E12", "7", "120456", "Squad 1", "スクラム"),
        *("Marks & Co", "Mai", "Team 5 kr", "CHF", "март"),
        *("Marketing 5", "Project 2", "Monday 5", "Release 1.2", "ledna", "5 Teams"),
        *("v2", "3a", "x1", "V8 5 a", "Team 1/2", "Sprint 5-6", "AB1.2"),
        *(
            "Team -5",
            "Team @home",
            "a = b",
            "a =: b",
            "a: -1",
            "re: + x",
            "a=1",
            "x 'y'",
        ),
    ],
)
def test_other_texts_are_written_as_they_are(text: str) -> None:
    assert to_csv(pl.DataFrame({"name": [text]})).endswith(f"\n{text}\n".encode())
