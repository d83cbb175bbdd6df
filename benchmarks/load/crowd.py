"""Load: users who click through pages, and programs that call the API."""

import random
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field

import httpx

from benchmarks.load.source import Votes, figures_in
from benchmarks.load.tally import Tally
from testkit.visitor import Drawn, Visitor, log_in, visiting

PAST = "from=2026-01-05&to=2026-06-28"
"""A span that new rows do not reach: its numbers stay as they are."""
SETTLED = ("traffic", "votes", "behaviour", "location")
"""Pages that show nothing but their period."""
OTHERS = ("", "insights", "historical", "returning", "data")
TABLES = ("traffic_over_time", "votes_by_weekday", "routes", "countries")


@dataclass(frozen=True, slots=True)
class Crowd:
    """What all clients share."""

    url: str
    token: str
    tally: Tally
    pages: Mapping[str, list[tuple[str, str]]]
    """The cards of the settled pages, as they were before the load."""
    tables: Mapping[str, bytes]
    stop: threading.Event = field(default_factory=threading.Event)

    @classmethod
    def at(cls, url: str, token: str, tally: Tally) -> "Crowd":
        """Look at everything once while it is quiet."""
        with visiting(url, log_in(url, token)) as visitor:
            pages = {page: _figures(_open(visitor, page)) for page in SETTLED}
        with _client(url, token) as client:
            tables = {name: _table(client, name) for name in TABLES}
        return cls(url, token, tally, pages, tables)

    def user(self, seed: int, pause: float) -> None:
        """Click through pages until the end; every figure is compared."""
        dice = random.Random(seed)  # noqa: S311  # no secret
        try:
            with visiting(self.url, log_in(self.url, self.token)) as visitor:
                while not self.stop.wait(dice.expovariate(1 / pause)):
                    self._click(visitor, dice.choice(SETTLED + OTHERS))
        except Exception as error:  # noqa: BLE001  # whatever it is, it is counted
            self.tally.failed(f"a user: {error!r}")

    def _click(self, visitor: Visitor, page: str) -> None:
        drawn = _open(visitor, page)
        self.tally.answered("page", drawn.seconds)
        if drawn.failed:
            self.tally.failed(f"page {page}: shows a failure")
        if page in self.pages:
            self.tally.compare(f"page {page}", _figures(drawn), self.pages[page])

    def program(self, seed: int, pause: float, votes: Votes) -> None:
        """Ask for everything, and for tables, until the end."""
        dice = random.Random(seed)  # noqa: S311  # no secret
        try:
            with _client(self.url, self.token) as client:
                seen = figures_in(client.get("/api").json())
                while not self.stop.wait(dice.expovariate(1 / pause)):
                    seen = self._everything(client, seen, votes)
                    self._table(client, dice.choice(TABLES))
        except Exception as error:  # noqa: BLE001  # whatever it is, it is counted
            self.tally.failed(f"a program: {error!r}")

    def _everything(
        self, client: httpx.Client, seen: tuple[int, ...], votes: Votes
    ) -> tuple[int, ...]:
        """Ask for all figures: of one state, and never of an earlier one."""
        began = time.monotonic()
        answer = client.get("/api").raise_for_status()
        self.tally.answered("API: everything", time.monotonic() - began)
        now = figures_in(answer.json())
        new = now[0] - seen[0]
        grown = tuple(after - before for before, after in zip(seen, now, strict=True))
        self.tally.compare("votes", grown, (new, 4 * new, 4 * new, new))
        self.tally.compare("order", 0 <= new <= votes.count, True)
        return now

    def _table(self, client: httpx.Client, name: str) -> None:
        began = time.monotonic()
        found = _table(client, name)
        self.tally.answered("API: a table", time.monotonic() - began)
        self.tally.compare(f"table {name}", found, self.tables[name])


def _client(url: str, token: str) -> httpx.Client:
    """Return a client that opens a new connection each time.

    A server may close an idle connection in the moment in which it is used again.
    """
    return httpx.Client(
        base_url=url,
        headers={"Authorization": f"Bearer {token}"},
        limits=httpx.Limits(max_keepalive_connections=0),
        timeout=60,
    )


def _open(visitor: Visitor, page: str) -> Drawn:
    return visitor.open(page, f"period=Custom&{PAST}")


def _figures(drawn: Drawn) -> list[tuple[str, str]]:
    """Return label and value of every card."""
    return [
        (element.metric.label, element.metric.body)
        for message in drawn.messages
        if (element := message.delta.new_element).HasField("metric")
    ]


def _table(client: httpx.Client, name: str) -> bytes:
    return client.get(f"/api/tables/{name}?{PAST}").raise_for_status().content
