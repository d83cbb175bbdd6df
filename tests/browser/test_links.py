"""The address is the view: copied, gone back from, gone forward to."""

import re
from datetime import timedelta
from functools import partial
from itertools import chain
from operator import methodcaller
from typing import Literal

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg

from testkit import chromium
from testkit.chromium import Server
from testkit.fixed_clock import NOW
from tests.browser.looking import at_last, barriers, go, navigation
from ui import query_params
from ui.format import escaped
from ui.freshness import POLL

pytestmark = pytest.mark.browser

READ = "h1, h2, h3, h4, h5, p, [data-testid=stMetricValue], .st-key-filter_chips button"
MARKS = "svg.marks [role=graphics-symbol][aria-label]"


def seen(page: Page) -> list[str]:
    """Return the visible text, and the tooltip of each mark.

    Not the numbers on axes: how many there are depends on when a chart was drawn.
    """
    main = page.get_by_test_id("stMain")
    told: list[str] = main.locator(MARKS).evaluate_all(
        "marks => marks.map(mark => mark.getAttribute('aria-label'))"
    )
    return [*main.locator(READ).all_inner_texts(), *told]


def test_a_copied_link_shows_the_same_view_in_another_browser(
    page: Page, browser: Browser, demo_server: Server
) -> None:
    view = "period=91+days&compare=Year+ago&every=Week&filter=country%3ADE&bots=true"
    go(page, f"{demo_server.url}/traffic?{view}")
    elsewhere = chromium.logged_in(browser, demo_server)
    copy = go(elsewhere.new_page(), page.url)
    assert at_last(copy, seen, seen(page)) == seen(page)
    assert copy.url == page.url
    elsewhere.close()


TRACKING = (
    *("utm_source", "UTM_Medium", "%75tm_id", "fbclid", "gclid", "gbraid", "msclkid"),
    *("mc_cid", "mc_eid", "_ga", "_gl", "__hstc", "_hsenc", "igsh", "li_fat_id"),
    *("mtm_campaign", "pk_campaign", "gad_source", "mkt_tok", "ref_src", "ttclid"),
)
"""Parameters that others add to follow a link; a few of many."""


KEEP_LATER = """() => {
  window.later = [];
  const soon = setTimeout;
  window.setTimeout = (act, wait, ...given) =>
    wait === 2000 ? later.push(act) : soon(act, wait, ...given);
}"""
"""Keeps what is to be done in two seconds, to be done without waiting."""
DO_NOW = """async () => {
  while (later.length < 2) await new Promise(requestAnimationFrame);
  later.forEach(act => act());
}"""


SELECT = """text => {
  const drawn = document.createElement("p");
  drawn.innerHTML = '<a href="https://a.example/"></a>';
  drawn.firstChild.textContent = text;
  document.body.append(drawn);
  getSelection().selectAllChildren(drawn);
}"""
WRITE_WHILE_COPIED = """text => {
  window.written = document.querySelector("body > p > a").firstChild;
  addEventListener("copy", () => { written.data = text; }, {once: true});
}"""
COPIED_HTML = """async () => {
  const [copied] = await navigator.clipboard.read();
  return (await copied.getType("text/html")).text();
}"""


def test_an_address_is_without_what_others_add_and_named_as_its_page(
    page: Page, demo_server: Server
) -> None:
    of_pages = chain(*query_params.OF_PAGES.values())
    every = [*query_params.CARRIED, *of_pages, *query_params.OF_BLOCKS]
    kept = "&".join(f"{name}=M%C3%BCnchen+%26+x%20y" for name in every)
    for asked, shown in (
        ("/Overview", "/"),
        ("/overview/", "/"),
        ("/VOTES", "/votes"),
        ("/%56%6Ft%65s?x", "/votes?x"),
        (f"/room?{kept}#x", f"/room?{kept}#x"),
        ("/votes?x=%20y&amp;every=week&%20%0Az", "/votes?x=%20y&every=week&z"),
        (f"/votes?{'x&' * 999}x", f"/votes?{'x&' * 999}x"),
        # Streamlit would drop them all; the page would look as if nothing was asked.
        (f"/votes?{'x&' * 1000}x", "/votes?too_many_settings"),
    ):
        page.goto(demo_server.url + asked, wait_until="domcontentloaded")
        assert page.url == demo_server.url + shown
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    followed = "&".join(f"{name}=x" for name in TRACKING)
    go(page, f"{demo_server.url}/Votes?{followed}&period=7+days&fbclid")
    expect(page.get_by_test_id("stAlert")).to_have_count(0)
    page.get_by_role("button", name="Share").click()
    page.evaluate(KEEP_LATER)
    page.get_by_role("button", name="Copy link").dblclick()
    expect(page.get_by_role("button", name="Link copied")).to_be_visible()
    copied = page.evaluate("navigator.clipboard.readText()")
    assert copied == page.url == f"{demo_server.url}/votes?period=7+days"
    # After two seconds the button says again what it does.
    page.evaluate(DO_NOW)
    expect(page.get_by_role("button", name="Copy link")).to_be_visible()
    # Pasted into a search, a drawn name with what keeps it plain would not be found.
    typed = "12:30 \u05e9\u05dc\u05d5\u05dd -> 2026-11-12"
    drawn = escaped(typed).replace("\\", "")
    assert drawn != typed
    page.evaluate(SELECT, drawn)
    page.keyboard.press("Control+C")
    assert page.evaluate("navigator.clipboard.readText()") == typed
    # Links stay links, as in a mail, and the page is as it was.
    assert f'<a href="https://a.example/">{typed}</a>' in re.sub(
        ' style="[^"]*"', "", page.evaluate(COPIED_HTML).replace("&gt;", ">")
    )
    page.wait_for_function("drawn => String(getSelection()) === drawn", arg=drawn)
    # A text that is written in between keeps its own marks.
    page.evaluate(WRITE_WHILE_COPIED, escaped("-> \u05e9\u05dc\u05d5\u05dd"))
    page.keyboard.press("Control+C")
    page.wait_for_timeout(100)
    assert page.evaluate("written.data") == escaped("-> \u05e9\u05dc\u05d5\u05dd")


