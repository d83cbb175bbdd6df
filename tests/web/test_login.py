"""Logging in: the form, the printed link, the way out, and who guesses."""

import fcntl
import os
import re
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import timedelta
from http.client import HTTPConnection
from pathlib import Path

import anyio
import httpx
import pytest

from testkit.dashboard import (
    TOKEN,
    client,
    get,
    post,
    serving,
    session_of,
    wait_until,
)
from tests.web import attack
from tests.web.conftest import StoppedClock, parts
from web.auth import login
from web.auth.sessions import COOKIE, ENDED, LIFETIME, AccessToken, Sessions
from web.auth.throttle import FREE_ATTEMPTS, MAX_DELAYED


@pytest.fixture
def url(clock: StoppedClock) -> Iterator[str]:
    with serving(parts(clock)) as address:
        yield address


def enter(url: str, token: str, **fields: str) -> httpx.Response:
    return post(f"{url}/login", data={"token": token, **fields})


def way_on(entered: httpx.Response) -> str:
    """Return where a login leads a browser that keeps the cookie."""
    assert entered.status_code == 303
    by_way_of = entered.request.url.join(entered.headers["location"])
    answer = get(by_way_of, cookies={COOKIE: session_of(entered.cookies)})
    assert answer.status_code == 303
    return str(answer.headers["location"])


def is_inside(url: str, cookie: str) -> bool:
    """Return whether a cookie opens what is closed (404: no pages here)."""
    answer = get(f"{url}/", cookies={COOKIE: cookie})
    return answer.status_code == 404


def test_the_right_token_starts_a_session(url: str) -> None:
    answer = enter(url, TOKEN)
    assert way_on(answer) == "/"
    assert is_inside(url, session_of(answer.cookies))


@pytest.mark.parametrize(
    "odd", ["\u200b", "\ufeff", "\u00ad", "\u202e", "\n", "\u00a0"]
)
@pytest.mark.parametrize("place", [0, 5, len(TOKEN)])
def test_marks_that_cannot_be_seen_are_no_part_of_a_token(
    url: str, odd: str, place: int
) -> None:
    """What it is copied from, such as a chat, adds some."""
    pasted = TOKEN[:place] + odd + TOKEN[place:]
    assert enter(url, pasted).status_code == 303
    header = f"Bearer {pasted}".encode().replace(b"\n", b"")
    assert get(f"{url}/api/typo", headers={b"Authorization": header}).status_code == 404


def test_the_cookie_is_kept_from_scripts_and_other_sites(url: str) -> None:
    set_cookie = enter(url, TOKEN).headers["set-cookie"]
    _, _, attributes = set_cookie.partition("; ")
    assert attributes == "HttpOnly; Max-Age=604800; Path=/; SameSite=lax"


@pytest.mark.parametrize(
    "token", ["", "x", TOKEN[:-1], TOKEN + "x", TOKEN.upper(), "ü"]
)
def test_a_wrong_token_shows_the_form_again(url: str, token: str) -> None:
    answer = enter(url, token)
    assert answer.status_code == 401
    assert "Wrong token. Try again." in answer.text
    assert "set-cookie" not in answer.headers


def test_a_browser_that_refuses_the_cookie_is_told_so_without_scripts(url: str) -> None:
    onward = f"{url}{enter(url, TOKEN, next='/votes?a=1&b').headers['location']}"
    answer = get(onward, headers={"Accept": "text/html"}, follow_redirects=True)
    assert "The browser refused the cookie. Allow cookies" in answer.text
    assert 'name="next" value="/votes?a=1&amp;b"' in answer.text


def test_the_form_works_without_scripts_and_with_password_managers(url: str) -> None:
    page = get(f"{url}/login").text
    assert re.search(r'<form method="post" action="/login">', page)
    assert 'type="password" autocomplete="current-password"' in page
    assert page.count('type="password"') == 1


def test_a_session_ends_after_seven_days(url: str, clock: StoppedClock) -> None:
    cookie = session_of(enter(url, TOKEN).cookies)
    clock.move(LIFETIME - timedelta(seconds=1))
    assert is_inside(url, cookie)
    clock.move(timedelta(seconds=1))
    assert not is_inside(url, cookie)


