"""A failure is reported once, under a reference, and without what is private."""

import json
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from textwrap import dedent

import pytest

from testkit.dashboard import ROOT
from tests.web.sentry import Event, sentry

USER = "V1StGXR8_Z5jdHi6B-myT"
PASSWORD = "pa55word-of-the-database"  # noqa: S105 - made up
PRIVATE = (USER, PASSWORD, "anna@example.org", "public-key")

SCRIPT = dedent(
    """
    import os, sys
    from core.errors import *
    from core.settings import SyncSettings
    settings = SyncSettings.from_env(os.environ)
    start_errors(settings.sentry, settings.secrets)
    user, password = os.environ["USER_ID"], os.environ["DB_PASSWORD"]
    add_error_breadcrumb(f"asked for {user}", "db", {"user_id": user, "rows": 3})
    try:
        try:
            raise ValueError(f"first {user}")
        except ValueError as cause:
            raise OSError(f"user {user}, anna@example.org, {password}") from cause
    except OSError as error:
        extra = {"token": "abc", "table": "fpp_votes", "note": f"of {user}", "n": 2}
        context = ErrorContext("sync", "read", extra)
        print(capture_error(error, context, sys.argv[1]))
    flush_errors()
    """
)


@dataclass(frozen=True)
class Captured:
    """What became of an error: the process's words, and what Sentry got."""

    reference: str
    log: str
    envelopes: Sequence[bytes]
    events: Sequence[Event]


@cache
def captured(environment: str = "production", severity: str = "high") -> Captured:
    """Capture an error in a process of its own, once for all tests that look."""
    with sentry() as tracker:
        reference, log = run(tracker.dsn, environment, severity)
    return Captured(reference, log, tracker.envelopes, tracker.events)


def run(dsn: str, environment: str, severity: str) -> tuple[str, str]:
    """Capture an error in a process of its own; return the reference and the log."""
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, severity],
        cwd=ROOT,
        env={
            "USER_ID": USER,
            "DB_PASSWORD": PASSWORD,
            "FPP_ANALYTICS_SENTRY_DSN": dsn,
            "SENTRY_ENVIRONMENT": environment,
        },
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout.strip(), done.stderr


def test_in_production_a_failure_arrives_once_with_its_reference() -> None:
    found = captured()
    [event] = found.events
    assert len(found.envelopes) == 1
    assert event["level"] == "error"
    assert event["environment"] == "production"
    assert event["tags"] == {
        "component": "sync",
        "action": "read",
        "severity": "high",
        "reference": found.reference,
    }
    [entry] = [json.loads(line) for line in found.log.splitlines()]
    assert (entry["reference"], entry["level"]) == (found.reference, "error")


def test_events_contain_nothing_private() -> None:
    [event] = captured().events
    sent = json.dumps(event)
    assert [text for text in PRIVATE if text in sent] == []
    assert event["extra"] == {
        "token": "<private>",
        "table": "fpp_votes",
        "note": "of <user>",
        "n": 2,
    }
    assert [e["value"] for e in event["exception"]["values"]] == [
        "first <user>",
        "user <user>, <email>, <secret>",
    ]
    [crumb] = event["breadcrumbs"]["values"]
    assert crumb["message"] == "asked for <user>"
    assert crumb["data"] == {"user_id": "<private>", "rows": 3}
    assert not {"user", "request"} & event.keys()
    assert "server_name" not in event or event["server_name"] == ""


def test_the_frames_of_a_failure_carry_no_values() -> None:
    [event] = captured().events
    frames = [
        frame
        for exception in event["exception"]["values"]
        for frame in exception["stacktrace"]["frames"]
    ]
    assert frames
    assert [frame for frame in frames if "vars" in frame] == []


@pytest.mark.parametrize("environment", ["development", "staging"])
def test_elsewhere_nothing_leaves_the_machine(environment: str) -> None:
    found = captured(environment)
    assert found.envelopes == []
    # Who set an address expects to find events there.
    assert "Nothing is sent to Sentry" in found.log
    line = "ERROR    sync/read: OSError: user <user>, <email>, <secret>"
    assert f"{line} [{found.reference}]" in found.log


@pytest.mark.parametrize("environment", ["production", "development"])
def test_the_log_contains_nothing_private(environment: str) -> None:
    log = captured(environment).log
    assert "Traceback" in log
    assert [text for text in PRIVATE if text in log] == []


