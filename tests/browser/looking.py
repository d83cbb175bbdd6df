"""Reads a drawn page as a user does: by headings and labels."""

import csv
import io
import re
from collections.abc import Callable
from pathlib import Path

from axe_playwright_python.base import AXE_SCRIPT
from playwright.sync_api import Locator, Page, expect

from testkit import chromium

MAIN = (chromium.ROOT / "pages" / "main.py").read_text()
PAGES = {
    title: "/" if file == "overview" else f"/{file}"
    for file, title in re.findall(r'st\.Page\(\s*"([^"]+)\.py", title="([^"]+)"', MAIN)
}
"""Title → path, read from the navigation, so that a new page is tested at once."""
OF_COLOURS = ("color-contrast", "link-in-text-block")
"""The rules of axe-core whose result depends on the theme."""
SPACED_OUT = """* {
  line-height: 1.5 !important; letter-spacing: 0.12em !important;
  word-spacing: 0.16em !important;
}
p { margin-bottom: 2em !important; }"""
"""What WCAG 1.4.12 lets users do to texts."""
_BAD = {"serious", "critical"}
_ALSO_BAD = {"heading-order", "empty-table-header"}
"""Rules of less impact that are kept, too."""


def go(page: Page, address: str) -> Page:
    """Open an address and wait until everything is drawn."""
    page.goto(address)
    chromium.wait_until_drawn(page)
    return page


def navigation(page: Page, title: str) -> Locator:
    """Return the link to a page in the sidebar."""
    return page.locator(".st-key-navigation").get_by_role("link", name=title)


def turn_to(page: Page, url: str, title: str) -> None:
    """Open a page of a dashboard by the navigation where one of its pages is open.

    By its address otherwise, which takes Chromium three times as long.
    """
    heading = page.get_by_role("heading", level=1)
    if not page.url.startswith(url):
        page.goto(url + PAGES[title])
    else:
        expect(heading).not_to_have_text(title)
        navigation(page, title).click()
    expect(heading).to_have_text(title)
    chromium.wait_until_drawn(page)


def barriers(page: Page, *rules: str) -> list[str]:
    """Return what axe-core finds serious or critical, or out of order.

    By all of its rules, or by these.
    """
    if not page.evaluate("'axe' in window"):
        page.evaluate(AXE_SCRIPT)
    # No rule that is used reads the style sheets or media that it would load first.
    options: dict[str, object] = {"resultTypes": ["violations"], "preload": False}
    if rules:
        options["runOnly"] = [*rules]
    found = page.evaluate(
        "options => axe.run(options).then(found => found.violations)", options
    )
    return [
        f"{rule['id']}: {node['html'][:200]} {node['failureSummary']}"
        for rule in found
        if rule["impact"] in _BAD or rule["id"] in _ALSO_BAD
        for node in rule["nodes"]
    ]


COVERED = """() => [...document.querySelectorAll('.stMain h2')].filter(head => {
  const box = head.getBoundingClientRect();
  const end = box.bottom - parseFloat(getComputedStyle(head).paddingBottom);
  return [...document.querySelectorAll('.stMain [data-testid=stCaptionContainer] p')]
    .map(text => text.getBoundingClientRect())
    .some(text => text.top < end - 4 && text.bottom > end + 4
      && text.left < box.right && text.right > box.left);
}).map(head => head.textContent)"""
ALONE = """() => [...document.querySelectorAll('.stMain p .stTooltipIcon')]
  .filter(icon => icon.getClientRects().length)
  .map(icon => {
    const before = document.createRange();
    before.setStart(icon.closest('p'), 0);
    before.setEndBefore(icon.closest('p > span'));
    const end = [...before.getClientRects()].at(-1)?.bottom;
    return icon.getBoundingClientRect().top > end - 3 && before.toString();
  }).filter(Boolean)"""