def test_logout_ends_the_session_wherever_its_cookie_is(url: str) -> None:
    cookie, other = (session_of(enter(url, TOKEN).cookies) for _ in range(2))
    answer = post(f"{url}/logout", cookies={COOKIE: cookie})
    assert (answer.status_code, answer.headers["location"]) == (303, "/login")
    assert f'fpp_session_{httpx.URL(url).port}=""' in answer.headers["set-cookie"]
    assert not is_inside(url, cookie)
    assert is_inside(url, other)


@pytest.mark.parametrize("place", [0, 1])
def test_a_cookie_of_another_path_neither_locks_out_nor_outlasts_a_logout(
    url: str, place: int
) -> None:
    """Of a dashboard with another token, or of this one before it moved."""
    own, older = (session_of(enter(url, TOKEN).cookies) for _ in range(2))
    foreign = [own, "foreign"] if place else ["foreign", own]

    def carrying(*cookies: str) -> list[tuple[str, str]]:
        """In one header, or in several, as HTTP/2 has them."""
        pairs = [f"{COOKIE}={cookie}" for cookie in cookies]
        return [("Cookie", text) for text in (pairs if place else ["; ".join(pairs)])]

    assert get(f"{url}/", headers=carrying(*foreign)).status_code == 404
    post(f"{url}/logout", headers=carrying(own, older))
    assert not is_inside(url, own)
    assert not is_inside(url, older)


def test_a_login_at_another_port_of_the_host_neither_ends_nor_opens_a_session(
    url: str, clock: StoppedClock
) -> None:
    """Browsers send cookies to all ports of a host, and so does this client."""
    token = TOKEN.upper()
    with (
        serving(parts(clock, ANALYTICS_SECRET_TOKEN=token)) as other,
        client() as browser,
    ):

        def opened() -> list[bool]:
            return [browser.get(f"{at}/").status_code == 404 for at in (url, other)]

        browser.post(f"{url}/login", data={"token": TOKEN})
        assert opened() == [True, False]
        browser.post(f"{other}/login", data={"token": token})
        assert opened() == [True, True]
        browser.post(f"{other}/logout")
        assert opened() == [True, False]


def test_a_link_alone_does_not_log_out_but_leads_to_the_button(url: str) -> None:
    cookie = {COOKIE: session_of(enter(url, TOKEN).cookies)}
    page = get(f"{url}/logout", cookies=cookie)
    assert page.status_code == 200
    assert '<form method="post" action="/logout">' in page.text
    assert '<a href="/">Back to the dashboard</a>' in page.text
    assert "<script" not in page.text
    assert is_inside(url, cookie[COOKIE])


@pytest.mark.parametrize("query", ["", "?next=/votes"])
@pytest.mark.parametrize("ask", [get, post])
def test_to_log_out_after_the_session_has_ended_leads_to_the_login(
    url: str, ask: Callable[..., httpx.Response], query: str
) -> None:
    """As in a second tab that shows the button while the first one logs out."""
    cookie = {COOKIE: session_of(enter(url, TOKEN).cookies)}
    post(f"{url}/logout", cookies=cookie)
    page = {"Accept": "text/html,application/xhtml+xml"}
    answer = ask(f"{url}/logout{query}", cookies=cookie, headers=page)
    assert (answer.status_code, answer.headers["location"]) == (303, "/login?next=/")


def test_another_token_ends_every_session(url: str, clock: StoppedClock) -> None:
    cookie = session_of(enter(url, TOKEN).cookies)
    with serving(parts(clock, ANALYTICS_SECRET_TOKEN=TOKEN.upper())) as changed:
        assert not is_inside(changed, cookie)
    with serving(parts(clock)) as same:
        assert is_inside(same, cookie)


def test_who_is_in_is_not_asked_again(url: str) -> None:
    cookie = session_of(enter(url, TOKEN).cookies)
    answer = get(f"{url}/login?next=/votes", cookies={COOKIE: cookie})
    assert (answer.status_code, answer.headers["location"]) == (303, "/votes")