CHOSEN_ICONS = """() => [...document.querySelectorAll('body *')]
  .filter(e => !e.children.length && e.textContent.trim()
    && getComputedStyle(e).fontFamily.includes('Material'))
  .filter(icon => {
    icon.style.removeProperty('user-select');
    return getComputedStyle(icon).userSelect !== 'none';
  }).map(icon => icon.outerHTML)"""
"""Icons whose names would be copied: Safari heeds no `user-select` without prefix."""


def test_no_name_of_an_icon_is_copied_in_safari_either(
    page: Page, demo_server: Server
) -> None:
    go(page, demo_server.url)
    assert page.evaluate(CHOSEN_ICONS) == []
    styles = (chromium.ROOT / "web" / "assets" / "style.css").read_text()
    assert set(re.findall(r"[-\w]*user-select", styles)) == {"-webkit-user-select"}


SEEN_ICONS = """() => [...document.querySelectorAll('span[translate=no]')]
  .filter(icon => icon.getClientRects().length)
  .map(icon => {
    const name = document.createRange();
    name.selectNodeContents(icon);
    const {bottom, height} = icon.getBoundingClientRect();
    return name.getBoundingClientRect().top < bottom - height / 4
      || getComputedStyle(icon).overflow !== 'hidden';
  })"""
"""Of each icon, whether it or its name is seen."""
HEIGHTS_OF_ICONS = """() => [...document.querySelectorAll('span[translate=no]')]
  .filter(icon => icon.getClientRects().length)
  .map(icon => icon.offsetHeight / parseFloat(getComputedStyle(icon).fontSize))"""
OTHER_ICONS = """() => [...document.querySelectorAll('body :not(span[translate=no])')]
  .filter(e => !e.children.length && e.textContent.trim()
    && getComputedStyle(e).fontFamily.includes('Material'))
  .map(icon => icon.outerHTML)"""


def test_where_icons_have_no_font_their_names_cover_nothing(
    page: Page, demo_server: Server
) -> None:
    """In a saved page, and in browsers that load no fonts."""
    go(page, f"{demo_server.url}/report?period=last_month&filter=country:DE")
    seen = page.evaluate(SEEN_ICONS)
    assert len(seen) > 20
    assert all(seen)
    assert page.evaluate(OTHER_ICONS) == []
    # Lines of text are higher than an icon, which stands in their middle.
    page.add_style_tag(content="span[translate=no] { line-height: 2 !important; }")
    assert page.evaluate(HEIGHTS_OF_ICONS) == [2] * len(seen)
    page.add_style_tag(content="* { font-family: sans-serif !important; }")
    assert page.evaluate(SEEN_ICONS) == [False] * len(seen)


def at(page: Page, title: str, period: str) -> None:
    """Wait for a page and check the period that it shows."""
    expect(page.get_by_role("heading", level=1)).to_have_text(title)
    chromium.wait_until_drawn(page)
    chosen = page.get_by_role("combobox", name="Period")
    expect(chosen).to_have_value(period)


@pytest.mark.parametrize("path", ["/votes?figures=medians", "/?show=votes"])
def test_a_link_to_the_same_page_changes_the_address_in_one_step(
    page: Page, demo_server: Server, path: str
) -> None:
    go(page, demo_server.url + path)
    chosen, title = seen(page), page.get_by_role("heading", level=1).inner_text()
    navigation(page, title).click()
    page.wait_for_url(demo_server.url + path.partition("?")[0])
    # Also in a new tab.
    overview = navigation(page, "Overview")
    with page.context.expect_page() as opened:
        overview.click(modifiers=["ControlOrMeta"])
    opened.value.wait_for_url(f"{demo_server.url}/", wait_until="commit")
    opened.value.close()
    assert page.url == demo_server.url + path.partition("?")[0]
    chromium.wait_until_drawn(page)
    # The address changes before the page does.
    assert at_last(page, lambda page: seen(page) != chosen, wanted=True)
    chromium.wait_until_drawn(page)
    as_usual = seen(page)
    page.reload()
    chromium.wait_until_drawn(page)
    assert at_last(page, seen, as_usual) == as_usual
    page.go_back()
    page.wait_for_url(demo_server.url + path)
    assert at_last(page, seen, chosen) == chosen


