"""The examples of docs/api.md run as written."""

import json
import os
import re
import subprocess
import sys

import pytest

from testkit.dashboard import ROOT, TOKEN, Dashboard

PAGE = (ROOT / "docs" / "api.md").read_text()
COMMANDS = re.findall(r"^```sh\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
PROGRAMS = re.findall(r"^```python\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)


def said(running: Dashboard, *command: str) -> str:
    """Return what an example prints; fail when it fails."""
    variables = {**os.environ, "HOST": running.url, "TOKEN": TOKEN}
    return subprocess.run(
        command, env=variables, check=True, capture_output=True, text=True
    ).stdout


@pytest.mark.parametrize("command", COMMANDS)
def test_a_command_prints_what_it_asks_for(running: Dashboard, command: str) -> None:
    # Where the dashboard runs is for the reader to fill in; here it runs elsewhere.
    asked = re.sub(r"^export HOST=.*\n", "", command)
    answer = said(running, "bash", "-euc", asked)
    if "format=md" in command:
        assert answer.startswith("**FPP Analytics: ")
    else:
        assert isinstance(json.loads(answer), dict)


@pytest.mark.parametrize("program", PROGRAMS)
def test_a_program_prints_a_table(running: Dashboard, program: str) -> None:
    assert said(running, sys.executable, "-c", program).startswith("shape: (")


def test_there_are_examples() -> None:
    assert (len(COMMANDS), len(PROGRAMS)) == (5, 1)
