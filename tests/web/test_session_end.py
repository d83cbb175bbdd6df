"""However a session ends, its tabs lead to the login page and back, in Chromium."""

from collections.abc import Iterator, Sequence
from urllib.parse import quote

import pytest
from playwright.sync_api import BrowserContext, Page, Route, expect

from testkit.chromium import PATIENCE, at_rest, browsing, wait_until_drawn
from testkit.dashboard import TOKEN, Dashboard, dashboard, post
from testkit.ports import free_port
from web.auth.login import MAX_FORM
from web.auth.sessions import COOKIE

pytestmark = pytest.mark.browser
PART = "#a-part"
PATH = "/room?period=7+days"
WAY_BACK = f"/login?next={quote(PATH, safe='')}{PART}"
UNTIL_ASKED_AGAIN = 75_000
"""Milliseconds: while a server is away, Streamlit asks ever more rarely, at last every
half minute, and a server takes its time to start."""


@pytest.fixture(scope="module")
def browser() -> Iterator[BrowserContext]:
    with browsing() as started:
        context = at_rest(started)
        context.set_default_timeout(PATIENCE)
        context.new_page()  # stays: with the last tab Chromium ends the page's process
        yield context


@pytest.fixture
def context(browser: BrowserContext) -> Iterator[BrowserContext]:
    """A browser without a session and tabs of a server, which would go on asking it.

    It keeps what it has loaded: scripts are compiled once.
    """
    browser.clear_cookies()
    yield browser
    browser.set_offline(offline=False)
    for page in browser.pages[1:]:
        page.close()


def tab_in(context: BrowserContext, url: str) -> Page:
    """Log in by the request that the form sends; return a new tab, drawn."""
    entered = context.request.post(
        f"{url}/login", form={"token": TOKEN}, max_redirects=0
    )
    assert entered.status == 303
    page = context.new_page()
    page.goto(url + PATH + PART)
    wait_until_drawn(page)
    return page


def log_in(page: Page, token: str = TOKEN) -> None:
    page.fill("input[type=password]", token)
    page.press("input[type=password]", "Enter")
    wait_until_drawn(page)


def cookie_of(page: Page) -> str:
    return next(
        str(cookie.get("value"))
        for cookie in page.context.cookies()
        if str(cookie.get("name")).startswith(COOKIE)
    )


def assert_login_leads_back(page: Page, url: str, token: str = TOKEN) -> None:
    """Fail unless the tab is at the login page, without a dialog, and returns."""
    page.wait_for_url("**/login?next=*", timeout=UNTIL_ASKED_AGAIN)
    assert page.url == url + WAY_BACK
    assert page.locator("[role=dialog]").count() == 0
    # Systems with colours of their own draw nothing else of a button.
    expect(page.get_by_role("button")).not_to_have_css("border-style", "none")
    # A paler frame of what has the focus is too faint on white.
    field = page.get_by_label("Access token")
    expect(field).to_have_css("outline-color", "rgb(36, 86, 199)")
    log_in(page, token)
    assert page.url == url + PATH + PART


def test_a_login_that_a_link_asked_for_is_no_step_of_the_history(
    running: Dashboard, context: BrowserContext
) -> None:
    page = context.new_page()
    before = f"{running.url}/health"
    page.goto(before)
    page.goto(running.url + PATH + PART)
    field = page.get_by_label("Access token")
    field.fill("a wrong one")
    field.press("Enter")
    expect(page.get_by_role("alert")).to_have_text("Wrong token. Try again.")
    expect(field).to_be_focused()
    # Nothing is sent again.
    page.reload()
    expect(page.get_by_role("alert")).to_have_count(0)
    log_in(page)
    assert page.url == running.url + PATH + PART
    page.evaluate("setTimeout(() => history.back())")
    page.wait_for_url(before)


def test_a_browser_that_refuses_the_cookie_says_so(
    running: Dashboard, context: BrowserContext
) -> None:
    page = context.new_page()
    page.goto(running.url + PATH)
    page.route(f"{running.url}/login", without_cookie)
    page.get_by_label("Access token").fill(TOKEN)
    page.get_by_role("button", name="Log in").click()
    expect(page.get_by_role("alert")).to_contain_text("Allow cookies for this site")
    page.unroute(f"{running.url}/login")
    log_in(page)
    assert page.url == running.url + PATH


def without_cookie(route: Route) -> None:
    """Answer as the server does, without what the browser would refuse."""
    answer = route.fetch(max_redirects=0)
    # Playwright's own requests share the cookies of the browser.
    route.request.frame.page.context.clear_cookies()
    headers = {k: v for k, v in answer.headers.items() if k != "set-cookie"}
    route.fulfill(response=answer, headers=headers)


def test_a_refusal_that_is_no_form_is_shown(
    running: Dashboard, context: BrowserContext
) -> None:
    page = context.new_page()
    page.goto(f"{running.url}/login")
    page.get_by_label("Access token").fill("x" * MAX_FORM)
    page.get_by_role("button", name="Log in").click()
    expect(page.get_by_text("The form is too large")).to_be_visible()


