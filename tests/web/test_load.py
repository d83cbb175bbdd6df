"""A few seconds of the load that benchmarks/load puts on the server for minutes."""

import os
import re
import signal
import subprocess
import sys

import pytest

from testkit.dashboard import ROOT


@pytest.mark.mariadb
@pytest.mark.slow
@pytest.mark.timeout(240)
def test_users_programs_and_a_sync_bring_no_error_and_no_wrong_number() -> None:
    crowd = [
        "--small",
        "--users",
        "4",
        "--think",
        "1",
        "--programs",
        "3",
        "--pause",
        "1",
    ]
    process = subprocess.Popen(
        [sys.executable, "-m", "benchmarks.load", "--minutes", "0.1", *crowd],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    try:
        said, _ = process.communicate(timeout=220)
    except subprocess.TimeoutExpired:
        # Its servers go with it.
        os.killpg(process.pid, signal.SIGKILL)
        raise
    assert process.returncode == 0, said
    [found] = re.findall(r"errors: (\d+); numbers compared: (\d+), wrong: (\d+)", said)
    errors, compared, wrong = map(int, found)
    assert (errors, wrong) == (0, 0)
    # On a busy machine each program may have had one answer.
    assert compared >= 3
    assert said.count("tracebacks: 0, warnings and errors in its log: 0") == 2
