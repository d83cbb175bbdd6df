"""A few seconds of the load that benchmarks/load puts on the server for minutes."""

import re
import subprocess
import sys

import pytest

from tests.web.running import ROOT


@pytest.mark.mariadb
@pytest.mark.slow
@pytest.mark.timeout(240)
def test_people_programs_and_a_sync_bring_no_error_and_no_wrong_number() -> None:
    crowd = [
        "--small",
        "--people",
        "6",
        "--think",
        "1",
        "--programs",
        "3",
        "--pause",
        "1",
    ]
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.load", "--minutes", "0.2", *crowd],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=220,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    [found] = re.findall(
        r"errors: (\d+); numbers compared: (\d+), wrong: (\d+)", done.stdout
    )
    errors, compared, wrong = map(int, found)
    assert (errors, wrong) == (0, 0)
    assert compared > 20
    assert done.stdout.count("tracebacks: 0, warnings and errors in its log: 0") == 2
