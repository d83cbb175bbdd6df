"""Chromium with a stopwatch: how long a visitor waits until a page is drawn.

The clock runs inside the browser, so that driving it from outside costs nothing.
"""

import statistics
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from playwright.sync_api import Page, ViewportSize, sync_playwright

from testkit import chromium
from web.auth.gate import PER_SECOND

_WHEN_DRAWN = f"""async (title) => {{
  const marked = () => [...document.querySelectorAll('svg.marks')].every(
    chart => chart.querySelector('.role-mark > *'));
  const drawn = () => ({chromium.DRAWN})() && marked();
  const there = () => drawn() && document.querySelector('h1').textContent === title;
  while (!there()) await new Promise(requestAnimationFrame);
  await new Promise(requestAnimationFrame);
  const seen = performance.now();
  // A page that fails is quick.
  const failed = document.querySelector('[data-testid=stAlertContentError]');
  if (failed) throw new Error(failed.textContent);
  return seen;
}}"""
_CLICK = f"""async (title) => {{
  // Ours, or Streamlit's own in the empty dashboard.
  const navigation = '.st-key-navigation a, [data-testid=stSidebarNav] a';
  const links = [...document.querySelectorAll(navigation)];
  // An icon is before the title, as text.
  const link = links.find(a => a.textContent.endsWith(title));
  const began = performance.now();
  link.click();
  return await ({_WHEN_DRAWN})(title) - began;
}}"""

RESTS = 3 / PER_SECOND
"""Seconds between two runs: a page sends up to three messages."""


@dataclass(frozen=True, slots=True)
class Times:
    """Milliseconds of several runs."""

    all: list[float]

    @property
    def median(self) -> float:
        """The middle one."""
        return statistics.median(self.all)

    def __str__(self) -> str:
        return f"{self.median:.0f} ({min(self.all):.0f}–{max(self.all):.0f})"

    @classmethod
    def of(cls, runs: int, once: Callable[[], float]) -> "Times":
        """Run once unmeasured, then `runs` times."""
        once()
        return cls([once() for _ in range(runs)])


@dataclass(frozen=True, slots=True)
class Tab:
    """One tab of a browser that has been here before: scripts are in its cache."""

    page: Page
    url: str

    def click(self, title: str) -> float:
        """Click a page in the navigation; return ms until all its charts are drawn."""
        return float(self.page.evaluate(_CLICK, title))

    def link(self, address: str, title: str) -> float:
        """Open an address; return ms from the start of loading until all is drawn."""
        self.page.goto(self.url + address, wait_until="commit")
        return float(self.page.evaluate(_WHEN_DRAWN, title))

    def rest(self) -> None:
        """Let what was begun come to an end, as a reader does.

        Of a session that sends more messages than this, the gate delays each.
        """
        self.page.wait_for_timeout(RESTS * 1000)

    def charts(self) -> int:
        """Return how many charts the page shows."""
        return self.page.get_by_test_id("stVegaLiteChart").count()


@contextmanager
def tab(server: chromium.Server, *, log_in: bool = True) -> Iterator[Tab]:
    """Open Chromium at a server."""
    with tabs(server, log_in=log_in) as (only,):
        yield only


@contextmanager
def tabs(*servers: chromium.Server, log_in: bool = True) -> Iterator[list[Tab]]:
    """Open Chromium with a tab at each server; none shares anything with another."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=chromium.CHROMIUM, args=chromium.FLAGS
        )
        contexts = [
            chromium.logged_in(
                browser, server, viewport=SCREEN, reduced_motion="no-preference"
            )
            if log_in
            else browser.new_context(viewport=SCREEN)
            for server in servers
        ]
        yield [
            Tab(context.new_page(), server.url)
            for context, server in zip(contexts, servers, strict=True)
        ]
        browser.close()


SCREEN: ViewportSize = {"width": 1440, "height": 900}
