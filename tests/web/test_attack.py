"""What the attacks leave behind: no secret in log or Sentry, no way to a download."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

import httpx
import pytest

from testkit.dashboard import TOKEN, Dashboard, dashboard, get, post
from testkit.visitor import log_in, visiting
from tests.web.attack import HTML, Attack, forgeries
from tests.web.sentry import Sentry, sentry
from web.auth.sessions import COOKIE

MAIL_KEY = "key-of-the-email-service"
# Enough for a refusal that is delayed; each more would be delayed by seconds.
GUESSES = [f"guess-number-{n}-of-many" for n in range(3)]
PARTS = {"token": TOKEN[:12], "email": MAIL_KEY, "Sentry": "public-key"}
"""What would give a secret away, wherever it turned up."""


@dataclass(slots=True)
class Aftermath:
    """What a dashboard in production said and sent while it was attacked."""

    log: str
    sent: str
    cookie: str


def attacks(url: str, cookie: str) -> None:
    """Put every secret where it does not belong, and guess."""
    attack = Attack(url)
    for value in (TOKEN, MAIL_KEY, cookie):
        attack.send("GET", f"/{value}", HTML)
        attack.send("GET", f"/traffic?token={value}", HTML)
        attack.send("GET", f"/api?token={value}", {})
        attack.send("GET", "/api", {"Authorization": f"Basic {value}"})
        attack.send("GET", "/", {"X-Token": value, "Referer": f"{url}/?{value}"})
        attack.send("BREW", f"/{value}", {})
        attack.send("GET", f"/\r\n{value}", {})
    for value in forgeries(cookie):
        attack.send("GET", "/", {"Cookie": f"{COOKIE}={value}"} | HTML)
    for guess in GUESSES:
        post(f"{url}/login", data={"token": guess, "next": f"/{guess}"})
        attack.send("GET", "/api", {"Authorization": guess})
    attack.assert_nothing_was_let_through()


@pytest.fixture(scope="module")
def aftermath() -> Iterator[Aftermath]:
    with sentry() as tracker:
        variables = {
            "ANALYTICS_SECRET_TOKEN": TOKEN,
            "BEA_BASE_URL": "127.0.0.1",
            "BEA_SECRET_KEY": MAIL_KEY,
            "FPP_ANALYTICS_SENTRY_DSN": tracker.dsn,
            "SENTRY_ENVIRONMENT": "production",
        }
        with dashboard(variables) as running:
            cookie = log_in(running.url, TOKEN).partition("=")[2]
            # Nothing listens there: a failure that is captured, key at hand.
            answer = get(
                f"{running.url}/api/daily-analytics", headers={"Authorization": TOKEN}
            )
            assert answer.status_code == 502
            attacks(running.url, cookie)
            _, log = running.stop()
        yield Aftermath(running.printed + log, said(tracker), cookie)


def said(tracker: Sentry) -> str:
    return b"\n".join(tracker.envelopes).decode()


def test_no_secret_is_in_the_log_of_the_attacks(aftermath: Aftermath) -> None:
    assert len(re.findall("Wrong token from", aftermath.log)) >= len(GUESSES)
    found = {name for name, text in PARTS.items() if text in aftermath.log}
    assert found == set()
    assert aftermath.cookie not in aftermath.log
    assert "guess-number" not in aftermath.log


def test_no_secret_is_in_what_sentry_is_sent(aftermath: Aftermath) -> None:
    found = {name for name, text in PARTS.items() if text in aftermath.sent}
    # The envelope is addressed with the public key of the project.
    assert found <= {"Sentry"}
    assert aftermath.cookie not in aftermath.sent


def test_the_attacks_are_no_failures_of_ours(aftermath: Aftermath) -> None:
    assert aftermath.sent.count('"type":"event"') == 1
    assert aftermath.log.count('"level": "warn", "msg": "email/') == 1
    assert "Traceback" not in aftermath.log


@pytest.fixture
def download(running: Dashboard, cookie: str) -> Iterator[str]:
    """The address of a file that a member has just been given, in an open tab.

    Streamlit may remove the files of a tab that is gone.
    """
    with visiting(running.url, f"{COOKIE}={cookie}") as visitor:
        drawn = visitor.open("votes")
        yield visitor.download(drawn.downloads[0])


def test_a_real_download_needs_the_session(
    running: Dashboard, download: str, member: httpx.Client, stranger: httpx.Client
) -> None:
    assert download.startswith("/media/")
    mine = member.get(download)
    assert (mine.status_code, mine.content[:3]) == (200, b"\xef\xbb\xbf")
    assert mine.headers["cache-control"] == "no-store"
    assert stranger.get(download).status_code == 401
    attack = Attack(running.url)
    for path in (download, f"/{download}", download.upper(), f"{download}?title=x"):
        attack.send("GET", path, {})
        attack.send("GET", path, {"Authorization": TOKEN})
        attack.send("GET", path, {"Range": "bytes=0-9", "Cookie": f"{COOKIE}=x"})
    attack.assert_nothing_was_let_through()