@pytest.mark.parametrize(
    "wanted",
    [
        "//evil.example",
        "///evil.example",
        "/\\evil.example",
        "\\\\evil.example",
        "/\t/evil.example",
        "/\n/evil.example",
        "\x00//evil.example",
        " //evil.example",
        "https://evil.example",
        "https:evil.example",
        "javascript:alert(1)",
        "evil.example",
        "@evil.example",
        "/\u2028/evil.example",
        "",
    ],
)
def test_the_way_on_never_leads_to_another_server(url: str, wanted: str) -> None:
    assert way_on(enter(url, TOKEN, next=wanted)) == "/"


@pytest.mark.parametrize(
    ("wanted", "location"),
    [
        ("/votes", "/votes"),
        ("/room?room=7&period=7%20days", "/room?room=7&period=7%20days"),
        ("/x\r\nSet-Cookie: a=b", "/"),
        ("/cité?name=ä", "/cit%C3%A9?name=%C3%A4"),
        ("/a//evil.example", "/a//evil.example"),
    ],
)
def test_the_way_on_is_a_path_with_its_query(
    url: str, wanted: str, location: str
) -> None:
    answer = enter(url, TOKEN, next=wanted)
    assert way_on(answer) == location
    assert list(answer.cookies) == [f"{COOKIE}_{httpx.URL(url).port}"]


def test_what_is_asked_for_next_is_text_and_never_markup(url: str) -> None:
    page = get(f"{url}/login", params={"next": '/"><script>x</script>'}).text
    assert "<script>x" not in page
    assert page.count("<script") == get(f"{url}/login").text.count("<script") == 1


def test_a_link_does_not_carry_a_token_of_your_own(url: str) -> None:
    answer = get(f"{url}/login", params={"token": TOKEN})
    assert answer.status_code == 200
    assert "set-cookie" not in answer.headers


def test_the_link_of_a_random_token_logs_in_and_leaves_the_address_bar(
    clock: StoppedClock,
) -> None:
    app = parts(clock, ANALYTICS_SECRET_TOKEN="")
    gate = next(m for m in app.user_middleware if "auth" in m.kwargs)
    token = gate.kwargs["auth"].token.secret.reveal()  # type: ignore[attr-defined]  # the gate's
    with serving(app) as url:
        answer = get(f"{url}/login", params={"token": token, "next": "/votes"})
        assert way_on(answer) == "/votes"
        wrong = get(f"{url}/login", params={"token": token + "x"})
    assert token not in answer.headers["location"]
    assert answer.headers["referrer-policy"] == "no-referrer"
    assert answer.headers["cache-control"] == "no-store"
    assert wrong.status_code == 401


def test_guessing_costs_time_and_the_right_token_always_passes(
    clock: StoppedClock,
) -> None:
    slept = list[float]()

    async def sleep(seconds: float) -> None:
        slept.append(seconds)

    with serving(parts(clock, sleep=sleep)) as url:
        for _ in range(FREE_ATTEMPTS):
            assert enter(url, "guess").status_code == 401
        for cost in ("1", "2", "4", "4", "4"):
            answer = enter(url, "guess")
            assert (answer.status_code, answer.headers["retry-after"]) == (429, cost)
        assert slept == [1, 2, 4, 4, 4]
        assert enter(url, TOKEN).status_code == 303
        assert enter(url, "guess").status_code == 401


def test_the_right_token_passes_beside_any_number_of_guesses_in_parallel(
    clock: StoppedClock,
) -> None:
    held, over = list[float](), threading.Event()

    async def hold(seconds: float) -> None:
        held.append(seconds)
        while not over.is_set():
            await anyio.sleep(0.01)

    with serving(parts(clock, sleep=hold)) as url, ExitStack() as guessing:
        guessing.callback(over.set)
        for _ in range(FREE_ATTEMPTS):
            enter(url, "guess")
        for _ in range(2 * MAX_DELAYED):
            guess = HTTPConnection(url.removeprefix("http://"))
            guessing.callback(guess.close)
            guess.request("GET", "/api/x", headers={"Authorization": "guess"})
        wait_until(lambda: len(held) == MAX_DELAYED, "the guesses do not wait")
        # Of one client no more are held back: the next one is refused at once.
        assert (
            get(f"{url}/api/x", headers={"Authorization": "guess"}).status_code == 429
        )
        right = get(f"{url}/api/x", headers={"Authorization": TOKEN})
        assert enter(url, TOKEN).status_code == 303
        assert len(held) == MAX_DELAYED
    attack.note("40 parallel guesses", let_through=right.status_code != 404)
    assert right.status_code == 404


