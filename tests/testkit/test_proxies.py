"""Tests reach the servers that they start also where the network has a proxy."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
ASK = """
import tests.conftest
from urllib.request import proxy_bypass
hosts = ("127.0.0.1", "localhost", "intern.example", "www.example")
print(*[host for host in hosts if proxy_bypass(host)])
"""


@pytest.mark.parametrize("excepted", ["no_proxy", "NO_PROXY", ""])
def test_this_machine_is_asked_directly_and_others_as_before(excepted: str) -> None:
    kept = {n: v for n, v in os.environ.items() if n.lower() != "no_proxy"}
    named = {excepted: "intern.example"} if excepted else {}
    environ = kept | named | {"http_proxy": "http://127.0.0.1:1"}
    asked = subprocess.check_output(
        [sys.executable, "-c", ASK], env=environ, cwd=ROOT, text=True
    )
    others = ["intern.example"] if excepted else []
    assert asked.split() == ["127.0.0.1", "localhost", *others]
