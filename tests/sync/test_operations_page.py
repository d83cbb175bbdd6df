"""The operator's page is true."""

import re

import sync_job
from sync import exceptions
from tests.sync.processes import ROOT

PAGE = (ROOT / "docs" / "operations.md").read_text()
NAMED = set(re.findall(r"(test_\w+\.py)::(test_\w+)", PAGE))


def test_every_test_that_the_page_names_exists() -> None:
    assert len(NAMED) > 25
    for file, name in sorted(NAMED):
        text = (ROOT / "tests" / "sync" / file).read_text()
        assert f"\ndef {name}(" in text, f"{file} has no {name}"


def test_each_situation_names_a_test() -> None:
    rows = re.findall(r"^\| (\d{1,2}) \|.*\|$", PAGE, re.MULTILINE)
    assert [int(number) for number in rows] == list(range(1, 28))
    proven = re.findall(
        r"^\| \d+ \|[^|]*\|[^|]*`test_\w+\.py::\w+`", PAGE, re.MULTILINE
    )
    assert len(proven) == 27


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
    exceptions.SourceError("reading", None),
    exceptions.OriginError("x"),
    exceptions.EngineError({"fpp_votes": "MyISAM"}),
    exceptions.DamagedBlockError("x", ValueError()),
    exceptions.DamagedUserIdsError(["x"]),
    exceptions.ContractError(["a", "b"]),
    exceptions.MisfitError("fpp_votes", "id", "1", "is 2"),
    exceptions.RepeatedKeyError("fpp_votes", "id", "1"),
    exceptions.TooManyUsersError(5),
    exceptions.CopyError("fpp_votes", "all"),
    exceptions.ShrinkError(["fpp_votes lost 21 of 100 rows"]),
    exceptions.DeadlineError(1),
    exceptions.DiskError(OSError()),
    exceptions.DamagedStoreError(ValueError()),
    exceptions.NoStoreError(),
    exceptions.DifferenceError(["fpp_votes"]),
]


def test_no_failure_is_left_out() -> None:
    assert set(exceptions.SyncError.__subclasses__()) == set(map(type, MESSAGES))


def test_the_page_explains_every_failure() -> None:
    rows = re.findall(r"^\| `([^`]+)`", PAGE, re.MULTILINE)
    pieces = [max(row.split("…"), key=len).strip() for row in rows]
    for message in MESSAGES:
        assert any(piece in str(message) for piece in pieces), str(message)


def test_the_page_explains_every_error_number() -> None:
    for number, meaning in exceptions.MEANINGS.items():
        (row,) = re.findall(
            rf"^\| (?:\d+, )*{number}(?:, \d+)* \|.*$", PAGE, re.MULTILINE
        )
        assert meaning.cause in row
        assert meaning.fix in row
