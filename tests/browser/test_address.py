"""Whatever is clicked in whatever order, the address says it all.

Sequences of random acts on every control: what is seen then is seen again after a
reload, and Back undoes one act after the other. `SEQUENCES=200` tries more of them.
"""

import os
import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import NamedTuple

import pytest
from playwright.sync_api import BrowserContext, Locator, Page, WebSocket
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg

from testkit import chromium
from testkit.chromium import Server
from tests.browser.conftest import watched
from tests.browser.looking import PAGES, go

pytestmark = pytest.mark.browser

SEQUENCES = int(os.environ.get("SEQUENCES", "3"))
FIRST = int(os.environ.get("FIRST_SEQUENCE", "3"))
"""Together these three use controls of nearly all kinds."""
ACTS = 5
SEEN = """() => {
  const main = document.querySelector('[data-testid=stMain]');
  const all = (rule, tell) => [...main.querySelectorAll(rule)]
    .filter(e => !e.closest('[data-testid=stTooltipContent]')).map(tell);
  const text = e => e.innerText.trim();
  const state = e => `${e.getAttribute('aria-label') || text(e)}: `
    + (e.checked ?? e.getAttribute('aria-checked'));
  const wait = () => `read at ${performance.now()}`;
  // Texts keep their order in the document while they move. Where they are is told by
  // the rows above: a chart's height depends, by a few pixels, on what it drew first.
  const top = e => e.getBoundingClientRect().top;
  const rows = svg => [...svg.querySelectorAll('g.mark-text text')].map(top)
    .sort((a, b) => a - b).filter((y, i, all) => !i || y - all[i - 1] > 2);
  const at = e =>
    ` in row ${rows(e.closest('svg')).filter(y => y < top(e) - 2).length + 1}`;
  // Heights: how wide a chart is depends on the labels that it was first drawn with.
  const heights = path => (path || '').match(/,-?[0-9.]+/g)
    ?.map(y => Math.trunc(y.slice(1))).join(' ');
  return {
    title: all('h1', text),
    headings: all('h2, h3, h4', text),
    tiles: all('.st-key-kpi_strip [role=radio]', e => `${text(e)} ${e.ariaChecked}`),
    texts: all('p, [data-testid=stText], [data-testid=stMetricValue]', text),
    choices: all('input[role=combobox]', e => `${e.ariaLabel}: ${e.value}`),
    switches: all('[role=radio], [role=checkbox], input[type=checkbox]', state),
    dates: all('[data-testid=stDateInput] [role=spinbutton]', text),
    tables: all('[data-testid=stDataFrame]', table =>
      [...table.querySelectorAll('[role=gridcell]')].map(e => e.textContent)
        .join(' | ') || wait()),
    marks: all('svg.marks g.role-mark [aria-label]', e => e.ariaLabel).sort(),
    lines: all('svg.marks g.mark-line path', e => heights(e.getAttribute('d')) || ''),
    labels: all('svg.marks g.mark-text text', e => e.textContent + at(e)).sort(),
  };
}"""
"""What a user sees of a page, by kind. Not the ticks of axes: how many there are
depends on when a chart was drawn."""
MOVED = 3
"""Pixels by which a line may be higher or lower where it is drawn again."""

Seen = Mapping[str, list[str]]
Act = Callable[[Page, random.Random], bool]
"""Uses one control; returns False where the page has none of its kind."""


class Runs:
    """Whether a tab waits for a run of its page: it may begin long after a click."""

    def __init__(self, page: Page) -> None:
        self.awaited = False
        page.on("websocket", self._listen)

    def _listen(self, socket: WebSocket) -> None:
        socket.on("framesent", self._ask)
        socket.on("framereceived", self._answer)

    def _ask(self, frame: str | bytes) -> None:
        message = BackMsg()
        message.ParseFromString(frame if isinstance(frame, bytes) else frame.encode())
        self.awaited = self.awaited or message.HasField("rerun_script")

    def _answer(self, frame: str | bytes) -> None:
        message = ForwardMsg()
        message.ParseFromString(frame if isinstance(frame, bytes) else frame.encode())
        if message.HasField("script_finished"):
            self.awaited = (
                message.script_finished == ForwardMsg.FINISHED_EARLY_FOR_RERUN
            )


