"""Take a picture of every page: light, dark and phone. For eyes, not for tests.

./scripts/uv run python -m scripts.screenshots FOLDER [DATA_DIR] [PAGE or LOOK ...]
"""

import sys
from collections.abc import Collection
from pathlib import Path

from playwright.sync_api import BrowserContext, sync_playwright
from playwright.sync_api import TimeoutError as NotDrawn

from testkit import chromium

PAGES = {
    "overview": "/",
    "insights": "/insights",
    "insights_second": "/insights?about=Second+votes",
    "insights_meetings": "/insights?about=Meetings",
    "insights_rooms": "/insights?about=Rooms",
    "insights_people": "/insights?about=New+people",
    "traffic": "/traffic",
    "traffic_country": "/traffic?split=Country",
    "votes": "/votes",
    "votes_estimations": "/votes?part=Estimations",
    "votes_medians": "/votes?figures=Medians",
    "behaviour": "/behaviour",
    "location": "/location",
    "historical": "/historical?period=12+months",
    "returning": "/returning?period=12+months",
    "room": "/room",
    "one_room": "/room?room=1",
    "data": "/data",
}
LOOKS: dict[str, dict[str, object]] = {
    "light": {"viewport": {"width": 1440, "height": 900}, "color_scheme": "light"},
    "dark": {"viewport": {"width": 1440, "height": 900}, "color_scheme": "dark"},
    "phone": {"viewport": {"width": 375, "height": 812}, "color_scheme": "light"},
}


def main(folder: Path, data_dir: Path, wanted: list[str]) -> None:
    """Write FOLDER/<page>_<look>.png."""
    folder.mkdir(parents=True, exist_ok=True)
    with chromium.dashboard(data_dir) as server, sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=chromium.CHROMIUM, args=chromium.FLAGS
        )
        for look in _wanted(LOOKS, wanted):
            context = chromium.logged_in(browser, server, **LOOKS[look])
            for name in _wanted(PAGES, wanted):
                _picture(context, server, name, look, folder)
            context.close()


def _wanted(there: Collection[str], wanted: list[str]) -> list[str]:
    """Return the names that were asked for; all when none of them was."""
    return [name for name in there if name in wanted] or list(there)


def _picture(
    context: BrowserContext,
    server: chromium.Server,
    name: str,
    look: str,
    folder: Path,
) -> None:
    page = context.new_page()
    page.goto(server.url + PAGES[name])
    try:
        chromium.wait_until_drawn(page)
    except NotDrawn as error:
        print(f"{name} {look}: {error}", file=sys.stderr)  # noqa: T201 - a script
    size = page.viewport_size or {"width": 1440, "height": 900}
    inner = page.evaluate(
        "() => (document.querySelector('[data-testid=stMain]') || {}).scrollHeight || 0"
    )
    page.set_viewport_size({"width": size["width"], "height": max(900, inner + 40)})
    page.wait_for_timeout(500)
    page.screenshot(path=folder / f"{name}_{look}.png")
    page.close()


if __name__ == "__main__":
    main(
        Path(sys.argv[1]),
        Path(sys.argv[2] if len(sys.argv) > 2 else "data").resolve(),
        sys.argv[3:],
    )