def test_a_step_to_a_part_of_the_page_that_is_open_delays_no_act(
    page: Page, demo_server: Server
) -> None:
    go(page, f"{demo_server.url}/votes#end")
    for step in ("location.hash = 'start'", "history.back()"):
        page.evaluate(step)
        page.wait_for_timeout(300)
    tile = page.locator(".st-key-kpi_strip").get_by_role("radio").nth(1)
    tile.click()
    expect(tile).to_be_checked()


def test_steps_of_the_history_are_named_after_the_page_that_they_lead_to(
    page: Page, demo_server: Server
) -> None:
    # The tab has a name of ours from the beginning, in history as well.
    answer = page.request.get(demo_server.url)
    assert "<title>FPP Analytics</title>" in answer.text()
    go(page, f"{demo_server.url}/?period=last_week")
    navigation(page, "Votes").click()
    at(page, "Votes", "Last week (Mon–Sun)")
    page.keyboard.press(",")
    page.wait_for_url("**from=**")
    chromium.wait_until_drawn(page)
    for title in ("Room", "Data"):
        navigation(page, title).click()
        # A page that opens names the tab before it is a step of the history.
        page.wait_for_url(f"**/{title.lower()}?**")
        expect(page).to_have_title(f"{title} · FPP Analytics")
    page.go_back()
    expect(page).to_have_title("Room · FPP Analytics")
    chromium.wait_until_drawn(page)
    listed = page.context.new_cdp_session(page).send("Page.getNavigationHistory")
    named = [step["title"].split(" ·")[0] for step in listed["entries"][-5:]]
    assert named == ["Overview", "Votes", "Votes", "Room", "Data"]


KEEP_SOCKETS = """
window.sockets = [];
window.waits = [0];
window.WebSocket = class extends WebSocket {
  constructor(...given) { super(...given); window.sockets.push(this); }
  addEventListener(kind, take, ...more) {
    super.addEventListener(kind, kind !== "message" ? take : message => {
      const wait = waits.length > 1 ? waits.shift() : waits[0];
      if (wait) setTimeout(() => take(message), wait);
      else take(message);
    }, ...more);
  }
};
"""
"""Keeps sockets at hand, and messages back: the next ones for as long as `waits` says,
in milliseconds, and all others as the last of it."""


WITH_FIRST_ANSWER = """async () => {{
  const moment = () => new Promise(done => {{
    const {{port1, port2}} = new MessageChannel();
    port1.onmessage = done;
    port2.postMessage(0);
  }});
  waits = [400];
  ({act}).click();
  while (fpp.isAnswered()) await moment();
  while (!fpp.isAnswered()) await moment();
  {then};
}}"""
"""Does something as soon as an act is answered, before the page tells so."""


AT_ONCE = """(async () => {{
  const app = document.querySelector('.stApp').dataset;
  while (app.testConnectionState !== 'CONNECTED')
    await new Promise(requestAnimationFrame);
  {link}.click();
}})()"""


LOSE_CONNECTION = """async () => {
  const app = document.querySelector('.stApp').dataset;
  sockets.forEach(socket => socket.close());
  while (app.testConnectionState === 'CONNECTED')
    await new Promise(done => setTimeout(done));
}"""
"""Closes the websocket and waits until the page knows: it looks for another at once."""


