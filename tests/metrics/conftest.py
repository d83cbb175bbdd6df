"""The golden data and what the replaced service answers on them."""

import json
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from metrics.frames import Frames
from store.reader import open_store

GOLDEN = Path(__file__).parent.parent / "golden"

type Json = Any
"""Parsed JSON: its shape is what the tests are about."""


@pytest.fixture(scope="session")
def golden() -> Frames:
    # In memory: the copy of a folder's state goes when another folder is opened.
    return open_store(GOLDEN).frames.map(lambda _, rows: rows.collect().lazy())


@pytest.fixture(scope="session")
def expected() -> Json:
    return json.loads((GOLDEN / "expected.json").read_text())


@pytest.fixture(scope="session")
def as_of(expected: Json) -> datetime:
    return datetime.fromisoformat(expected["as_of"])
