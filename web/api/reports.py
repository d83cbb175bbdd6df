"""`GET /api/report` and `GET /api/alerts`.

Both compute what a page shows; an outside scheduler or monitor calls them.
"""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from starlette.responses import JSONResponse, Response

from core.countries import COUNTRY_NAMES
from metrics import attention, filters, periods, report
from metrics.export import file_name
from metrics.frames import Period
from metrics.query import Query, SharedPlans
from metrics.report_writers import FORMATS, MIME, Format, write
from metrics.time_zone import to_local
from store import engine, notes
from store.reader import Snapshot, later_begins, without_bots
from web.api.tables import read_period, read_zone, spans
from web.responses import NO_STORE, RequestError

DEFAULT_PERIOD = "last_month"


@dataclass(frozen=True, slots=True)
class ReportQuery:
    """The parameters of a request for a report, checked."""

    asked: periods.PeriodOption | periods.Days
    """A period by name, or days."""
    format: Format
    zone: ZoneInfo

    @classmethod
    def read(cls, query: Mapping[str, str], now: datetime) -> "ReportQuery":
        """Read the parameters; raises RequestError with what is allowed."""
        zone = read_zone(query)
        asked = read_period(query, to_local(now, zone).date(), DEFAULT_PERIOD)
        wanted = query.get("format", FORMATS[0]).casefold()
        for form in FORMATS:
            if form == wanted:
                return cls(asked, form, zone)
        raise RequestError(400, f"Bad format; allowed: {', '.join(FORMATS)}")

    def metric_query(
        self, snapshot: Snapshot, now: datetime, excluded_rooms: Collection[int] = ()
    ) -> Query:
        """Return the query that the page of the report builds for the same period."""
        found = spans(self.asked, snapshot, now, self.zone)
        every = periods.granularity_of(periods.AUTO, found.days)
        return Query(
            frames=filters.apply(without_bots(snapshot), (), excluded_rooms),
            period=found.period,
            comparison=found.comparison,
            granularity=every,
            now=snapshot.ends(now),
            missing=snapshot.missing,
            data_begins=found.data_begins,
            later_begins=later_begins(
                snapshot, periods.with_history(found.comparison or found.period, every)
            ),
        )


def report_response(
    query: ReportQuery,
    base_url: str,
    notes_file: Path | None,
    excluded_rooms: Collection[int],
) -> Callable[[Snapshot, datetime], Response]:
    """Return the query that writes the report; `base_url` starts the links."""

    def respond(snapshot: Snapshot, now: datetime) -> Response:
        asked = query.metric_query(snapshot, now, excluded_rooms)
        results = engine.collect_all(report.plans(asked), snapshot.rows)
        noted = notes.read(notes_file).between(
            asked.known.first_day, asked.known.last_day
        )
        found = report.compose(
            asked, results, snapshot.data_until, noted, COUNTRY_NAMES, base_url
        )
        name = file_name("report", asked.period, query.format)
        return Response(
            write(found, query.format),
            headers=NO_STORE
            | {
                "Content-Type": MIME[query.format],
                "Content-Disposition": f'inline; filename="{name}"',
            },
        )

    return respond


def alerts_response(
    base_url: str,
    sync_interval: int,
    zone: ZoneInfo,
    excluded_rooms: Collection[int],
) -> Callable[[Snapshot, datetime], Response]:
    """Return the query for what needs attention now; `base_url` starts the links."""

    def respond(snapshot: Snapshot, now: datetime) -> Response:
        until = snapshot.ends(now)
        frames = filters.apply(without_bots(snapshot), (), excluded_rooms)
        lately = periods.with_history(Period(until, until, zone), "day")
        plans = attention.plans(
            SharedPlans(frames),
            until,
            zone,
            snapshot.missing,
            later_begins(snapshot, lately),
        )
        found = attention.findings(
            engine.collect_all(plans, snapshot.rows),
            now,
            until,
            sync_interval,
            zone,
            snapshot.missing,
            due=not snapshot.demo,
        )
        return JSONResponse(
            [_alert(finding, base_url, zone) for finding in found], headers=NO_STORE
        )

    return respond


def _alert(
    finding: attention.Finding, base_url: str, zone: ZoneInfo
) -> dict[str, object]:
    # Without its zone the page would show the days of the team's.
    query = urlencode({**finding.query, "tz": zone.key})
    low, high = finding.expected or (None, None)
    return {
        "kind": finding.kind,
        "text": finding.text,
        "since": finding.day and finding.day.isoformat(),
        "measure": finding.measure,
        "figure": finding.value,
        "expectation": {"low": low, "high": high},
        "link": f"{base_url}/{finding.page}?{query}",
    }