def seen(page: Page, expected: Seen | None = None, runs: Runs | None = None) -> Seen:
    """Read the page once nothing in it changes any more, or it is as expected."""
    chromium.wait_once_until_drawn(page)
    was: Seen = {}
    same = 0
    for _ in range(chromium.PATIENCE // 250):
        # A run begins a little after a click, and cells of a table follow a run.
        page.wait_for_timeout(250)
        found: Seen = page.evaluate(SEEN)
        is_still = found == was and page.evaluate(chromium.DRAWN)
        same = same + 1 if is_still and not (runs and runs.awaited) else 0
        as_expected = expected is not None and not differences(expected, found)
        if as_expected or same == (4 if found["tables"] else 2):
            return found
        was = found
    raise AssertionError(f"the page still changes: {differences(was, found)}")


def seen_at_last(page: Page, expected: Seen) -> Seen:
    """Read the page until it is as expected, or would have been for long."""
    found = seen(page, expected)
    # The gate serves a message each half second of a tab that sends many.
    for _ in range(ACTS):
        if not differences(expected, found):
            break
        found = seen(page, expected)
    return found


def one_of(found: Locator, chance: random.Random) -> Locator | None:
    shown = [each for each in found.all() if each.is_visible()]
    return chance.choice(shown) if shown else None


def clicks(rule: str) -> Act:
    """Return the act that clicks one of the elements of a CSS rule."""

    def act(page: Page, chance: random.Random) -> bool:
        control = one_of(page.locator(rule), chance)
        if control is None:
            return False
        control.click()
        return True

    return act


def choose(page: Page, box: Locator, chance: random.Random) -> None:
    box.click()
    options = page.get_by_role("option")
    options.first.wait_for()
    options.nth(chance.randrange(min(options.count(), 14))).click()


def select(page: Page, chance: random.Random) -> bool:
    bar = page.locator(".st-key-period_bar")
    box = one_of(bar.get_by_role("combobox"), chance)
    if box is None:
        return False
    choose(page, box, chance)
    return True


def set_option(page: Page, chance: random.Random) -> bool:
    button = page.get_by_role("button", name="Options")
    if not button.count():
        return False
    button.click()
    menu = page.get_by_test_id("stPopoverBody")
    zone = menu.get_by_role("combobox")
    zone.wait_for()
    toggles = menu.locator("[data-testid=stCheckbox] label")
    place = chance.randrange(toggles.count() + 1)
    if place < toggles.count():
        toggles.nth(place).click()
    else:
        choose(page, zone, chance)
    chromium.wait_until_drawn(page)
    page.keyboard.press("Escape")
    return True


def add_filter(page: Page, chance: random.Random) -> bool:
    button = page.get_by_role("button", name="Filter")
    # A page of chosen rooms has none.
    if not button.count():
        return False
    button.first.click()
    menu = page.get_by_test_id("stPopoverBody")
    boxes = menu.get_by_role("combobox")
    boxes.nth(1).wait_for()
    choose(page, boxes.first, chance)
    chromium.wait_until_drawn(page)
    choose(page, boxes.nth(1), chance)
    chromium.wait_until_drawn(page)
    page.keyboard.press("Escape")
    page.keyboard.press("Escape")
    return True


def zoom(page: Page, chance: random.Random) -> bool:
    chart = page.locator(".st-key-kpi_chart [data-testid=stVegaLiteChart]")
    if not chart.count() or not (box := chart.first.bounding_box()):
        return False
    ends = sorted(chance.uniform(0.1, 0.9) for _ in range(2))
    middle = box["y"] + box["height"] / 2
    page.mouse.move(box["x"] + box["width"] * ends[0], middle)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] * ends[1], middle, steps=6)
    page.mouse.up()
    page.wait_for_timeout(200)
    return True


def pick_dates(page: Page, chance: random.Random) -> bool:
    button = page.get_by_test_id("stDateInputCalendarButton")
    if not button.count():
        return False
    button.click()
    calendar = page.get_by_test_id("stDateInputCalendar")
    days = calendar.locator("td:not([aria-disabled=true]) [role=button]")
    days.first.wait_for()
    for place in sorted(chance.sample(range(min(days.count(), 15)), 2)):
        days.nth(place).click()
        page.wait_for_timeout(500)
    page.keyboard.press("Escape")
    return True


def pick_room(page: Page, chance: random.Random) -> bool:
    bar = page.locator(".st-key-room_search_bar")
    box = one_of(bar.get_by_role("combobox"), chance)
    if box is None:
        return False
    choose(page, box, chance)
    return True


def click_bar(page: Page, chance: random.Random) -> bool:
    marks = "svg.marks :is(g.mark-rect, g.mark-shape) path"
    bar = one_of(page.locator(f"[class*=st-key-pick_chart] {marks}"), chance)
    if bar is None:
        return False
    bar.scroll_into_view_if_needed()
    box = bar.bounding_box()
    assert box
    page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    page.wait_for_timeout(200)
    return True


def click_row(page: Page, chance: random.Random) -> bool:
    rows = page.locator("[class*=st-key-rows_busiest] canvas, .st-key-meetings canvas")
    table = one_of(rows, chance)
    if table is None:
        return False
    box = table.bounding_box()
    assert box
    page.mouse.click(box["x"] + 15, box["y"] + 30 * chance.randint(1, 5) + 15)
    page.wait_for_timeout(200)
    return True


