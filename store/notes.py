"""Notes on dates: releases, outages and campaigns from a file that the team keeps.

One note a line: a date or a span, a title, and a link where there is one:

    2026-11-12 Release of v2 https://example.com/v2
    2026-11-03..2026-11-04 Outage of the mail server

Empty lines and lines that start with # are skipped.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from urllib.parse import urlsplit

from metrics.expressions import is_visible
from metrics.formats import in_one_line
from store.files import entries_of_list, lines_of_list, unreadable_list

MOST_BYTES = 200_000
"""A larger file is no list of notes; it is not read."""
MOST_NOTES = 1_000
"""The lines after so many notes are left out."""
LONGEST = 120
"""Characters of a title."""
_SPAN = ".."
_USE = f"Use 2026-11-12, or 2026-11-03{_SPAN}2026-11-04 for a span."
_DATE = "[0-9]{4}-[0-9]{2}-[0-9]{2}"
_SPACED_SPAN = re.compile(rf"\s*({_DATE})\s*\.\.\s*(?={_DATE})")
# A span as it is not written: one day, whose title would begin with its end.
_SECOND_DATE = re.compile(rf"(?:\W*|to |until ){_DATE}\b")


@dataclass(frozen=True, slots=True)
class Note:
    """Something that happened on a day or over a span of days, both ends included."""

    first: date
    last: date
    title: str
    link: str | None = None


@dataclass(frozen=True, slots=True)
class Notes:
    """The notes in order of time, and what is wrong with the other lines."""

    notes: tuple[Note, ...] = ()
    problems: tuple[str, ...] = ()
    has_file: bool = False
    """Whether there is a file to add notes to."""

    def between(self, first: date, last: date) -> tuple[Note, ...]:
        """Return the notes that touch a span of days."""
        return tuple(n for n in self.notes if n.first <= last and n.last >= first)


def read(path: Path | None) -> Notes:
    """Read the file as it is now; without a path there are no notes.

    A file that cannot be read and a wrong line are problems, never errors.
    """
    if path is None:
        return Notes()
    try:
        found = parse(lines_of_list(path, MOST_BYTES))
        return replace(found, has_file=True)
    except OSError as error:
        problem = unreadable_list(path, "NOTES_FILE", error)
        return Notes((), (problem,), has_file=True)


def parse(lines: Sequence[str]) -> Notes:
    """Return the notes and a sentence for each wrong line."""
    notes, problems = entries_of_list(lines, MOST_NOTES, "notes", _note)
    notes.sort(key=lambda note: (note.first, note.last))
    return Notes(tuple(notes), problems)


def _note(line: str) -> Note:
    """Return the note of a line; raise ValueError with what is wrong with it."""
    spaced = _SPACED_SPAN.match(line)
    if spaced:
        line = f"{spaced[1]}{_SPAN}{line[spaced.end() :]}"
    when, *words = line.split()
    first, last = _days(when)
    # Only a link at the end is one; inside a title it is text.
    link = words.pop() if words and _is_link(words[-1]) else None
    # Neither a file nor the tip of a flag is to get a mark that turns what follows.
    title = in_one_line(" ".join(words))
    if not is_visible(title):
        raise ValueError(f"has no title after {when[:40]}.")
    if _SECOND_DATE.match(title):
        raise ValueError(f"has two dates. {_USE}")
    if len(title) > LONGEST:
        raise ValueError(f"has a title longer than {LONGEST} characters.")
    return Note(first, last, title, link)


def _days(when: str) -> tuple[date, date]:
    first, _, last = when.partition(_SPAN)
    begins, ends = _date(first), _date(last if _SPAN in when else first)
    if begins is None or ends is None:
        raise ValueError(f"begins with “{when[:40]}”, which is not a date. {_USE}")
    if ends < begins:
        raise ValueError(f"has a span that ends before it starts: {when[:40]}.")
    return begins, ends


def _date(text: str) -> date | None:
    # fromisoformat takes 20261112 and 2026-W46-4 as well.
    if not re.fullmatch(_DATE, text):
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def _is_link(word: str) -> bool:
    try:
        parts = urlsplit(word)
    except ValueError:
        return False
    return parts.scheme in {"http", "https"} and bool(parts.hostname)