def test_guessing_at_the_api_counts_as_well(url: str) -> None:
    for _ in range(FREE_ATTEMPTS):
        answer = get(f"{url}/api", headers={"Authorization": "guess"})
        assert answer.status_code == 401
    answer = get(f"{url}/api", headers={"Authorization": "guess"})
    assert (answer.status_code, answer.headers["retry-after"]) == (429, "1")
    assert enter(url, "guess").status_code == 429


def test_a_program_with_an_old_token_locks_no_user_out(url: str) -> None:
    with client(base_url=url, headers={"Authorization": "an old one"}) as old:
        statuses = [old.get("/api/typo").status_code for _ in range(200)]
    assert statuses == [401] * FREE_ATTEMPTS + [429] * (200 - FREE_ATTEMPTS)
    right = get(f"{url}/api/typo", headers={"Authorization": TOKEN})
    assert right.status_code == 404
    assert enter(url, TOKEN).status_code == 303


def test_asking_the_api_without_a_token_is_no_guess(url: str) -> None:
    for _ in range(2 * FREE_ATTEMPTS):
        assert get(f"{url}/api").status_code == 401
    assert enter(url, TOKEN).status_code == 303


def test_thousands_of_wrong_tokens_open_nothing(
    clock: StoppedClock, caplog: pytest.LogCaptureFixture, log_to_caplog: None
) -> None:
    statuses = []
    with serving(parts(clock)) as url:
        attacker = HTTPConnection(url.removeprefix("http://"))
        for number in range(2_100):
            attacker.request(
                "GET", "/api/x", headers={"Authorization": f"guess-{number}"}
            )
            answer = attacker.getresponse()
            answer.read()
            statuses.append(answer.status)
        attacker.close()
    for status in statuses:
        attack.note(f"a guess: {status}", let_through=status not in {401, 429})
    assert set(statuses) == {401, 429}
    # A program with an old token does not fill the log: 1, 2, 4, 8 … are logged.
    assert len(caplog.records) == 12
    assert "guess-" not in caplog.text
    assert caplog.messages[0] == "Wrong token from 127.0.0.1 (attempt 1)"


