"""Every table that a page can show, and an export or the API can give, by name."""

from collections.abc import Mapping

from metrics.entries.behaviour import BEHAVIOUR
from metrics.entries.growth import GROWTH
from metrics.entries.location import LOCATION
from metrics.entries.traffic import TRAFFIC
from metrics.entries.votes import ROUNDS
from metrics.insights.catalogue import INSIGHT_TABLES
from metrics.metric_table import MetricTable

__all__ = ["METRIC_TABLES", "MetricTable"]

METRIC_TABLES: Mapping[str, MetricTable] = {
    table.name: table
    for table in (
        *GROWTH,
        *TRAFFIC,
        *ROUNDS,
        *BEHAVIOUR,
        *LOCATION,
        *INSIGHT_TABLES.values(),
    )
}
"""Every table by its name, in the order of the pages."""