def test_a_step_back_without_a_connection_is_taken_once_it_is_back(
    context: BrowserContext, demo_server: Server
) -> None:
    page = context.new_page()
    page.add_init_script(KEEP_SOCKETS)
    go(page, f"{demo_server.url}/location?period=last_7_days")
    page.locator(".st-key-step_chevron_left button:visible").click()
    page.wait_for_url("**period=custom**")
    at(page, "Location", "Custom dates")
    context.set_offline(offline=True)
    page.evaluate("sockets.forEach(socket => socket.close())")
    page.go_back()
    page.wait_for_timeout(500)
    said = page.get_by_test_id("stConnectionStatus").get_by_text("Connecting")
    share = page.get_by_role("button", name="Share").locator("p")
    below, above = said.bounding_box(), share.bounding_box()
    assert below
    assert above
    assert below["y"] >= above["y"] + above["height"]  # no text over the other
    context.set_offline(offline=False)
    at(page, "Location", "Last 7 days")
    assert page.url.endswith("?period=last_7_days")
    # So is a link; one that is clicked as soon as the connection is back counts alone.
    for title, script in {"Votes": "{link}.click()", "Data": AT_ONCE}.items():
        link = f"document.querySelector('nav a[data-page={title.lower()}]')"
        context.set_offline(offline=True)
        page.evaluate(LOSE_CONNECTION)
        clicked = page.evaluate_handle(f"({{promise: {script.format(link=link)}}})")
        context.set_offline(offline=False)
        clicked.evaluate("({promise}) => promise")
        expect(page.get_by_role("heading", level=1)).to_have_text(title)
        chromium.wait_until_drawn(page)
        assert page.url.endswith(f"/{title.lower()}?period=last_7_days")
    # A click on a control in that moment is not lost.
    navigation(page, "Votes").click()
    at(page, "Votes", "Last 7 days")
    page.evaluate(LOSE_CONNECTION)
    # Nor is one on a menu.
    menu = "document.querySelector('.st-key-share button')"
    for act in (menu, TILE):
        page.evaluate(f"({{promise: {AT_ONCE.format(link=act)}}})")
    expect(page.get_by_role("button", name="Copy link")).to_be_visible()
    page.wait_for_url("**/votes?period=last_7_days&show=**")
    # Back undoes a link that waits for the answer to an act.
    at(page, "Votes", "Last 7 days")
    link = "document.querySelector('nav a[data-page={}]')"
    act = f"waits = {{}}; ({STEP}).click(); ({link}).click()"
    page.evaluate(act.format("[0, 0, 1000]", "data"))
    expect(page.locator("html.waiting nav .held")).to_contain_text("Data")
    page.evaluate("history.back()")
    expect(page.locator("html.waiting, .held")).to_have_count(0)
    page.wait_for_url("**/votes?period=last_7_days")
    at(page, "Votes", "Last 7 days")
    # So does a link, or a step, that comes with the first answer.
    link = "document.querySelector('nav a[data-page=traffic]')"
    page.evaluate(WITH_FIRST_ANSWER.format(act=TILE, then=f"{link}.click()"))
    at(page, "Traffic", "Last 7 days")
    assert "show=" not in page.url
    page.go_back()
    at(page, "Votes", "Last 7 days")
    page.evaluate(WITH_FIRST_ANSWER.format(act=STEP, then="history.back()"))
    page.wait_for_timeout(1_000)  # longer than the rest of the answer takes
    at(page, "Votes", "Last 7 days")
    # The address may have the act already when the browser takes the step.
    shown = "Estimations" if page.url.endswith("&show=estimations") else "Votes"
    expect(page.locator(".st-key-kpi_chart h2")).to_have_text(f"{shown} per day")
    rest = "&show=estimations" if shown == "Estimations" else ""
    assert page.url.endswith(f"/votes?period=last_7_days{rest}")
    page.evaluate("waits = [0]")
    link = "document.querySelector('nav a[data-page={}]')"
    # It waits for the address, also of a run that takes its time for it, and what the
    # browser lacks of the answer then is no act.
    page.evaluate(HURRY)
    for weeks, waits in enumerate(("[0, 0, 1000]", "[0, 0, 0, 1000]"), 2):
        title = ("Traffic", "Votes")[weeks % 2]
        page.evaluate(act.format(waits, title.lower()))
        at(page, title, "Custom dates")
        assert weeks_back(weeks) in page.url
    # The rest of an answer whose beginning was lost can have no place in the page,
    # which Streamlit leaves empty then.
    page.evaluate("window.isEmptied = true")
    page.evaluate(RECEIVE, list(WITHOUT_A_PLACE.SerializeToString()))
    page.wait_for_function("() => !window.isEmptied")
    at(page, "Votes", "Custom dates")
    page.close()


WITHOUT_A_PLACE = ForwardMsg()
WITHOUT_A_PLACE.metadata.delta_path[:] = [0, 999, 0]
WITHOUT_A_PLACE.delta.new_element.text.body = "the rest of an answer"
RECEIVE = """bytes => sockets.at(-1).dispatchEvent(
  new MessageEvent('message', {data: new Uint8Array(bytes).buffer}))"""


BUSY = """milliseconds => {
  const send = WebSocket.prototype.send;
  window.askedAt = Infinity;
  WebSocket.prototype.send = function (...message) {
    send.apply(this, message);
    window.askedAt = performance.now();
    setTimeout(() => { while (performance.now() < askedAt + milliseconds); });
  };
}"""
"""Keeps the browser busy after each message to the server."""
AFTER_IT = """async () => {
  while (!(performance.now() > askedAt + 850)) await new Promise(requestAnimationFrame);
  window.steppedAt = performance.now();
}"""
STOP_CLOCK = "(now => { Date.now = () => now; })(Date.now())"
"""Lets scripts wait for ever for what they would wait for some seconds otherwise."""


