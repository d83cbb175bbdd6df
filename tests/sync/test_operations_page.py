"""The operator's page tells the truth."""

import re

import sync_job
from sync import faults
from tests.sync.processes import ROOT

PAGE = (ROOT / "docs" / "operations.md").read_text()
NAMED = set(re.findall(r"(test_\w+\.py)::(test_\w+)", PAGE))


def test_every_test_that_the_page_names_exists() -> None:
    assert len(NAMED) > 25
    for file, name in sorted(NAMED):
        text = (ROOT / "tests" / "sync" / file).read_text()
        assert f"\ndef {name}(" in text, f"{file} has no {name}"


def test_each_of_the_fourteen_situations_names_a_test() -> None:
    rows = re.findall(r"^\| (\d+) \|.*\|$", PAGE, re.MULTILINE)
    assert [int(number) for number in rows] == list(range(1, 15))
    proven = re.findall(
        r"^\| \d+ \|[^|]*\|[^|]*`test_\w+\.py::\w+`", PAGE, re.MULTILINE
    )
    assert len(proven) == 14


def test_the_page_names_every_flag_and_no_other() -> None:
    flags = set(re.findall(r"`python sync_job\.py (--[a-z-]+)", PAGE))
    known = {
        option
        for action in sync_job.parser()._actions
        for option in action.option_strings
        if option.startswith("--") and option != "--help"
    }
    assert flags == known


MESSAGES = [
    faults.SourceError("reading", None),
    faults.AccessDeniedError(1045),
    faults.ContractError(["a", "b"]),
    faults.MisfitError("fpp_votes", "id", "1", "is 2"),
    faults.TooManyPeopleError(5),
    faults.CopyError("fpp_votes", "all"),
    faults.ShrinkError(["fpp_votes"]),
    faults.DeadlineError(1),
    faults.DiskError(OSError()),
    faults.DamagedStoreError(ValueError()),
    faults.NoStoreError(),
    faults.DifferenceError(["fpp_votes"]),
]


def test_no_failure_is_left_out() -> None:
    assert set(faults.SyncError.__subclasses__()) == set(map(type, MESSAGES))


def test_the_page_explains_every_failure() -> None:
    rows = re.findall(r"^\| `([^`]+)`", PAGE, re.MULTILINE)
    pieces = [max(row.split("…"), key=len).strip() for row in rows]
    for message in MESSAGES:
        assert any(piece in str(message) for piece in pieces), str(message)
