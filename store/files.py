"""Small files: of a store, wherever they are, and the lists that a team keeps."""

import errno
import os
import stat
from codecs import BOM_UTF16_BE, BOM_UTF16_LE
from collections.abc import Callable, Sequence
from pathlib import Path

import polars as pl

from core.location import Folder

LONGEST_ANSWER = "30s"
"""Of object storage to one request, which Polars makes twice.

Without it Polars would wait forever.
"""


def text_of(file: Folder) -> str:
    """Read a small file, wherever it is; a missing one is a FileNotFoundError."""
    if isinstance(file, Path):
        return content_of(file).decode("utf-8")
    lines = pl.read_lines(file.url, glob=False, storage_options=options_of(file))
    return "\n".join(lines.to_series())


def content_of(file: Path, most_bytes: int = -1) -> bytes:
    """Read a file, or its first bytes; raises OSError for what is no regular file.

    A pipe would wait for its writer, a device never end.
    """
    with open(file, "rb", opener=_open_at_once) as opened:  # Path.open takes no opener
        if not stat.S_ISREG(os.fstat(opened.fileno()).st_mode):
            raise OSError(errno.EINVAL, "not a regular file")
        return opened.read(most_bytes)


def _open_at_once(path: str, flags: int) -> int:
    return os.open(path, flags | os.O_NONBLOCK)


def options_of(file: Folder) -> dict[str, str | int] | None:
    """Return how Polars reaches a file; None on a disk."""
    if isinstance(file, Path):
        return None
    # A user waits for the page: say soon that the storage does not answer.
    return {"max_retries": 2, "timeout": LONGEST_ANSWER, **file.options}


def unreachable(file: Folder, error: OSError) -> str:
    """Say why a file of a store cannot be read, without paths, keys or addresses."""
    reason = error.strerror or type(error).__name__
    check = (
        "the disk, and the permissions of DATA_DIR"
        if isinstance(file, Path)
        else "that the storage answers, AWS_ENDPOINT_URL and AWS_REGION, and that the "
        "key may read it"
    )
    return f"{file.name} cannot be read: {reason}. Check {check}."


MOST_PROBLEMS = 10
"""Wrong lines of a list that are named; of the rest only the number is."""
# Stands for bytes that are not UTF-8.
_UNREADABLE = "\N{REPLACEMENT CHARACTER}"
_MARK = "\N{ZERO WIDTH NO-BREAK SPACE}"


def entries_of_list[Entry](
    lines: Sequence[str], most: int, kind: str, read: Callable[[str], Entry]
) -> tuple[list[Entry], tuple[str, ...]]:
    """Return the entries of a list that a team edits, and a sentence per wrong line.

    Empty lines and those that start with # are skipped. `read` raises ValueError with
    what completes "Line 3 …". The lines after `most` entries are left out, whose `kind`
    is named, such as "notes".
    """
    entries: list[Entry] = []
    problems: list[str] = []
    for number, line in enumerate(lines, start=1):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        if len(entries) == most:
            problems.append(
                f"Lines from {number} on are left out, after {most:,} {kind}."
            )
            break
        try:
            entries.append(read(line))
        except ValueError as error:
            problems.append(f"Line {number} {error}")
            continue
        if _UNREADABLE in line:
            problems.append(
                f"Line {number} has characters that cannot be read. Save the file as "
                "UTF-8."
            )
    return entries, tuple(_first_of(problems))


def _first_of(problems: Sequence[str]) -> Sequence[str]:
    more = len(problems) - MOST_PROBLEMS
    if more <= 0:
        return problems
    lines = "line has a problem" if more == 1 else "lines have problems"
    return [*problems[:MOST_PROBLEMS], f"{more:,} more {lines}."]


def unreadable_list(path: Path, setting: str, error: OSError) -> str:
    """Say why a list that a team edits cannot be read."""
    reason = error.strerror or type(error).__name__
    return f"Cannot read {path.name}: {reason}. Correct it or {setting}."


def lines_of_list(path: Path, most_bytes: int) -> list[str]:
    """Return the lines of a list that a team edits, as an editor counts them.

    UTF-8, or UTF-16 with its mark, as Windows writes it. Raises OSError also for what
    is larger, and for what is no regular file.
    """
    content = content_of(path, most_bytes + 1)
    if len(content) > most_bytes:
        raise OSError(errno.EFBIG, f"larger than {most_bytes:,} bytes")
    wide = content.startswith((BOM_UTF16_LE, BOM_UTF16_BE))
    # A bad byte spoils its line only; lists that were joined have a mark each.
    text = content.decode("utf-16" if wide else "utf-8", errors="replace")
    text = text.replace(_MARK, "")
    # Not `splitlines`, which also splits where editors see one line.
    return text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