def test_a_step_that_a_busy_browser_draws_at_once_delays_no_other(
    page: Page, demo_server: Server
) -> None:
    """It sees nothing of a run that begins and ends meanwhile."""
    go(page, f"{demo_server.url}/location?period=last_7_days")
    page.locator(".st-key-step_chevron_left button:visible").click()
    page.wait_for_url("**period=custom**")
    at(page, "Location", "Custom dates")
    page.evaluate(STOP_CLOCK)
    page.evaluate(BUSY, 800)
    page.go_back(wait_until="commit")
    page.evaluate(AFTER_IT)
    page.go_forward(wait_until="commit")
    page.wait_for_function("() => askedAt > steppedAt")
    at(page, "Location", "Custom dates")


KEEP_LOOKS = f"""
window.looks = [];
const repeat = setInterval;
window.setInterval = (act, wait, ...given) => {{
  if (wait === {POLL * 1000:.0f}) looks.push(act);
  return repeat(act, wait, ...given);
}};
"""
"""Keeps what a page does by itself now and then: look for newer data."""


def test_a_look_for_newer_data_undoes_no_act_and_no_step(
    context: BrowserContext, demo_server: Server
) -> None:
    """It sends what all controls show, which is from before an answer on its way."""
    page = context.new_page()
    page.add_init_script(KEEP_LOOKS)
    go(page, f"{demo_server.url}/votes?period=last_7_days")
    acts = (
        (f"({STEP}).click()", "Custom dates", "period=custom"),
        ("history.back()", "Last 7 days", "period=last_7_days"),
        ("history.forward()", "Custom dates", "period=custom"),
        (f"({TILE}).click()", "Custom dates", "show="),
    )
    for milliseconds in (0, 100):
        for act, period, asked in acts:
            look = f"setTimeout(() => looks.at(-1)(), {milliseconds})"
            page.evaluate(f"{act}; {look}")
            page.wait_for_timeout(milliseconds + 500)
            at(page, "Votes", period)
            assert asked in page.url
        # One step each, and one for the page.
        assert page.evaluate("history.length") == 4
        page.evaluate("history.go(-2)")
        at(page, "Votes", "Last 7 days")
    page.close()


TILE = "document.querySelector('.st-key-kpi_strip [role=radio][aria-checked=false]')"
NEXT = "document.querySelector('.st-key-step_chevron_right button')"
STEP = "document.querySelector('.st-key-step_chevron_left button')"
LINK = "document.querySelector('.st-key-navigation a[href*=votes]')"
FORGET = """() => {
  window.seen = true;
  const app = document.querySelector('.stApp');
  for (const name of Object.keys(app).filter(name => name.startsWith('__react')))
    delete app[name];
}"""
ROWS = ".st-key-rows_busiest .dvn-scroller"
A_CLICK = "new MouseEvent('click', {bubbles: true, cancelable: true})"
PRESS = """rule => ["pointerdown", "mousedown", "click"].some(kind =>
  document.querySelector(rule).dispatchEvent(
    new MouseEvent(kind, {bubbles: true, cancelable: true})))"""
"""Presses an element; true where one of the events was not refused."""
ENTER = "new KeyboardEvent('keydown', {key: 'Enter', bubbles: true, cancelable: true})"
SEND_LATE = """milliseconds => {
  const send = WebSocket.prototype.send;
  WebSocket.prototype.send = function (...message) {
    setTimeout(() => send.apply(this, message), milliseconds);
  };
}"""
"""Keeps each message to the server back, as a slow connection does."""
SEND_IN_TURN = """milliseconds => {
  const send = WebSocket.prototype.send;
  const wait = ms => new Promise(done => setTimeout(done, ms));
  let turn = wait(milliseconds);
  WebSocket.prototype.send = function (...message) {
    turn = turn.then(() => (send.apply(this, message), wait(500)));
  };
}"""
"""Keeps the next message to the server back, and the others until it is answered."""


AS_SAFARI = """() => {
  for (const name of ["write", "writeText"]) {
    const copy = navigator.clipboard[name];
    navigator.clipboard[name] = function (...given) {
      return event ? copy.apply(this, given) : Promise.reject("not at a click");
    };
  }
}"""
"""Refuses to copy anything but at a click itself."""


HURRY = """() => {
  const [now, begin] = [Date.now, Date.now()];
  Date.now = () => begin + 20 * (now() - begin);
}"""
"""Lets scripts lose their patience in a twentieth of the time."""


def weeks_back(weeks: int) -> str:
    """Return what the address has of the "Last 7 days", after steps back."""
    return f"from={NOW.date() - timedelta(weeks=weeks)}"


def test_what_is_copied_or_printed_is_the_view_that_an_act_leads_to(
    page: Page, demo_server: Server
) -> None:
    """On a slow connection both can be asked for before the server answers."""
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    go(page, f"{demo_server.url}/votes?period=last_week")
    page.evaluate(SEND_LATE, 1_000)
    page.evaluate(AS_SAFARI)
    page.evaluate("window.print = () => { window.printed = location.href; }")
    for wanted, period, taken in (
        ("Copy link", "Last 7 days", "navigator.clipboard.readText()"),
        ("Print", "Last month", "window.printed"),
    ):
        chromium.wait_until_drawn(page)
        page.get_by_role("combobox", name="Period").click()
        page.get_by_role("option", name=period).click()
        page.get_by_role("button", name="Share").click()
        page.get_by_role("button", name=wanted).click()
        page.wait_for_url(f"**period={query_params.slug(period)}")
        assert at_last(page, methodcaller("evaluate", taken), page.url) == page.url


