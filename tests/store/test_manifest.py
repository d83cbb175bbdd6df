"""A manifest is what was written, and what can be, or it is refused."""

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from store.manifest import (
    CURRENT,
    MANIFESTS,
    Block,
    Manifest,
    ManifestError,
    Origin,
    Run,
    UserIdsFile,
)
from store.reader import StoreError, current_version, open_store

NOW = datetime(2026, 11, 20, 18)
SHA = "ab" * 32


def block(number: int) -> Block:
    return Block(
        key=f"{number}x10",
        file=f"blocks/fpp_votes/{number}x10-{number:012x}.parquet",
        rows=9,
        bytes=1_000,
        min_key=10 * number + 1,
        max_key=10 * number + 9,
        min_time=NOW - timedelta(days=2),
        max_time=NOW - timedelta(days=1),
        checksum=f"pages:{SHA}",
        sha256=SHA,
        checked_at=NOW,
    )


MANIFEST = Manifest(
    number=7,
    generation=5,
    snapshot_at=NOW,
    tables={"fpp_votes": (block(0), block(1))},
    user_ids=(
        UserIdsFile("blocks/people/0-0a.parquet", 0, 3, 100, SHA),
        UserIdsFile("blocks/people/3-0b.parquet", 3, 1, 100, SHA),
        UserIdsFile("blocks/people/4-0c.parquet", 4, 2, 100, SHA),
    ),
    runs=(Run(NOW, 0.5, 1, 2, 3, 4),),
    ignored=("fpp_rooms.colour",),
    origin=Origin("fpp", "0123"),
    longest_wait=600.0,
)


def test_a_manifest_is_read_as_it_was_written() -> None:
    assert Manifest.from_json(MANIFEST.to_json()) == MANIFEST
    assert json.loads(MANIFEST.to_json())["format"] == 3


def test_every_changed_byte_of_a_manifest_is_refused() -> None:
    text = MANIFEST.to_json().encode()
    for position in range(len(text)):
        changed = bytearray(text)
        changed[position] ^= 1
        with pytest.raises(ManifestError):
            Manifest.from_json(changed.decode())


def test_every_manifest_that_was_cut_is_refused() -> None:
    text = MANIFEST.to_json()
    for length in range(len(text)):
        with pytest.raises(ManifestError):
            Manifest.from_json(text[:length])


def test_an_origin_that_was_noted_without_a_time_matches_any() -> None:
    origin = Origin("fpp", "0123", "2026-11-01 00:00:00")
    assert origin.matches(Origin("fpp", "0123"))
    assert origin.matches(origin)
    for other in (
        Origin("fpp", "4567"),
        Origin("copy", "0123"),
        replace(origin, created="2026-11-02 00:00:00"),
    ):
        assert not origin.matches(other)


def test_a_block_of_one_row_is_none_that_contradicts_itself() -> None:
    one = with_block(rows=1, min_key=9, max_time=NOW - timedelta(days=2))
    assert Manifest.from_json(one.to_json()) == one


def with_block(**changes: Any) -> Manifest:
    return replace(
        MANIFEST, tables={"fpp_votes": (replace(block(0), **changes), block(1))}
    )


def with_ids(**changes: Any) -> Manifest:
    first, second, *others = MANIFEST.user_ids
    return replace(MANIFEST, user_ids=(first, replace(second, **changes), *others))