def test_a_form_that_does_not_end_is_not_waited_for(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(login, "FORM_SECONDS", 0.2)

    address = httpx.URL(url)
    with socket.create_connection((address.host, address.port or 80)) as client:
        head = f"POST /login HTTP/1.1\r\nHost: {address.netloc.decode()}\r\n"
        client.sendall(f"{head}Content-Length: 50\r\n\r\ntoken=".encode())
        assert client.recv(64).startswith(b"HTTP/1.1 408")


def test_a_form_larger_than_ours_is_refused(url: str) -> None:
    answer = enter(url, "x" * login.MAX_FORM)
    assert (answer.status_code, answer.json()) == (
        413,
        {"detail": "The form is too large"},
    )


@pytest.mark.parametrize(
    "origin", ["https://evil.example", "null", "http://127.0.0.1.evil.example"]
)
def test_a_form_of_another_site_is_refused(url: str, origin: str) -> None:
    answer = post(f"{url}/login", data={"token": TOKEN}, headers={"Origin": origin})
    attack.note(f"login from {origin}", let_through=answer.status_code != 403)
    assert answer.status_code == 403
    assert "set-cookie" not in answer.headers


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_our_own_form_is_taken(url: str, scheme: str) -> None:
    origin = f"{scheme}://{httpx.URL(url).netloc.decode()}"
    answer = post(f"{url}/login", data={"token": TOKEN}, headers={"Origin": origin})
    assert answer.status_code == 303


def test_a_logout_outlasts_a_restart(url: str, clock: StoppedClock) -> None:
    cookie, other = (session_of(enter(url, TOKEN).cookies) for _ in range(2))
    post(f"{url}/logout", cookies={COOKIE: cookie})
    with serving(parts(clock)) as restarted:
        assert not is_inside(restarted, cookie)
        assert is_inside(restarted, other)


def test_a_logout_at_one_server_counts_at_the_others_that_share_its_folder(
    url: str, clock: StoppedClock
) -> None:
    with serving(parts(clock)) as other:
        cookies = [session_of(enter(url, TOKEN).cookies) for _ in range(4)]
        # In turns: neither may write its own list over the other's.
        for number, cookie in enumerate(cookies[:3]):
            assert is_inside(url, cookie)
            assert is_inside(other, cookie)
            post(f"{(url, other)[number % 2]}/logout", cookies={COOKIE: cookie})
        for address in (url, other):
            inside = [is_inside(address, cookie) for cookie in cookies]
            assert inside == [False, False, False, True]


def test_a_log_out_waits_for_that_at_another_dashboard(
    clock: StoppedClock, tmp_path: Path
) -> None:
    """Else one of two lists of log-outs would replace the other."""
    sessions = Sessions(AccessToken.of(None), clock, tmp_path)
    cookie = sessions.start()
    ours = sessions.identity(cookie)
    with (tmp_path / ENDED).with_suffix(".lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        leaving = threading.Thread(target=sessions.end, args=(cookie,))
        leaving.start()
        leaving.join(0.2)
        assert not (tmp_path / ENDED).exists()
        (tmp_path / ENDED).write_text(f"of-the-other {2**40}\n")
    leaving.join()
    ended = (tmp_path / ENDED).read_text().splitlines()
    assert [line.split()[0] for line in ended] == ["of-the-other", ours]


def test_a_list_of_logouts_that_cannot_be_written_is_a_warning(
    clock: StoppedClock,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
    log_to_caplog: None,
) -> None:
    (tmp_path / "file").touch()
    with serving(parts(clock, STATE_DIR=str(tmp_path / "file" / "x"))) as url:
        cookie = session_of(enter(url, TOKEN).cookies)
        post(f"{url}/logout", cookies={COOKIE: cookie})
        assert not is_inside(url, cookie)
    assert "A restart forgets who logged out." in caplog.text


def test_a_damaged_list_of_logouts_stops_nothing(
    clock: StoppedClock, tmp_path: Path
) -> None:
    (tmp_path / "ended-sessions").write_bytes(b"\x00\xff x y z\nabc -1\n\nabc 12x\n")
    with serving(parts(clock, STATE_DIR=str(tmp_path))) as url:
        assert is_inside(url, session_of(enter(url, TOKEN).cookies))


def test_a_pipe_in_place_of_the_list_of_logouts_is_not_waited_for(
    clock: StoppedClock, tmp_path: Path
) -> None:
    os.mkfifo(tmp_path / ENDED)
    found: list[bool] = []

    def ask() -> None:
        sessions = Sessions(AccessToken.of(None), clock, tmp_path)
        found.append(sessions.is_valid(sessions.start()))

    threading.Thread(target=ask, daemon=True).start()
    wait_until(lambda: found, "it waits for the pipe")
    assert found == [True]


def test_the_list_of_logouts_forgets_sessions_that_are_over_by_themselves(
    clock: StoppedClock, tmp_path: Path
) -> None:
    with serving(parts(clock, STATE_DIR=str(tmp_path))) as url:
        for _ in range(2):
            post(
                f"{url}/logout", cookies={COOKIE: session_of(enter(url, TOKEN).cookies)}
            )
        assert len((tmp_path / ENDED).read_text().splitlines()) == 2
        clock.move(LIFETIME)
        post(f"{url}/logout", cookies={COOKIE: session_of(enter(url, TOKEN).cookies)})
        assert len((tmp_path / ENDED).read_text().splitlines()) == 1


@pytest.mark.parametrize("proto", ["https", "HTTPS", "https, http", "http, Https"])
def test_behind_tls_every_cookie_is_secure_however_the_proxy_says_so(
    url: str, proto: str
) -> None:
    answer = post(
        f"{url}/login", data={"token": TOKEN}, headers={"X-Forwarded-Proto": proto}
    )
    assert answer.headers["set-cookie"].endswith("SameSite=lax; Secure")
