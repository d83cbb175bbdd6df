"""Numbers counted from the Parquet files alone, to compare with a page.

Nothing here imports the dashboard: a rule that both got wrong would stay unseen.
"""

from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import polars as pl

from testkit.fixed_clock import NOW

WEEKDAYS = (
    *("Monday", "Tuesday", "Wednesday", "Thursday", "Friday"),
    *("Saturday", "Sunday"),
)
SOURCES = {
    "https://teams.microsoft.com/": "Teams",
    "https://ads.google.com/": "Google Ads",
    "google_ads": "Google Ads",
    "https://www.google.com/": "Google Search",
    "https://free-planning-poker.com/": "Free Planning Poker",
    "cv": "CV",
    "email": "Email",
    "https://github.com/": "GitHub",
    "https://www.bing.com/": "Bing",
}
"""Where users came from → what the dashboard calls it; anything else is "Other"."""


@dataclass(frozen=True)
class Days:
    """Some days, the last one included."""

    first: date
    last: date

    @classmethod
    def until_yesterday(cls, count: int) -> "Days":
        yesterday = NOW.date() - timedelta(days=1)
        return cls(yesterday - timedelta(days=count - 1), yesterday)

    @classmethod
    def last_month(cls) -> "Days":
        last = NOW.date().replace(day=1) - timedelta(days=1)
        return cls(last.replace(day=1), last)

    @property
    def before(self) -> "Days":
        """As many days right before them."""
        last = self.first - timedelta(days=1)
        return Days(last - (self.last - self.first), last)

    def hold(self, column: str) -> pl.Expr:
        return pl.col(column).dt.date().is_between(self.first, self.last)


@dataclass(frozen=True)
class Files:
    """A folder of Parquet files; rows of bots are left out."""

    folder: Path

    def read(self, table: str) -> pl.DataFrame:
        frame = pl.read_parquet(self.folder / f"fpp_{table}.parquet")
        if "user_id" not in frame.columns:
            return frame
        bots = self.users.filter(pl.col("device") == "bot")
        return frame.join(bots, left_on="user_id", right_on="id", how="anti")

    @property
    def users(self) -> pl.DataFrame:
        return pl.read_parquet(self.folder / "fpp_users.parquet")

    def votes(self, days: Days) -> pl.DataFrame:
        return self.read("votes").filter(days.hold("voted_at"))

    def views(self, days: Days) -> pl.DataFrame:
        """Page views with the name of their source."""
        named = pl.col("source").replace_strict(SOURCES, default="Other")
        return (
            self.read("page_views")
            .filter(days.hold("viewed_at"))
            .with_columns(source=pl.when(pl.col("source").is_not_null()).then(named))
        )

    def seen(self, days: Days) -> pl.DataFrame:
        """The users who viewed, did or estimated anything."""
        ids = pl.concat(
            self.read(table).filter(days.hold(time)).select(id="user_id")
            for table, time in (
                ("page_views", "viewed_at"),
                ("events", "event_at"),
                ("estimations", "estimated_at"),
            )
        )
        return self.users.join(ids.unique(), on="id", how="semi")

    def rooms_by_votes(self, days: Days) -> pl.DataFrame:
        """id, name and len (votes) of the rooms, busiest first."""
        return (
            self.votes(days)
            .group_by("room_id")
            .len()
            .join(self.read("rooms"), left_on="room_id", right_on="id")
            .sort("len", descending=True)
        )

    def count(self, dimension: str, label: str, days: Days) -> int:
        """Count what "What moved most" counts of a label."""
        if dimension == "Weekday":
            day = WEEKDAYS.index(label) + 1
            votes = self.votes(days)
            return votes.filter(pl.col("voted_at").dt.weekday() == day).height
        if dimension == "Room":
            rooms = self.rooms_by_votes(days)
            return int(rooms.filter(pl.col("name") == label)["len"].sum())
        if dimension == "Source":
            source = None if label == "(not set)" else label
            return self.views(days).filter(pl.col("source").eq_missing(source)).height
        # A country is named in words; its flag is its code in letters of their own.
        code = None
        if label != "(not set)":
            code = "".join(chr(ord(c) - ord("🇦") + ord("A")) for c in label[-2:])
        return self.seen(days).filter(pl.col("country").eq_missing(code)).height