CONTRADICTIONS: dict[str, Manifest] = {
    "a block twice": replace(MANIFEST, tables={"fpp_votes": (block(0), block(0))}),
    "a file in two tables": replace(
        MANIFEST, tables={"fpp_votes": (block(0),), "fpp_events": (block(0),)}
    ),
    "more rows than keys": with_block(rows=10),
    "fewer rows than none": with_block(rows=-1),
    "no rows, but keys": with_block(rows=0),
    "keys of another block": with_block(min_key=11, max_key=19),
    "the first key of the next block": with_block(max_key=10),
    "last key before the first": with_block(min_key=9, max_key=1),
    "last time before the first": with_block(max_time=NOW - timedelta(days=9)),
    "last ID before the first": with_block(key="2026Q4", min_key="b", max_key="a"),
    "a key without an end": with_block(max_key=None),
    "times of another quarter": with_block(key="2025Q1"),
    "times of two quarters": with_block(
        key=f"{NOW.year}Q{(NOW.month + 2) // 3}", min_time=NOW - timedelta(days=120)
    ),
    "an absolute path": with_block(file="/etc/passwd"),
    "a climbing path": with_block(file="blocks/../../x.parquet"),
    "a path with a NUL": with_block(file="blocks/fpp_votes/a\0.parquet"),
    "a key without numbers": with_block(key="axb"),
    "a path with another after it": with_block(file="blocks/a/b\nblocks/c/d"),
    "a path of another folder": with_block(file="manifests/x/y.parquet"),
    "another kind of sha256": with_block(sha256="x"),
    "a sha256 cut off": with_block(sha256=SHA[:-2]),
    "ids with a gap": with_ids(first=4),
    "ids that overlap": with_ids(first=2),
    "more ids than are left for the next file": with_ids(rows=2),
    "a generation above the number": replace(MANIFEST, generation=8),
    "a negative number": replace(MANIFEST, number=-7, generation=-8),
    "an endless run": replace(MANIFEST, runs=(Run(NOW, float("inf"), 1, 2, 3, 4),)),
}


@pytest.mark.parametrize("wrong", CONTRADICTIONS.values(), ids=CONTRADICTIONS.keys())
def test_a_manifest_that_contradicts_itself_is_refused(wrong: Manifest) -> None:
    with pytest.raises(ManifestError):
        Manifest.from_json(wrong.to_json())


def earlier(change: Callable[[dict[str, Any]], object]) -> str:
    """Return a manifest of the earlier format, which has no checksum of its own."""
    raw = json.loads(MANIFEST.to_json())
    raw |= {"format": 2, "people": raw.pop("user_ids")}
    change(raw)
    return json.dumps(raw)


def test_a_manifest_of_the_earlier_format_is_read() -> None:
    found = Manifest.from_json(earlier(dict.copy))
    (first, _) = found.tables["fpp_votes"]
    assert (first.rows, first.checksum, first.checked_at) == (9, None, None)
    assert found.user_ids == MANIFEST.user_ids


ODD = {
    "1e400": earlier(lambda raw: raw["runs"][0].update(seconds=1)).replace(
        '"seconds": 1', '"seconds": 1e400'
    ),
    "a number that is a text": earlier(lambda raw: raw.update(number="7")),
    "a number that is true": earlier(lambda raw: raw.update(number=True)),
    "a fraction of a row": earlier(
        lambda raw: raw["tables"]["fpp_votes"][0].update(rows=1.5)
    ),
    "deep": "[" * 200_000 + "]" * 200_000,
    "deep within": '{"format": ' + '{"a":' * 50_000 + "1" + "}" * 50_001,
    "huge": '{"format": 2, "number": ' + "9" * 5_000 + "}",
    "a list": "[]",
    "null": "null",
    "empty": "",
}


@pytest.mark.parametrize("text", ODD.values(), ids=ODD.keys())
def test_odd_json_is_refused(text: str) -> None:
    with pytest.raises(ManifestError):
        Manifest.from_json(text)


@pytest.mark.parametrize(
    "content", [b"a\0b.json\n", b"\xff\xfe", b"../CURRENT", b"/etc/passwd", b"", b"\0"]
)
def test_a_pointer_that_names_no_manifest_is_a_damaged_store(
    tmp_path: Path, content: bytes
) -> None:
    (tmp_path / MANIFESTS).mkdir()
    (tmp_path / CURRENT).write_bytes(content)
    with pytest.raises(StoreError, match="--rebuild"):
        open_store(tmp_path)
    # There is a store: "no data yet" would be the wrong advice.
    assert current_version(tmp_path)


@pytest.mark.parametrize("text", ODD.values(), ids=ODD.keys())
def test_a_manifest_that_is_none_is_a_damaged_store(tmp_path: Path, text: str) -> None:
    (tmp_path / MANIFESTS).mkdir()
    (tmp_path / MANIFESTS / "1.json").write_text(text)
    (tmp_path / CURRENT).write_text("1.json\n")
    with pytest.raises(StoreError, match="--rebuild"):
        open_store(tmp_path)