def test_after_a_logout_elsewhere_the_next_click_leads_to_the_login(
    running: Dashboard, context: BrowserContext
) -> None:
    page = tab_in(context, running.url)
    post(f"{running.url}/logout", cookies={COOKIE: cookie_of(page)})
    page.click(".st-key-navigation a[data-page=location]")
    page.wait_for_url("**/login?next=*", timeout=UNTIL_ASKED_AGAIN)
    assert page.locator("[role=dialog]").count() == 0
    log_in(page)
    # The page that was clicked, not the one that was left.
    assert page.url == f"{running.url}/location?period=7+days"


def test_log_out_stays_in_its_tab_and_ends_the_other_ones(
    running: Dashboard, context: BrowserContext
) -> None:
    page = tab_in(context, running.url)
    other = page.context.new_page()
    other.goto(running.url + PATH + PART)
    wait_until_drawn(other)
    page.click("text=Log out")
    page.wait_for_url("**/logout")
    assert len(page.context.pages) == 3  # with the empty one
    page.click("button")
    page.wait_for_url("**/login")
    # Back leads to the page that the browser has kept, and that to the login.
    page.evaluate("setTimeout(() => history.go(-2))")
    page.wait_for_url(running.url + WAY_BACK)
    assert page.locator("[role=dialog]").count() == 0
    # The other tab notices when it becomes visible again.
    other.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    assert_login_leads_back(other, running.url)


def test_a_cookie_that_is_gone_leads_to_the_login_when_the_connection_breaks(
    running: Dashboard, context: BrowserContext
) -> None:
    page = tab_in(context, running.url)
    page.context.clear_cookies()
    page.context.set_offline(offline=True)
    page.wait_for_timeout(500)
    page.context.set_offline(offline=False)
    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    assert_login_leads_back(page, running.url)


def test_a_page_that_the_browser_has_kept_leads_to_the_login(
    running: Dashboard, context: BrowserContext
) -> None:
    """By Back, or after a crash; its cookie is gone, and perhaps its scripts are."""
    page = tab_in(context, running.url)
    page.goto(f"{running.url}/health")
    context.clear_cookies()
    page.go_back(wait_until="commit")
    assert_login_leads_back(page, running.url)

    def keep_the_page_alone(route: Route) -> None:
        kept = route.fetch()
        context.clear_cookies()
        route.fulfill(response=kept)

    page.route(running.url + PATH, keep_the_page_alone, times=1)
    page.reload(wait_until="commit")
    assert_login_leads_back(page, running.url)


@pytest.mark.parametrize(
    ("gone", "clicked"),
    [(True, ["CSV", "Filter"]), (False, ["Share"])],
    ids=["no cookie", "another one"],
)
def test_a_click_without_the_sessions_cookie_leads_to_the_login(
    running: Dashboard, context: BrowserContext, gone: bool, clicked: Sequence[str]
) -> None:
    """Its websocket stays open; what the click loads by HTTP would fail in place."""
    page = tab_in(context, running.url)
    for name in clicked:
        # However soon after it was found to be there.
        with page.expect_response("**/_stcore/health"):
            page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
        if gone:
            context.clear_cookies()
        else:
            own = f"{COOKIE}_{running.url.rpartition(':')[2]}"
            context.add_cookies([{"name": own, "value": "x", "url": running.url}])
        page.get_by_role("button", name=name).first.click()
        assert_login_leads_back(page, running.url)


def test_an_act_without_a_click_leads_to_the_login_too(
    running: Dashboard, context: BrowserContext
) -> None:
    page = tab_in(context, running.url)
    for act in ("Back", "a key"):
        page.click(".st-key-navigation a[data-page=location]")
        page.wait_for_url("**/location?*")
        wait_until_drawn(page)
        page.wait_for_timeout(6_000)  # a click asks, too, within five seconds
        context.clear_cookies()
        if act == "Back":
            page.evaluate("history.back()")
        else:
            for key in ("p", "ArrowDown", "Enter"):
                page.keyboard.press(key)
        page.wait_for_url("**/login?next=*")
        if act == "Back":
            log_in(page)


def test_a_page_whose_websocket_is_refused_says_so_until_it_is_served(
    context: BrowserContext,
) -> None:
    one = "from web.auth import gate\ngate.MAX_WEBSOCKETS = 1"
    with dashboard({"ANALYTICS_SECRET_TOKEN": TOKEN}, before=one) as small:
        first = tab_in(context, small.url)
        second = context.new_page()
        second.goto(small.url + PATH)
        refused = second.get_by_role("alert")
        refused.wait_for()
        assert "more than 1 pages of your session are open" in refused.inner_text()
        first.close()
        wait_until_drawn(second)
        assert refused.count() == 0


def test_another_token_leads_to_the_login_once_the_server_is_back(
    context: BrowserContext,
) -> None:
    port = ("--server.port", str(free_port()))
    other = TOKEN + "-changed"
    with dashboard({"ANALYTICS_SECRET_TOKEN": TOKEN}, *port) as first:
        page = tab_in(context, first.url)
    with dashboard({"ANALYTICS_SECRET_TOKEN": other}, *port) as second:
        assert_login_leads_back(page, second.url, other)