RUNNING = (
    "() => { document.querySelector('.stApp').dataset.testScriptState = 'running'; }"
)
"""What the page says while one part of it waits for another server."""


def test_a_link_is_copied_while_a_part_of_the_page_that_changes_none_is_drawn(
    page: Page, demo_server: Server
) -> None:
    """Some browsers copy at once after a click or never."""
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    go(page, f"{demo_server.url}/votes?period=last_week")
    page.evaluate(RUNNING)
    page.evaluate(STOP_CLOCK)
    page.evaluate(KEEP_LATER)
    page.get_by_role("button", name="Share").click()
    page.get_by_role("button", name="Copy link").click()
    expect(page.get_by_role("button", name="Link copied")).to_be_visible()
    assert page.evaluate("navigator.clipboard.readText()") == page.url


@pytest.mark.parametrize(
    ("place", "button"),
    [(".st-key-navigation li a", "left"), (".stPageLink a", "middle")],
)
def test_a_link_that_is_opened_beside_shows_what_an_act_leads_to(
    page: Page, demo_server: Server, place: str, button: Literal["left", "middle"]
) -> None:
    go(page, f"{demo_server.url}/votes?period=last_week")
    page.evaluate(SEND_LATE, 1_000)
    page.get_by_role("combobox", name="Period").click()
    page.get_by_role("option", name="Last 7 days").click()
    before = len(page.context.pages)
    with page.context.expect_page() as opened:
        page.locator(place).last.click(
            button=button, modifiers=["ControlOrMeta"] if button == "left" else []
        )
    beside = opened.value
    beside.wait_for_url("**period=last_7_days**", wait_until="commit")
    assert len(page.context.pages) == before + 1
    beside.close()
    at(page, "Votes", "Last 7 days")


def test_an_act_that_a_link_has_waited_for_in_vain_is_not_of_its_page(
    page: Page, demo_server: Server
) -> None:
    go(page, f"{demo_server.url}/insights?period=last_7_days")
    page.evaluate(HURRY)
    page.evaluate(SEND_LATE, 5_000)
    page.evaluate(f"({TILE}).click(); ({LINK}).click()")
    at(page, "Votes", "Last 7 days")
    page.wait_for_timeout(1_000)  # the act is answered by then
    assert "show=" not in page.url
    page.go_back()
    at(page, "Insights", "Last 7 days")