@pytest.mark.parametrize(
    ("severity", "in_log", "in_sentry"),
    [
        ("critical", "fatal", "fatal"),
        ("high", "error", "error"),
        ("medium", "warn", "warning"),
        ("low", "info", "info"),
    ],
)
def test_a_severity_has_its_level_in_log_and_sentry(
    severity: str, in_log: str, in_sentry: str
) -> None:
    found = captured(severity=severity)
    [event] = found.events
    line = json.loads(found.log)
    assert (line["level"], event["level"]) == (in_log, in_sentry)
    # An operator reads the others as they are.
    assert ("traceback" in line) == (severity in {"critical", "high"})


def test_a_log_line_alone_is_not_an_event() -> None:
    code = dedent(
        """
        import os, logging
        from core.errors import *
        from core.settings import SyncSettings
        start_errors(SyncSettings.from_env(os.environ).sentry)
        logging.getLogger("x").error("not captured")
        logger.critical("not captured")
        flush_errors()
        """
    )
    command = [sys.executable, "-c", code]
    with sentry() as tracker:
        variables = {
            "FPP_ANALYTICS_SENTRY_DSN": tracker.dsn,
            "SENTRY_ENVIRONMENT": "production",
        }
        subprocess.run(command, cwd=ROOT, env=variables, check=True)
    assert tracker.events == []


def test_a_sentry_that_is_not_there_stops_nothing() -> None:
    reference, log = run("http://key@127.0.0.1:1/42", "production", "high")
    assert reference in log


NEXT = "\x1d"
"""What a process writes behind the log of each piece of code."""


def logged(pieces: Sequence[str], environment: str) -> list[str]:
    """Run pieces of code in one process with our log; return what each wrote.

    Its start takes longer than all of them.
    """
    start = """
        import logging, os, sys, threading, warnings
        from core.errors import *
        from core.settings import SyncSettings
        from web import startup
        settings = SyncSettings.from_env(os.environ)
        import streamlit.logger
        early = streamlit.logger.get_logger("streamlit.early")
        start_errors(settings.sentry, settings.secrets)
        startup.format_streamlit_logs()
        """
    between = f"\nsys.stderr.write({NEXT!r})\n"
    done = subprocess.run(
        [sys.executable, "-c", dedent(start) + between.join(map(dedent, pieces))],
        cwd=ROOT,
        env={"DB_PASSWORD": PASSWORD, "SENTRY_ENVIRONMENT": environment},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout == ""
    logs = done.stderr.split(NEXT)
    assert len(logs) == len(pieces), done.stderr
    return logs


OTHERS = {
    "Streamlit, before the start": f"early.warning('x {PASSWORD}')",
    "Streamlit, after it": "streamlit.logger.get_logger('streamlit.late')"
    f".warning('x {PASSWORD}')",
    "a library": f"logging.getLogger('httpx').warning('x {PASSWORD}')",
    "the root logger": f"logging.warning('x {PASSWORD}')",
    "a warning": f"warnings.warn('x {PASSWORD}')",
    "a thread": f"thread = threading.Thread(target=lambda: int('x {PASSWORD}'))\n"
    "thread.start()\nthread.join()",
    "Streamlit, configured again": f"streamlit.logger.update_formatter()\n"
    f"early.error('x {PASSWORD}')",
    "the end of the program": f"raise SystemError('x {PASSWORD}')",
}


@pytest.mark.parametrize("environment", ["production", "development"])
def test_libraries_log_in_the_same_format(environment: str) -> None:
    logs = logged([*OTHERS.values()], environment)
    for other, log in zip(OTHERS, logs, strict=True):
        assert PASSWORD not in log, other
        assert "<secret>" in log, other
        if environment == "production":
            [entry] = [json.loads(line) for line in log.splitlines()]
            assert entry["service"] == "fpp-analytics", other
            assert entry["level"] in {"warn", "error", "fatal"}, other
            assert {"time", "msg"} <= entry.keys(), other


CONTROLS = ("\n", "\r\n", "\x1b[2J", "\x00", "\u2028", "\x9b", "\x08")


@pytest.mark.parametrize("environment", ["production", "development"])
def test_a_text_cannot_forge_a_line(environment: str) -> None:
    pieces = [
        f"""
        logger.info("%s", {text!r})
        try:
            raise ValueError({text!r})
        except ValueError as error:
            capture_error(error, ErrorContext("a", "b"), "high")
        """
        for text in (f"x{control}12:00:00 CRITICAL forged" for control in CONTROLS)
    ]
    for control, log in zip(CONTROLS, logged(pieces, environment), strict=True):
        assert control not in log or control == "\n"
        starts = [line for line in log.splitlines() if not line.startswith("    ")]
        assert len(starts) == 2, repr(control)
        assert not any(line.startswith("12:00:00 CRITICAL") for line in starts)
