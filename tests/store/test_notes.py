"""The file of notes: what a line may say, and that a wrong one does no harm."""

from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from store.notes import LONGEST, MOST_BYTES, Note, parse, read

DAY = date(2026, 11, 12)


@pytest.mark.parametrize(
    ("line", "note"),
    [
        ("2026-11-12 Release of v2", Note(DAY, DAY, "Release of v2")),
        (
            "2026-11-12\tv2   https://example.com/v2?a=1",
            Note(DAY, DAY, "v2", "https://example.com/v2?a=1"),
        ),
        (
            "2026-11-03..2026-11-04 Outage",
            Note(date(2026, 11, 3), date(2026, 11, 4), "Outage"),
        ),
        (
            "2026-11-12 See javascript:alert(1)",
            Note(DAY, DAY, "See javascript:alert(1)"),
        ),
    ],
)
def test_a_line_is_a_date_or_a_span_a_title_and_a_link(line: str, note: Note) -> None:
    assert parse(line).notes == (note,)
    assert parse(line).problems == ()


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("2026-13-12 x", "not a date"),
        ("12.11.2026 x", "not a date"),
        ("20261112 x", "not a date"),
        ("2026-W46-4 x", "not a date"),
        ("2026-11-04..2026-11-03 x", "ends before it starts"),
        ("2026-11-04.. x", "not a date"),
        ("2026-11-12", "no title"),
        ("2026-11-12 https://example.com", "no title"),
        (f"2026-11-12 {'x' * (LONGEST + 1)}", "longer than"),
    ],
)
def test_a_wrong_line_is_named_and_the_others_stay(line: str, reason: str) -> None:
    found = parse(f"# releases\n\n{line}\n2026-11-12 v2\n")
    assert [note.title for note in found.notes] == ["v2"]
    (problem,) = found.problems
    assert problem.startswith("Line 3: ")
    assert reason in problem


def test_notes_are_in_order_of_time_and_found_by_the_days_they_touch() -> None:
    found = parse("2026-11-12 b\n2026-11-01..2026-11-05 a\n2026-12-01 c")
    assert [note.title for note in found.notes] == ["a", "b", "c"]
    touched = found.between(date(2026, 11, 5), date(2026, 11, 12))
    assert [note.title for note in touched] == ["a", "b"]
    assert found.between(date(2026, 11, 6), date(2026, 11, 11)) == ()


@given(st.text())
def test_no_text_does_harm(text: str) -> None:
    found = parse(text)
    lines = [line for line in text.splitlines() if line.strip()]
    assert len(found.notes) + len(found.problems) <= len(lines)


def test_the_file_is_read_as_it_is_now(tmp_path: Path) -> None:
    path = tmp_path / "notes.txt"
    assert read(None).problems == ()
    assert read(path).problems == ("Cannot read notes.txt: No such file or directory.",)
    path.write_bytes("﻿2026-11-12 Größe".encode())
    assert [note.title for note in read(path).notes] == ["Größe"]
    path.write_bytes(b"2026-11-12 \xff\n2026-11-13 b")
    assert len(read(path).notes) == 2
    path.write_bytes(b"x" * (MOST_BYTES + 1))
    assert "larger than" in read(path).problems[0]
    assert "Cannot read" in read(tmp_path).problems[0]