def test_pages_without_the_bar_keep_the_period_and_are_one_step(
    page: Page, demo_server: Server
) -> None:
    go(page, f"{demo_server.url}/?period=7+days&filter=country%3ADE")
    first = seen(page)
    for title in ("Traffic", "Room", "Data"):
        navigation(page, title).press("Enter")
        expect(page.get_by_role("heading", level=1)).to_have_text(title)
        chromium.wait_until_drawn(page)
        asked = page.url.partition("?")[2]
        assert sorted(asked.split("&")) == ["filter=country%3ADE", "period=7+days"]
        opened = page.locator("nav [aria-current=page]")
        expect(opened).to_contain_text(title)
        expect(opened).to_be_focused()
    expect(page.get_by_role("combobox", name="Period")).to_have_count(0)
    for title in ("Room", "Traffic", "Overview"):
        page.go_back()
        expect(page.get_by_role("heading", level=1)).to_have_text(title)
        expect(page.locator("nav [aria-current=page]")).to_contain_text(title)
        chromium.wait_until_drawn(page)
    assert at_last(page, seen, first) == first
    page.go_forward()
    at(page, "Traffic", "Last 7 days")
    said = page.get_by_text("compared with").inner_text()
    assert "7 days, excluding today" in said.replace("\N{NO-BREAK SPACE}", " ")
    # Clicks on a tile and a link that the browser has both before it sends the first.
    page.evaluate(f"({TILE}).click(); ({LINK}).click()")
    at(page, "Votes", "Last 7 days")
    # And of a busy server, which answers late.
    page.evaluate(SEND_IN_TURN, 4_500)
    link = LINK.replace("votes", "traffic")
    page.evaluate(f"({TILE}).click(); ({link}).click()")
    at(page, "Traffic", "Last 7 days")
    assert "show=" not in page.url
    # A page that is left takes neither clicks nor keys.
    link = LINK.replace("votes", "insights")
    acts = [f"({TILE}).dispatchEvent({act})" for act in (A_CLICK, ENTER)]
    assert not page.evaluate(f"({link}).click(); {' || '.join(acts)}")
    at(page, "Insights", "Last 7 days")
    # The answer to a tile that is on its way is not of the page that opens, nor of the
    # one that Back leads to.
    page.evaluate(SEND_LATE, 500)
    back, link = "history.go(-2)", LINK.replace("votes", "traffic")
    for leave, title in ((f"({link}).click()", "Traffic"), (back, "Insights")):
        # By one clock: on a busy machine the answer would else be there too soon.
        taken = page.evaluate(f"""async () => {{
            const after = ms => new Promise(done => setTimeout(done, ms));
            ({TILE}).click();
            await after(250);
            {leave};
            await after(50);
            return ({TILE}).dispatchEvent({A_CLICK});
        }}""")
        # What a link is about to leave, or a step, takes no acts either.
        assert not taken
        at(page, title, "Last 7 days")
        assert "show=" not in page.url
    # An act waits for the answer to the one before, which changes the texts of tiles,
    # and a link for both.
    link = LINK.replace("votes", "room")
    page.evaluate(f"""async () => {{
        ({STEP}).click();
        await new Promise(done => setTimeout(done, 400));
        ({TILE}).click();
        ({link}).click();
    }}""")
    at(page, "Room", "Custom dates")
    assert "show=" not in page.url
    # A row is known by its place, where a step puts another one: it takes no click. By
    # one clock: on a busy machine the step is answered before a mouse gets there.
    page.locator(ROWS).wait_for()
    taken = page.evaluate(f"""async () => {{
        ({STEP}).click();
        await new Promise(done => setTimeout(done, 100));
        return ({PRESS})({ROWS!r});
    }}""")
    assert not taken
    page.wait_for_url(f"**{weeks_back(3)}**")
    at(page, "Room", "Custom dates")
    assert "room=" not in page.url
    page.go_back()
    page.wait_for_url(f"**{weeks_back(2)}**")
    at(page, "Room", "Custom dates")
    page.go_back()
    at(page, "Insights", "Custom dates")
    assert "show=" in page.url
    # Without Streamlit's function the browser opens the page.
    page.evaluate(FORGET)
    navigation(page, "Traffic").click()
    at(page, "Traffic", "Custom dates")
    assert not page.evaluate("window.seen")
    # By a key a tile gets no click, and a switch one of its box. Both wait for a server
    # that takes more than ten seconds to answer.
    page.evaluate(SEND_IN_TURN, 10_500)
    page.evaluate(f"({STEP}).click()")
    page.locator(".st-key-kpi_strip [role=radio]").last.press("Enter")
    page.locator(".st-key-kpi_chart [type=checkbox]").press(" ")
    # One sees that they are to be pressed.
    expect(page.locator("html.waiting .held")).to_have_count(2)
    page.wait_for_url("**table_**")
    expect(page.locator("html.waiting, .held")).to_have_count(0)
    at(page, "Traffic", "Custom dates")
    assert weeks_back(3) in page.url
    assert "show=" in page.url


PRESS_AS_ANSWERED = f"""() => {{
  const app = fpp.app();
  let answered = app.hasReceivedNewSession, pressed = false;
  Object.defineProperty(app, "hasReceivedNewSession", {{
    configurable: true,
    get: () => answered,
    set: begun => {{
      answered = begun;
      if (begun && !pressed) queueMicrotask(() => ({NEXT}).click());
      pressed ||= begun;
    }},
  }});
}}"""
"""Presses Next once Streamlit has the beginning of an answer, before it draws it."""


def test_what_is_pressed_as_an_answer_begins_is_of_the_view_that_it_brings(
    page: Page, demo_server: Server
) -> None:
    def press(rule: str) -> None:
        page.evaluate(f"({rule}).click()")

    def choose_yesterday() -> None:
        page.get_by_role("combobox", name="Period").click()
        page.get_by_role("option", name="Yesterday").click()

    def months(first: str, last: str) -> str:
        return f"from=2026-{first}&to=2026-{last}"

    own, august, september, october = (
        *("period=custom", months("08-01", "08-31")),
        *(months("09-01", "09-30"), months("10-01", "10-31")),
    )
    for asked, act, last, shown in (
        (f"{own}&{august}", partial(press, NEXT), october, "Custom dates"),
        # From the month to date no button leads on: the second is not pressed.
        ("period=last_month", partial(press, NEXT), "month_to_date", "Month to date"),
        ("period=last_month", choose_yesterday, "period=today", "Today"),
        (f"{own}&{august}", partial(press, TILE), september, "Custom dates"),
        # What Back leads away from takes no acts until it is answered.
        (None, page.go_back, august, "Custom dates"),
    ):
        if asked:
            go(page, f"{demo_server.url}/insights?{asked}")
        page.evaluate(PRESS_AS_ANSWERED)
        act()
        page.wait_for_url(f"**{last}**")
        at(page, "Insights", shown)
        assert last in page.url
    # The browser may have two clicks before Streamlit sends the first.
    go(page, f"{demo_server.url}/insights?{own}&{august}")
    page.evaluate(f"({NEXT}).click(); ({NEXT}).click()")
    page.wait_for_url(f"**{october}**")


