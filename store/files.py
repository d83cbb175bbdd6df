"""Small files of a store, wherever they are."""

from pathlib import Path

import polars as pl

from core.location import Folder
from store.manifest import CURRENT


def text_of(file: Folder) -> str:
    """Read a small file, wherever it is; a missing one is a FileNotFoundError."""
    if isinstance(file, Path):
        return file.read_text("utf-8")  # the locale may be another
    lines = pl.read_lines(file.url, glob=False, storage_options=options_of(file))
    return "\n".join(lines.to_series())


def options_of(file: Folder) -> dict[str, str | int] | None:
    """Return how Polars reaches a file; None on a disk."""
    if isinstance(file, Path):
        return None
    # A user waits for the page: say soon that the storage does not answer.
    return {"max_retries": 2, **file.options}


def unreachable(folder: Folder, error: OSError) -> str:
    """Say why a store cannot be reached, without keys or addresses."""
    if isinstance(folder, Path):
        return f"{CURRENT} cannot be read: {error}"
    return (
        f"{folder} cannot be read ({type(error).__name__}): check that the storage "
        "answers, AWS_ENDPOINT_URL and AWS_REGION, and that the key may read it"
    )
