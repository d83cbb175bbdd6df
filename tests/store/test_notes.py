"""The file of notes: what a line may say, and that a wrong one does no harm."""

import os
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from store.notes import LONGEST, MOST_BYTES, MOST_NOTES, Note, parse, read

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
            "2026-11-12 v3 http://intranet/v3",
            Note(DAY, DAY, "v3", "http://intranet/v3"),
        ),
        # A link without a host leads nowhere: it is text.
        ("2026-11-12 v4 http://:80/v4", Note(DAY, DAY, "v4 http://:80/v4")),
        (f"2026-11-12 {'x' * LONGEST}", Note(DAY, DAY, "x" * LONGEST)),
        (
            "2026-11-03..2026-11-04 Outage",
            Note(date(2026, 11, 3), date(2026, 11, 4), "Outage"),
        ),
        (
            "2026-11-03 .. 2026-11-04 Outage",
            Note(date(2026, 11, 3), date(2026, 11, 4), "Outage"),
        ),
        (
            "2026-11-12 Freeze 2026-12-01 .. 2026-12-03",
            Note(DAY, DAY, "Freeze 2026-12-01 .. 2026-12-03"),
        ),
        (
            "2026-11-12 See javascript:alert(1)",
            Note(DAY, DAY, "See javascript:alert(1)"),
        ),
        (
            "2026-11-12 See javascript://x/%0aalert(1)",
            Note(DAY, DAY, "See javascript://x/%0aalert(1)"),
        ),
        ("2026-11-12 \u202ea\0\u2066b", Note(DAY, DAY, "a b")),
    ],
)
def test_a_line_is_a_date_or_a_span_a_title_and_a_link(line: str, note: Note) -> None:
    assert parse([line]).notes == (note,)
    assert parse([line]).problems == ()


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("2026-13-12 x", "not a date"),
        ("12.11.2026 x", "not a date"),
        ("20261112 x", "not a date"),
        ("2026-W46-4 x", "not a date"),
        ("2026-11-04..2026-11-03 x", "ends before it starts"),
        ("2026-11-04.. x", "“2026-11-04..”, which is not a date"),
        ("2026-11-04 .. 2026-13-01 x", "not a date"),
        # Each would be one day, and its title would begin with the end.
        ("2026-11-03 - 2026-11-04 x", "two dates"),
        ("2026-11-03 \N{EN DASH}2026-11-04 x", "two dates"),
        ("2026-11-03 to 2026-11-04 x", "two dates"),
        ("2026-11-03 until 2026-11-04 x", "two dates"),
        ("2026-11-03 2026-11-04 x", "two dates"),
        ("2026-11-12", "no title"),
        ("2026-11-12 https://example.com", "no title"),
        ("2026-11-12 \u200b \x07", "no title"),
        ("2026-11-12 \u202e https://example.com", "no title"),
        (f"2026-11-12 {'x' * (LONGEST + 1)}", "longer than"),
    ],
)
def test_a_wrong_line_is_named_and_the_others_stay(line: str, reason: str) -> None:
    found = parse(["# releases", "", line, "2026-11-12 v2"])
    assert [note.title for note in found.notes] == ["v2"]
    (problem,) = found.problems
    assert problem.startswith("Line 3 ")
    assert reason in problem


def test_notes_are_in_order_of_time_and_found_by_the_days_they_touch() -> None:
    spans = ["2026-11-01..2026-11-06 a2", "2026-11-01..2026-11-05 a"]
    found = parse(["2026-11-12 b", *spans, "2026-12-01 c"])
    assert [note.title for note in found.notes] == ["a", "a2", "b", "c"]
    touched = found.between(date(2026, 11, 5), date(2026, 11, 12))
    assert [note.title for note in touched] == ["a", "a2", "b"]
    assert found.between(date(2026, 11, 7), date(2026, 11, 11)) == ()


@given(st.text())
def test_no_text_does_harm(text: str) -> None:
    lines = text.split("\n")
    found = parse(lines)
    filled = [line for line in lines if line.strip()]
    # A note with characters that cannot be read is kept and named.
    assert len(found.notes) <= len(filled)
    assert len(found.notes) + len(found.problems) <= 2 * len(filled)


def test_the_file_is_read_as_it_is_now(tmp_path: Path) -> None:
    path = tmp_path / "notes.txt"
    assert read(None).problems == ()
    assert read(path).problems == (
        "Cannot read notes.txt: No such file or directory. Correct it or NOTES_FILE.",
    )
    path.write_bytes("\ufeff2026-11-12 Größe".encode())
    assert [note.title for note in read(path).notes] == ["Größe"]
    assert read(path).has_file
    assert not read(None).has_file
    # Joined files have two marks.
    path.write_bytes("\ufeff2026-11-12 a\n\ufeff2026-11-13 b".encode())
    assert [note.title for note in read(path).notes] == ["a", "b"]
    path.write_bytes(b"x" * (MOST_BYTES + 1))
    assert "larger than" in read(path).problems[0]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-be"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_files_of_any_editor_are_read(tmp_path: Path, encoding: str, end: str) -> None:
    path = tmp_path / "notes.txt"
    # One line in an editor, although Unicode knows them as ends of lines.
    lines = ["2026-11-12 Größe \x0c\x85\u2028 x", "wrong", "2026-11-13 b", ""]
    # Python marks neither order of bytes that it is told.
    mark = "\ufeff" if encoding == "utf-16-be" else ""
    path.write_bytes((mark + end.join(lines)).encode(encoding))
    found = read(path)
    assert [note.title for note in found.notes] == ["Größe x", "b"]
    assert [problem[:7] for problem in found.problems] == ["Line 2 "]


def test_bytes_of_another_encoding_spoil_their_line_only_and_are_named(
    tmp_path: Path,
) -> None:
    path = tmp_path / "notes.txt"
    path.write_bytes("2026-11-12 Größe\n2026-11-13 b".encode("latin-1"))
    found = read(path)
    assert [note.title[:2] for note in found.notes] == ["Gr", "b"]
    (problem,) = found.problems
    assert problem == (
        "Line 1 has characters that cannot be read. Save the file as UTF-8."
    )


def test_a_pipe_and_a_device_are_not_waited_for(tmp_path: Path) -> None:
    pipe = tmp_path / "notes.txt"
    os.mkfifo(pipe)
    for path in (pipe, Path("/dev/zero"), tmp_path):
        (problem,) = read(path).problems
        assert problem.startswith(f"Cannot read {path.name}: ")


def test_of_a_very_long_file_the_first_notes_and_problems_are_named() -> None:
    found = parse(["2026-11-12 v2"] * (MOST_NOTES + 5))
    assert len(found.notes) == MOST_NOTES
    assert found.problems == (
        f"Lines from {MOST_NOTES + 1} on are left out, after {MOST_NOTES:,} notes.",
    )
    for wrong, said in {
        10: "Line 10 begins with",
        11: "1 more line has a problem.",
        1_000: "990 more lines have problems.",
    }.items():
        problems = parse(["x"] * wrong).problems
        assert len(problems) == min(wrong, 11)
        assert problems[-1].startswith(said)