LOOK_WITH_NEXT_ACT = """() => {
  const send = WebSocket.prototype.send;
  let isLook = false, look;
  WebSocket.prototype.send = function (...message) {
    if (isLook) return look = message;
    if (!look) return send.apply(this, message);
    send.apply(this, look);
    setTimeout(() => send.apply(this, message), 1000);
  };
  isLook = true;
  looks.at(-1)();
  isLook = false;
}"""
"""Looks for newer data, and is answered only when the next act waits for its answer."""


def test_a_link_waits_for_its_own_act_where_the_page_looks_for_newer_data(
    context: BrowserContext, demo_server: Server
) -> None:
    """The answer to the look would else pass for that to the tile."""
    page = context.new_page()
    page.add_init_script(KEEP_LOOKS)
    go(page, f"{demo_server.url}/insights?period=7+days")
    link = LINK.replace("votes", "room")
    page.evaluate(f"""async () => {{
        ({STEP}).click();
        await new Promise(done => setTimeout(done, 0));
        ({LOOK_WITH_NEXT_ACT})();
        ({TILE}).click();
        ({link}).click();
    }}""")
    at(page, "Room", "Custom dates")
    page.wait_for_timeout(1_500)  # longer than the answer to the tile takes
    assert "show=" not in page.url
    # Where nothing is on its way, it looks.
    page.evaluate("""() => {
        const last = fpp.runId();
        looks.at(-1)();
        return fpp.until(() => fpp.runId() !== last, 60_000).then(() => {
            if (fpp.runId() === last) throw "no look";
        });
    }""")
    page.close()


def test_a_link_beside_an_open_menu_opens_the_whole_page(
    page: Page, demo_server: Server
) -> None:
    go(page, f"{demo_server.url}/insights?period=last_7_days")
    page.get_by_role("button", name="Filter").click()
    page.get_by_role("combobox", name="Filter by").wait_for()
    chromium.wait_until_drawn(page)
    navigation(page, "Traffic").click()
    at(page, "Traffic", "Last 7 days")
    expect(page.locator(".st-key-kpi_strip")).to_be_visible()


NO_STORAGE = {
    "none": "() => null",
    "refused": "() => { throw new DOMException('refused', 'SecurityError'); }",
}


def test_on_a_phone_the_navigation_covers_nothing_that_back_or_a_login_leads_to(
    page: Page, demo_server: Server
) -> None:
    page.set_viewport_size({"width": 375, "height": 800})
    go(page, f"{demo_server.url}/votes?period=last_7_days")
    opener = page.get_by_test_id("stExpandSidebarButton")
    opener.click()
    navigation(page, "Traffic").click()
    at(page, "Traffic", "Last 7 days")
    opener.click()
    expect(opener).not_to_be_visible()
    page.go_back()
    expect(opener).to_be_visible()
    at(page, "Votes", "Last 7 days")
    opener.click()
    page.get_by_role("link", name="Log out").click()
    page.wait_for_url("**/logout")
    go(page, f"{demo_server.url}/votes")
    expect(opener).to_be_visible()
    opener.click()
    expect(opener).not_to_be_visible()
    page.reload()
    chromium.wait_until_drawn(page)
    expect(opener).to_be_visible()


@pytest.mark.parametrize("storage", NO_STORAGE)
def test_a_browser_that_keeps_nothing_keeps_the_period_and_the_address(
    context: BrowserContext, demo_server: Server, storage: str
) -> None:
    page = context.new_page()
    get = NO_STORAGE[storage]
    page.add_init_script(
        f"Object.defineProperty(window, 'localStorage', {{get: {get}}})"
    )
    go(page, f"{demo_server.url}/votes?period=last_7_days")
    page.keyboard.press(",")
    page.wait_for_url(f"**{weeks_back(2)}**")
    at(page, "Votes", "Custom dates")
    navigation(page, "Location").click()
    at(page, "Location", "Custom dates")
    assert weeks_back(2) in page.url
    page.keyboard.press("?")
    page.get_by_label("Use single-key shortcuts").click()
    page.keyboard.press("Escape")
    page.keyboard.press("/")
    at(page, "Location", "Custom dates")
    page.close()


def test_the_data_page_leads_to_the_description_of_the_api(
    page: Page, demo_server: Server
) -> None:
    go(page, f"{demo_server.url}/data")
    with page.context.expect_page() as opened:
        page.get_by_role("link", name="documentation").click()
    described = opened.value
    expect(described.get_by_role("heading", level=1)).to_have_text("API")
    described.get_by_role("link", name="GET /api/report").click()
    expect(described.locator("#report").get_by_text("last_24_hours")).to_be_attached()
    assert barriers(described) == []
    title = """() => getComputedStyle(
      document.querySelector('#report td[data-title=Default]'), '::before').content"""
    # On a phone there is no head of a table to say it.
    for width in (1440, 375):
        described.set_viewport_size({"width": width, "height": 800})
        assert ("Default" in described.evaluate(title)) == (width == 375)
        wide = "document.documentElement.scrollWidth - window.innerWidth"
        assert described.evaluate(wide) <= 0
    described.close()