ACTS_OF: Mapping[str, Act] = {
    "select": select,
    "step": clicks("[class*=st-key-step_chevron] button:not([disabled])"),
    "option": set_option,
    "tile": clicks(".st-key-kpi_strip [role=radio][aria-checked=false]"),
    "section": clicks(
        "[data-testid=stMain] [data-testid=stButtonGroup]"
        " :is([role=radio][aria-checked=false], [role=checkbox])"
    ),
    "toggle": clicks("[data-testid=stMain] [data-testid=stCheckbox] label"),
    "bar": click_bar,
    "filter": add_filter,
    "chip": clicks(".st-key-filter_chips button"),
    "zoom": zoom,
    "dates": pick_dates,
    "room": pick_room,
    "row": click_row,
    "button": clicks(
        ":is(.st-key-room_search [data-tag], .st-key-meeting [data-testid=stButton])"
        " button"
    ),
    "page": clicks(".st-key-navigation nav a"),
}
RARE = {"bar", "row", "room", "button", "dates"}


class Step(NamedTuple):
    """What an act led to."""

    act: str
    url: str
    seen: Seen


def acted(
    page: Page, chance: random.Random, kinds: Sequence[str], runs: Runs
) -> Iterator[Step]:
    """Use controls of these kinds, in this order where a page has them.

    Yields what each of them led to. Which of a kind's controls is left to chance.
    """
    left = [*kinds]
    for _ in range(2 * len(kinds)):
        name = next((n for n in left if ACTS_OF[n](page, chance)), None)
        if name is None:
            left = [*kinds]
            continue
        left.remove(name)
        found = seen(page, runs=runs)
        yield Step(name, page.url, found)


def kinds_of(seed: int) -> Sequence[str]:
    """Return the kinds of acts in the order in which a sequence takes them.

    By chance alone, none would use a filter, a date, a bar or a row in many of them.
    """
    order = [*ACTS_OF]
    random.Random(seed // 3).shuffle(order)  # noqa: S311 - a sequence to repeat
    begins = seed % 3 * ACTS
    # What few pages have is taken where there is one.
    return sorted(order[begins:] + order[:begins], key=lambda name: name not in RARE)


def differences(expected: Seen, found: Seen) -> dict[str, object]:
    """Return what of each kind was seen once only, or both where the order differs."""
    wrong: dict[str, object] = {}
    for kind, was in expected.items():
        now = found[kind]
        if was != now and not (kind == "lines" and are_near(was, now)):
            gone = [text for text in was if text not in now][:8]
            new = [text for text in now if text not in was][:8]
            wrong[kind] = {"gone": gone, "new": new, "counts": (len(was), len(now))}
    return wrong


def are_near(lines: Sequence[str], others: Sequence[str]) -> bool:
    """Return whether lines are drawn at the same heights, give or take a little."""
    return len(lines) == len(others) and all(
        len(line.split()) == len(other.split())
        and all(
            abs(int(y) - int(other_y)) <= MOVED
            for y, other_y in zip(line.split(), other.split(), strict=True)
        )
        for line, other in zip(lines, others, strict=True)
    )


@pytest.mark.parametrize("seed", range(FIRST, FIRST + SEQUENCES))
def test_a_reload_and_back_and_forward_show_what_was_seen(
    context: BrowserContext, demo_server: Server, seed: int
) -> None:
    chance = random.Random(seed)  # noqa: S311 - a sequence to repeat, not a secret
    with watched(context) as page:
        # The cells of a table are kept up to date where the table is in view.
        page.set_viewport_size({"width": 1280, "height": 3000})
        runs = Runs(page)
        start = chance.choice([*PAGES.values()])
        go(page, demo_server.url + start)
        steps = [Step(f"open {start}", page.url, seen(page))]
        for step in acted(page, chance, kinds_of(seed), runs):
            if step.url != steps[-1].url:
                steps.append(step)
            wrong = differences(steps[-1].seen, step.seen)
            assert not wrong, f"{wrong} by {step.act} at {step.url}, which stayed"
            if len(steps) > ACTS:
                break
        told = "\n".join(f"{step.act}: {step.url}" for step in steps)
        page.reload()
        wrong = differences(steps[-1].seen, seen(page, steps[-1].seen))
        assert not wrong, f"{wrong} by a reload after\n{told}"
        for undone, step in zip(reversed(steps), reversed(steps[:-1]), strict=False):
            page.go_back()
            found = seen_at_last(page, step.seen)
            assert page.url == step.url, (
                f"{page.url} back from {undone.act} after\n{told}"
            )
            wrong = differences(step.seen, found)
            assert not wrong, f"{wrong} back from {undone.act} after\n{told}"
        # Forward leads through the same views.
        for step in steps[1:3]:
            page.go_forward()
            page.wait_for_url(step.url)
        last = steps[:3][-1]
        wrong = differences(last.seen, seen_at_last(page, last.seen))
        assert not wrong, f"{wrong} forward after\n{told}"