"""Texts whose button of help is on a line of its own."""
MISPLACED = """() => [...document.querySelectorAll('svg.marks')].flatMap(svg => {
  const chart = svg.getBoundingClientRect();
  const shown = text => text.textContent.trim() && +getComputedStyle(text).opacity > 0;
  const at = text => ({text: text.textContent, box: text.getBoundingClientRect()});
  const texts = [...svg.querySelectorAll('text')].filter(shown).map(at);
  // Drawn for a wider window; it follows this one.
  const wide = chart.width > svg.closest('.stVegaLiteChart').clientWidth + 1
    ? [{text: 'a chart that is too wide'}] : [];
  // Lines of a title have more height than their letters.
  const cut = texts.filter(({box}) => box.left < chart.left - 4 ||
    box.right > chart.right + 4 || box.bottom > chart.bottom + 4 ||
    box.top < chart.top - 4);
  const covers = (one, other) => Math.min(one.right, other.right)
      - Math.max(one.left, other.left) > 1
    && Math.min(one.bottom, other.bottom) - Math.max(one.top, other.top) > 3;
  const over = texts.flatMap((text, place) =>
    texts.slice(place + 1).filter(({box}) => covers(text.box, box)));
  // Of an axis whose other labels are evenly apart, the first and the last are too.
  const uneven = [...svg.querySelectorAll('g.role-axis-label')].filter(axis => {
    const tops = [...axis.querySelectorAll('text')].filter(shown)
      .map(text => text.getBoundingClientRect().top).sort((a, b) => a - b);
    const gaps = tops.slice(1).map((top, place) => top - tops[place]);
    const inner = gaps.slice(1, -1);
    return inner.length && Math.max(...inner) - Math.min(...inner) < 1 &&
      gaps.some(gap => Math.abs(gap - inner[0]) > 2);
  }).map(axis => ({text: `an axis: ${axis.textContent}`}));
  return [...wide, ...cut, ...over, ...uneven].map(({text}) => text);
})"""


def misplaced(page: Page) -> list[str]:
    """Return texts of charts that are cut off, cover another, or are beside a tick.

    And titles that a text covers, and texts without their button of help.
    """
    looks = (MISPLACED, COVERED, ALONE)
    return [text for look in looks for text in page.evaluate(look)]


def at_last(page: Page, look: Callable[[Page], object], wanted: object) -> object:
    """Return what is found, once it is what is wanted: charts follow their window.

    A busy machine takes its time for that. Where it never is, what was found last.
    """
    for _ in range(chromium.PATIENCE // 250):
        found = look(page)
        if found == wanted:
            break
        page.wait_for_timeout(250)
    return found


def too_wide(page: Page) -> int:
    """Return how many pixels the page is wider than its place in the window."""
    width: int = page.evaluate(
        "(({scrollWidth, clientWidth}) => scrollWidth - clientWidth)"
        "(document.querySelector('[data-testid=stMain]'))"
    )
    return width


def block(page: Page, title: str) -> Locator:
    """Return what stands in one frame with a heading: its chart or its table."""
    heading = page.get_by_role("heading", name=title, exact=True)
    drawn = "@data-testid='stVegaLiteChart' or @data-testid='stDataFrame'"
    return heading.locator(f"xpath=ancestor::*[.//*[{drawn}]][1]")


def csv_button(page: Page, title: str) -> Locator:
    """Return the button beside a heading."""
    heading = page.get_by_role("heading", name=title, exact=True)
    beside = heading.locator("xpath=ancestor::*[.//button[contains(., 'CSV')]][1]")
    return beside.get_by_role("button", name="CSV")


def tile(page: Page, title: str) -> list[str]:
    """Return the lines of a tile of the strip: name, value, change."""
    strip = page.locator(".st-key-kpi_strip")
    found = strip.get_by_role("radio", name=re.compile(f"^{re.escape(title)}"))
    expect(found.first).to_be_visible()
    return found.first.inner_text().splitlines()


def save(page: Page, button: Locator) -> tuple[str, bytes]:
    """Click a download; return the file's name and bytes."""
    with page.expect_download() as waiting:
        button.click()
    return waiting.value.suggested_filename, Path(waiting.value.path()).read_bytes()


def rows_of(content: bytes) -> list[list[str]]:
    """Return the rows of a CSV, its head first."""
    assert content.startswith(b"\xef\xbb\xbf")
    return list(csv.reader(io.StringIO(content.decode("utf-8-sig"))))


def sentence(said: Locator) -> str:
    """Return a text with plain spaces: those that keep a line together are others."""
    text = said.inner_text().replace("\N{NO-BREAK SPACE}", " ")
    return text.replace("\N{WORD JOINER}", "")


def grid(within: Locator) -> list[list[str]]:
    """Return the cells of a table, which screen readers get beside its canvas."""
    table = within.locator("table[role=grid]").first
    table.locator("[role=gridcell]").first.wait_for(state="attached")
    read: list[list[str]] = table.evaluate(
        "table => [...table.querySelectorAll('tbody tr')].map(row =>"
        " [...row.querySelectorAll('[role=gridcell]')].map(cell => cell.textContent))"
    )
    return read


def labels(within: Locator) -> list[str]:
    """Return every text that a chart prints, from top to bottom.

    A redrawn chart keeps its old texts at first, wherever they move.
    """
    printed = within.locator("svg.marks text")
    printed.first.wait_for(state="attached")
    texts: list[str] = printed.evaluate_all(
        """texts => texts
            .map(t => ({text: t.textContent, at: t.getBoundingClientRect()}))
            .sort((a, b) => a.at.y - b.at.y || a.at.x - b.at.x).map(t => t.text)"""
    )
    return texts
