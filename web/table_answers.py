"""A table of the catalogue as CSV, JSON or Parquet."""

import io
import json
from collections.abc import Callable, Mapping
from datetime import datetime

import polars as pl
from polars import selectors
from starlette.responses import Response

from metrics.export import file_name, to_csv
from metrics.query import Query
from store import engine
from store.reader import Snapshot
from web.answers import NO_STORE
from web.health import iso
from web.table_query import TableQuery


def answer(query: TableQuery) -> Callable[[Snapshot, datetime], Response]:
    """Return the question that computes the table and writes it."""

    def respond(snapshot: Snapshot, now: datetime) -> Response:
        metric_query = query.metric_query(snapshot, now)
        frame = engine.collect(query.table.build(metric_query), snapshot.rows)
        return _WRITERS[query.options["format"]](query, snapshot, metric_query, frame)

    return respond


def _csv(
    query: TableQuery, _: Snapshot, metric_query: Query, frame: pl.DataFrame
) -> Response:
    return _file(query, metric_query, "csv", "text/csv; charset=utf-8", to_csv(frame))


def _parquet(
    query: TableQuery, _: Snapshot, metric_query: Query, frame: pl.DataFrame
) -> Response:
    buffer = io.BytesIO()
    frame.write_parquet(buffer)
    kind = "application/vnd.apache.parquet"
    return _file(query, metric_query, "parquet", kind, buffer.getvalue())


def _json(
    query: TableQuery, snapshot: Snapshot, metric_query: Query, frame: pl.DataFrame
) -> Response:
    """Write rows as Polars does: ISO dates, null for what is no number."""
    head = {
        "name": query.table.name,
        "title": query.table.title,
        "from": metric_query.period.first_day.isoformat(),
        "to": metric_query.period.last_day.isoformat(),
        "data_updated_at": iso(snapshot.data_until),
        "rows": json.loads(_plain(frame).write_json()),
    }
    body = json.dumps(head, ensure_ascii=False, allow_nan=False)
    return Response(body, media_type="application/json", headers=NO_STORE)


def _plain(frame: pl.DataFrame) -> pl.DataFrame:
    floats = selectors.float() | selectors.decimal()
    numbers = floats.cast(pl.Float64).fill_nan(None)
    finite = pl.when(numbers.is_finite()).then(numbers)
    return frame.with_columns(finite) if frame.select(floats).width else frame


def _file(
    query: TableQuery, metric_query: Query, extension: str, kind: str, data: bytes
) -> Response:
    name = file_name(query.table.name, metric_query.period, extension)
    disposition = f'attachment; filename="{name}"'
    return Response(
        data,
        media_type=kind,
        headers=NO_STORE | {"Content-Disposition": disposition},
    )


_Writer = Callable[[TableQuery, Snapshot, Query, pl.DataFrame], Response]
_WRITERS: Mapping[str, _Writer] = {"csv": _csv, "json": _json, "parquet": _parquet}
