"""The daily summary goes to a real HTTP endpoint, which may misbehave."""

import json
import socket
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import anyio
import httpx
import pytest

from core.settings import EmailService, Secret
from testkit.dashboard import GOLDEN, LONGEST_WAIT, TOKEN, get, serving
from testkit.ports import free_port
from testkit.publishing import golden, publish
from tests.web.conftest import GOLDEN_NOW, StoppedClock, parts
from web import email

SUMMARY = {"votes": 5, "estimations": 25, "rooms": 1, "unique_users": 5}
KEY = "key-of-the-email-service"


@dataclass
class Mailbox:
    """An email service at an address of its own; the port is given."""

    host: str
    status: int = 200
    seconds: float = 0
    received: list[tuple[str, Mapping[str, str], object]] = field(default_factory=list)
    open: threading.Event = field(default_factory=threading.Event)

    @property
    def service(self) -> EmailService:
        return EmailService(self.host, Secret(KEY))


def address_of_its_own() -> str:
    """Return an address of this machine, as all of 127.0.0.0/8, for the given port.

    By a port that is this process's: other runs of the tests get another address.
    """
    high, low = divmod(free_port(), 256)
    return f"127.77.{high}.{low}"


@pytest.fixture
def mailbox() -> Iterator[Mailbox]:
    box = Mailbox(address_of_its_own())

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            box.received.append((self.path, dict(self.headers), json.loads(body)))
            box.open.wait(box.seconds)
            self.send_response(box.status)
            self.send_header("Location", f"http://{box.host}:{email.PORT}/elsewhere")
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Keep quiet."""

    with ThreadingHTTPServer((box.host, email.PORT), Handler) as server:
        threading.Thread(target=server.serve_forever, args=(0.01,)).start()
        yield box
        box.open.set()
        server.shutdown()


def send(service: EmailService | None, seconds: float = 30) -> None:
    anyio.run(email.send, service, SUMMARY, seconds)


def test_who_asks_for_the_headers_alone_causes_no_mail(mailbox: Mailbox) -> None:
    app = parts(StoppedClock(), BEA_BASE_URL=mailbox.host, BEA_SECRET_KEY=KEY)
    headers = {"Authorization": TOKEN}
    with serving(app) as url:
        head = httpx.head(
            f"{url}/api/daily-analytics", headers=headers, timeout=LONGEST_WAIT
        )
        assert (head.status_code, mailbox.received) == (200, [])
        assert get(f"{url}/api/daily-analytics", headers=headers).status_code == 200
    assert len(mailbox.received) == 1


def test_the_summary_is_posted_as_json_with_the_key(
    mailbox: Mailbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    # A neighbour as well: the key goes through no proxy.
    monkeypatch.setenv("HTTP_PROXY", f"http://127.0.0.1:{free_port()}")
    for name in ("no_proxy", "NO_PROXY"):
        monkeypatch.delenv(name)
    send(mailbox.service)
    [(path, headers, body)] = mailbox.received
    assert path == "/fpp-daily-analytics"
    assert headers["Authorization"] == f"Bearer {KEY}"
    assert headers["Content-Type"] == "application/json"
    assert body == SUMMARY


@pytest.mark.parametrize("status", [201, 204, 302, 401, 500, 503])
def test_any_status_but_200_is_a_failure(mailbox: Mailbox, status: int) -> None:
    mailbox.status = status
    with pytest.raises(email.EmailServiceError, match=f"answered {status}. The"):
        send(mailbox.service)
    assert len(mailbox.received) == 1


def test_a_service_that_does_not_answer_in_time_is_a_failure(mailbox: Mailbox) -> None:
    mailbox.seconds = 10
    with pytest.raises(email.EmailServiceError, match=r"within 0\.3 s"):
        send(mailbox.service, seconds=0.3)


def test_the_limit_is_thirty_seconds() -> None:
    assert email.SECONDS == 30


def test_a_refused_connection_is_a_failure() -> None:
    with pytest.raises(email.EmailServiceError, match="cannot be reached"):
        send(EmailService(address_of_its_own(), Secret(KEY)))


@pytest.mark.parametrize("host", ["mail.invalid", "größe_1"])
def test_an_unknown_host_is_a_failure(host: str) -> None:
    with pytest.raises(email.EmailServiceError, match="cannot be reached"):
        send(EmailService(host, Secret(KEY)))


def test_an_answer_that_is_no_http_is_a_failure() -> None:
    host = address_of_its_own()
    with socket.create_server((host, email.PORT)) as server:

        def answer() -> None:
            client, _ = server.accept()
            client.recv(65_536)
            client.sendall(b"220 smtp ready\r\n")
            client.close()

        thread = threading.Thread(target=answer)
        thread.start()
        with pytest.raises(email.EmailServiceError, match="cannot be reached"):
            send(EmailService(host, Secret(KEY)))
        thread.join()


def test_without_a_service_nothing_is_sent_and_the_log_says_so(
    caplog: pytest.LogCaptureFixture, log_to_caplog: None
) -> None:
    send(None)
    assert caplog.messages == [
        "The daily summary is not emailed: BEA_BASE_URL is not set."
    ]


def ask_for_the_summary(
    service: EmailService, data_dir: Path = GOLDEN
) -> httpx.Response:
    app = parts(StoppedClock(), data_dir, BEA_BASE_URL=service.host, BEA_SECRET_KEY=KEY)
    with serving(app) as url:
        return get(f"{url}/api/daily-analytics", headers={"Authorization": TOKEN})


def test_the_api_posts_what_it_answers(mailbox: Mailbox) -> None:
    answer = ask_for_the_summary(mailbox.service)
    assert answer.status_code == 200
    assert [body for _, _, body in mailbox.received] == [answer.json()]


def test_zeros_of_a_store_that_is_not_there_are_not_posted(
    mailbox: Mailbox,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
    log_to_caplog: None,
) -> None:
    answer = ask_for_the_summary(mailbox.service, tmp_path / "gone")
    assert (answer.status_code, mailbox.received) == (200, [])
    assert caplog.messages == ["The daily summary is not emailed: there is no data."]


def test_zeros_of_a_day_after_the_end_of_the_data_are_not_posted(
    mailbox: Mailbox,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
    log_to_caplog: None,
) -> None:
    """As where the sync job has not run for days."""
    for hours, is_sent in ((24, False), (23, True)):
        folder = tmp_path / f"{hours}"
        publish(folder, golden(), GOLDEN_NOW - timedelta(hours=hours))
        answer = ask_for_the_summary(mailbox.service, folder)
        assert (answer.status_code, len(mailbox.received)) == (200, int(is_sent))
    assert caplog.messages == [
        "The daily summary is not emailed: the data ends before the last 24 hours.",
        "The email service accepted the daily summary.",
    ]


def test_a_failed_summary_answers_502_and_is_captured_once_as_medium(
    mailbox: Mailbox, caplog: pytest.LogCaptureFixture, log_to_caplog: None
) -> None:
    mailbox.status = 500
    answer = ask_for_the_summary(mailbox.service)
    assert answer.status_code == 502
    assert answer.json() == {"detail": "The email service did not accept the summary"}
    assert [record.levelname for record in caplog.records] == ["WARNING"]
    assert KEY not in caplog.text
