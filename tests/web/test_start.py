"""What has to be true before the server answers; a wrong value is one line."""

import json
import os
import pty
import re
import select
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import time
import tomllib
from codecs import getincrementaldecoder
from collections.abc import Sequence
from pathlib import Path

import pytest
import streamlit

from core.settings import DashboardSettings, Secret, SettingError
from scripts import serve
from testkit.dashboard import (
    GOLDEN,
    LONGEST_WAIT,
    ROOT,
    TOKEN,
    dashboard,
    get,
    session_of,
    start_dashboard,
)
from testkit.object_storage import VARIABLES, never_answering
from testkit.visitor import log_in, visiting
from web import startup
from web.auth.sessions import COOKIE, AccessToken
from web.paths import Paths

WITH_TOKEN = {"ANALYTICS_SECRET_TOKEN": TOKEN}


def test_without_python_or_network_make_says_what_to_do(tmp_path: Path) -> None:
    folders = {
        name: str(tmp_path / name)
        for name in ("UV_PYTHON_INSTALL_DIR", "UV_PROJECT_ENVIRONMENT", "UV_CACHE_DIR")
    }
    no_python = {"UV_PYTHON_PREFERENCE": "only-managed", "UV_OFFLINE": "1"}
    done = subprocess.run(
        ["make", "run"],
        cwd=ROOT,
        env={**os.environ, **folders, **no_python},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 2
    # The first start takes minutes on a slow line, and uv is silent.
    assert done.stderr.startswith("Installing packages …\n")
    assert "Python 3.13 or the locked packages could not be installed" in done.stderr
    assert "or install Python 3.13 yourself first." in done.stderr


def refused(process: "subprocess.Popen[str]") -> str:
    """Return the line with which a start ended."""
    try:
        said, _ = process.communicate(timeout=LONGEST_WAIT)
    except subprocess.TimeoutExpired:
        process.kill()
        raise
    assert process.returncode == 1
    assert "Traceback" not in said
    return said.splitlines()[-1]


def test_without_a_token_a_link_is_printed_that_logs_in() -> None:
    with dashboard({}) as running:
        assert re.fullmatch(
            r"http://127\.0\.0\.1:\d+/login\?token=[\w-]{43}", running.link
        )
        entered = get(running.link)
        assert entered.status_code == 303
        assert entered.headers["location"] == "/login?next=/&entered="
        cookie = {"Cookie": f"{COOKIE}={session_of(entered.cookies)}"}
        assert get(f"{running.url}/", headers=cookie).status_code == 200
        token = running.link.partition("token=")[2]
        _, said = running.stop()
        assert token not in said


def test_the_random_token_is_another_one_each_time() -> None:
    assert len({AccessToken.of(None).secret.reveal() for _ in range(100)}) == 100


def test_in_production_the_address_is_a_line_of_the_log(tmp_path: Path) -> None:
    production = WITH_TOKEN | {"SENTRY_ENVIRONMENT": "production"}
    # With a token it may be any.
    anywhere = ("--server.address", "0.0.0.0")  # noqa: S104 - behind a token
    # From another folder it is protected as well.
    with dashboard(production, *anywhere, folder=tmp_path) as running:
        assert get(f"{running.url}/health").status_code == 200
        assert get(f"{running.url}/_stcore/health").status_code == 401
        [line] = running.printed.splitlines()
    entry = json.loads(line)
    assert (entry["service"], entry["level"]) == ("fpp-analytics", "info")
    assert (entry["msg"], entry["url"]) == ("listening", running.link.strip('"}'))


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_it_cleanly_and_its_token_is_never_printed(
    how: signal.Signals, tmp_path: Path
) -> None:
    """While users look at pages, too."""
    with (
        dashboard(WITH_TOKEN | {"TMPDIR": str(tmp_path)}) as running,
        visiting(running.url, log_in(running.url, TOKEN)) as visitor,
    ):
        visitor.open("votes")
        assert [*tmp_path.glob("fpp-*")]
        code, said = running.stop(how)
    assert not [*tmp_path.glob("fpp-*")]
    assert re.fullmatch(
        r"\s*FPP Analytics  http://127\.0\.0\.1:\d+/\n", running.printed
    )
    assert TOKEN not in running.printed + said
    assert said.count("stopped\n") == 1
    assert "Traceback" not in said
    # The server raises SIGTERM again once it has stopped; click makes SIGINT 1.
    assert code == (1 if how == signal.SIGINT else -how)


LONG_WARM_UP = """
import sys, time, types
def warm_up(*_):
    time.sleep(1)
    print("warm", flush=True)
sys.modules["ui.warm_up"] = types.SimpleNamespace(warm_up=warm_up)
"""


def test_a_warm_up_ends_before_the_process() -> None:
    """Python that ends beside it may abort: exit code 134 for a Ctrl-C."""
    with dashboard(WITH_TOKEN, before=LONG_WARM_UP) as running:
        code, said = running.stop(signal.SIGINT)
    assert (code, said.partition("stopped\n")[0].count("warm\n")) == (1, 1)


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_it_while_the_warm_up_waits_for_the_storage(
    how: signal.Signals,
) -> None:
    with never_answering() as address:
        away = {**WITH_TOKEN, **VARIABLES, "AWS_ENDPOINT_URL": address}
        with dashboard(away) as running:
            started = time.monotonic()
            _, said = running.stop(how)
    assert said.count("stopped\n") == 1
    # Docker waits for ten seconds, the storage is waited for a minute; a machine that
    # does much else takes some seconds more than the five of the warm-up.
    assert time.monotonic() - started < 30


CTRL_C, CTRL_Z = b"\x03", b"\x1a"
ADDRESS = r"FPP Analytics  http\S+\s"


def in_a_terminal(*command: str, typed: Sequence[tuple[str, bytes]]) -> tuple[int, str]:
    """Run a command in a terminal of its own; return its exit code and the screen.

    Each key is pressed a moment after its pattern has appeared behind what the key
    before found; one without a pattern follows at once.
    """
    served = {"DATA_DIR": str(GOLDEN), "PORT": "0", "PS1": "$ ", **WITH_TOKEN}
    # Run by make, make would say which folder it leaves.
    own = {"MAKELEVEL", "MAKEFLAGS", "MFLAGS"}
    environ = {name: text for name, text in os.environ.items() if name not in own}
    terminal, inside = pty.openpty()
    process = subprocess.Popen(
        ["setsid", "--ctty", *command],
        cwd=ROOT,
        env={**environ, **served},
        stdin=inside,
        stdout=inside,
        stderr=inside,
    )
    os.close(inside)
    screen, seen, left = "", 0, list(typed)
    decoder = getincrementaldecoder("utf-8")()
    deadline = time.monotonic() + LONGEST_WAIT
    while time.monotonic() < deadline:
        if select.select([terminal], [], [], 0.01)[0]:
            try:
                screen += decoder.decode(os.read(terminal, 65_536))
            except OSError:
                break  # No process has the terminal open any more.
        if left and (found := re.compile(left[0][0]).search(screen, seen)):
            pattern, key = left.pop(0)
            time.sleep(0.5 if pattern else 0.01)
            os.write(terminal, key)
            seen = found.end()
    else:
        process.kill()
    os.close(terminal)
    return process.wait(), screen


@pytest.mark.parametrize(
    ("command", "presses"), [(("make", "run"), 5), (("scripts/run",), 1)]
)
def test_ctrl_c_in_a_terminal_ends_it_without_a_complaint(
    command: tuple[str, ...], presses: int
) -> None:
    keys = [(ADDRESS, CTRL_C), *[("", CTRL_C)] * (presses - 1)]
    code, screen = in_a_terminal(*command, typed=keys)
    assert code == 0, screen
    rest = re.sub(r"\^C|\S+ INFO     stopped|\s", "", re.split(ADDRESS, screen)[1])
    assert rest == ""


INTERRUPTED = """
import os, signal, sys, threading, time
signal.signal(signal.SIGINT, lambda *_: None)
import polars as pl
if sys.argv[1] == "server":
    from web import startup
    startup.keep_ctrl_c_from_computations()
rows = pl.LazyFrame({"a": range(200_000)})
plan = rows.group_by(pl.col("a") % 97).len().sort("a")
ended, is_over = [], threading.Event()

def compute():
    while not is_over.is_set():
        try:
            pl.collect_all([plan] * 10, engine="streaming")
        except BaseException as error:
            ended.append(type(error).__name__)

thread = threading.Thread(target=compute)
thread.start()
# Elsewhere the first one that meets a computation is enough.
for _ in range(30 if sys.argv[1] == "server" else 600):
    time.sleep(0.05)
    os.kill(os.getpid(), signal.SIGINT)
    if ended:
        break
is_over.set()
thread.join()
print(*set(ended))
"""


@pytest.mark.parametrize(
    ("where", "expected"), [("server", ""), ("anywhere", "KeyboardInterrupt")]
)
def test_ctrl_c_ends_no_computation_of_the_server(where: str, expected: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", INTERRUPTED, where],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    )
    assert done.stdout.strip() == expected


def test_ctrl_z_stops_it_until_it_is_brought_to_the_front() -> None:
    code, screen = in_a_terminal(
        "bash",
        "--norc",
        "-i",
        typed=[
            (r"\$ ", b"scripts/run\n"),
            (ADDRESS, CTRL_Z),
            (r"Stopped[^$]*\$ ", b"fg\n"),
            (r"fg[^$]*scripts/run\s", CTRL_C),
            (r"INFO     stopped[^$]*\$ ", b"exit 7\n"),
        ],
    )
    assert code == 7, screen
    assert not re.search("Traceback|Aborted|rror", screen)


def test_in_the_background_it_leaves_the_terminal_to_the_shell() -> None:
    program = "from scripts.serve import *; be_in_front(); print(f'is {2 + 2}')"
    command = shlex.join([sys.executable, "-c", program])
    keys = [
        (r"\$ ", f"{command} &\n".encode()),
        ("is 4", b"exit 7\n"),
    ]
    code, screen = in_a_terminal("bash", "--norc", "-i", typed=keys)
    assert code == 7, screen


def test_without_a_token_no_other_address_is_served(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    everywhere = "0.0.0.0"  # noqa: S104 - what must be refused
    refusal = (
        "Not listening on {} without a token. Set ANALYTICS_SECRET_TOKEN, or use "
        "127.0.0.1."
    )
    line = refused(start_dashboard({}, "--server.address", everywhere))
    assert line == f"fpp-analytics: {refusal.format(everywhere)}"
    settings = DashboardSettings.from_env({})
    for address in ("::", "127.0.0.2", "", None):
        monkeypatch.setattr(streamlit, "get_option", {"server.address": address}.get)
        with pytest.raises(SettingError) as error:
            startup.check_address(settings)
        assert str(error.value) == refusal.format(address)


@pytest.mark.parametrize(
    ("token", "warned"), [("", False), ("x" * 15, True), ("x" * 16, False)]
)
def test_a_token_that_can_be_guessed_is_warned_of(
    token: str, warned: bool, caplog: pytest.LogCaptureFixture, log_to_caplog: None
) -> None:
    settings = DashboardSettings.from_env({"ANALYTICS_SECRET_TOKEN": token})
    startup.warn_of_short_token(settings)
    assert ("can be guessed" in caplog.text) == warned
    assert "xxx" not in caplog.text


def test_a_wrong_value_ends_the_start_with_one_line() -> None:
    line = refused(start_dashboard({"SYNC_INTERVAL": "soon"}))
    assert line == (
        "fpp-analytics: SYNC_INTERVAL is 'soon'. Use a whole number from 1 to 86400."
    )


@pytest.mark.parametrize("path", ["a b", " "])
def test_a_path_that_no_link_could_have_ends_the_start(
    path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(streamlit, "get_option", {"server.baseUrlPath": path}.get)
    with pytest.raises(SettingError, match=rf"^BASE_URL_PATH is '{path}'\. Use a "):
        startup.check_base_path()


def test_a_folder_without_data_is_named_once_the_server_runs(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, log_to_caplog: None
) -> None:
    (tmp_path / "other.parquet").touch()
    for data_dir in (GOLDEN, tmp_path, tmp_path / "typo"):
        startup.warn_of_no_data(data_dir)
    empty, missing = caplog.messages
    assert empty.startswith(
        f"No data yet: {tmp_path} has no store and no fpp_*.parquet"
    )
    assert missing.startswith(f"No data yet: {tmp_path / 'typo'} does not exist. ")


@pytest.mark.parametrize("port", ["abc", "80000", "-1", "8501.5"])
def test_make_run_names_a_wrong_port(port: str) -> None:
    with pytest.raises(SettingError, match=f"^PORT is '{port}'. Use a whole number"):
        serve.port_of({"PORT": port})


def test_make_run_says_what_to_do_about_a_port_that_is_taken() -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        taken = str(other.getsockname()[1])
        with pytest.raises(
            SettingError, match=r"Stop .* or choose another port: PORT="
        ):
            serve.port_of({"PORT": taken})
    assert serve.port_of({"PORT": "0"}) == 0
    # One that was closed a moment ago, with users connected, is free.
    with socket.create_server(("127.0.0.1", 0)) as before:
        port = before.getsockname()[1]
        with socket.create_connection(("127.0.0.1", port)) as user:
            before.accept()[0].close()
            assert user.recv(1) == b""
    assert serve.port_of({"PORT": str(port)}) == port


def test_make_run_names_a_home_that_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    serve.require_home()
    monkeypatch.setenv("HOME", "~none-of-this-name")
    with pytest.raises(SettingError, match=r"no home folder\. Name one: HOME="):
        serve.require_home()


def test_uv_keeps_its_files_in_the_checkout_where_there_is_no_home(
    tmp_path: Path,
) -> None:
    scripts, uv = tmp_path / "a checkout" / "scripts", tmp_path / "bin" / "uv"
    scripts.mkdir(parents=True)
    uv.parent.mkdir()
    uv.write_text('#!/bin/sh\necho "${UV_CACHE_DIR:-} ${UV_PYTHON_INSTALL_DIR:-}"\n')
    uv.chmod(0o755)
    shutil.copy(ROOT / "scripts" / "uv", scripts)
    own = f"{tmp_path}/a checkout/.tools"
    for environ, expected in (
        ({}, f"{own}/cache {own}/python"),
        ({"HOME": "/nonexistent"}, f"{own}/cache {own}/python"),
        ({"UV_CACHE_DIR": "/mine"}, f"/mine {own}/python"),
        ({"XDG_CACHE_HOME": "/mine"}, ""),
        ({"HOME": str(tmp_path)}, ""),
    ):
        path = f"{uv.parent}:/usr/bin:/bin"
        command = [str(scripts / "uv"), "--anything"]
        said = subprocess.check_output(
            command, text=True, env={"PATH": path, **environ}
        )
        assert said.strip() == expected
    # A name on PATH without a program behind it: that of the checkout runs.
    uv.write_text("#!/bin/sh\nexit 127\n")
    its_own = scripts.parent / ".tools" / "bin" / "uv"
    its_own.parent.mkdir(parents=True)
    its_own.write_text('#!/bin/sh\necho its own "$@"\n')
    its_own.chmod(0o755)
    said = subprocess.check_output(command, text=True, env={"PATH": path})
    assert said == "its own --anything\n"


def test_an_option_that_weakens_it_ends_the_start() -> None:
    line = refused(start_dashboard(WITH_TOKEN, "--client.showErrorDetails=full"))
    assert line == (
        "fpp-analytics: Streamlit's option client.showErrorDetails is 'full'. Use "
        "'none', as .streamlit/config.toml sets it."
    )


@pytest.mark.parametrize("weakened", startup.REQUIRED_OPTIONS)
def test_every_option_that_protects_is_checked(
    weakened: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    options = {**startup.REQUIRED_OPTIONS, weakened: "weak"}
    monkeypatch.setattr(streamlit, "get_option", options.__getitem__)
    with pytest.raises(SettingError, match=f"option {weakened} is 'weak'"):
        startup.check_options()


def test_the_configuration_of_the_project_sets_every_required_option() -> None:
    config = tomllib.loads((ROOT / ".streamlit" / "config.toml").read_text())
    names = (name.split(".") for name in startup.REQUIRED_OPTIONS)
    assert {
        f"{section}.{name}": config[section][name] for section, name in names
    } == startup.REQUIRED_OPTIONS


@pytest.mark.parametrize(
    ("options", "address"),
    [
        ({"server.address": "0.0.0.0"}, "http://127.0.0.1:8501/"),  # noqa: S104 - shown
        ({"server.address": None}, "http://127.0.0.1:8501/"),
        ({"server.address": "::1"}, "http://[::1]:8501/"),
        ({"server.address": "fpp.example"}, "http://fpp.example:8501/"),
        ({"server.sslCertFile": "x"}, "https://127.0.0.1:8501/"),
    ],
)
def test_the_printed_address_is_one_that_a_browser_here_can_open(
    options: dict[str, str | None], address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    usual = {"server.address": "127.0.0.1", "server.port": 8501}
    chosen = {**usual, "server.sslCertFile": None, **options}
    monkeypatch.setattr(streamlit, "get_option", chosen.__getitem__)
    printed = startup.start_message(AccessToken.of(Secret(TOKEN)), Paths())
    assert printed == f"FPP Analytics  {address}"
