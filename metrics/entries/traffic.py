"""Tables on who comes and how long they stay."""

from metrics import behaviour, traffic
from metrics.entries.shapes import over_time
from metrics.metric_table import table
from metrics.tables import ESTIMATIONS, EVENTS, PAGE_VIEWS

_TRAFFIC = (PAGE_VIEWS, EVENTS, ESTIMATIONS)

TRAFFIC = (
    table(
        "traffic_totals",
        "Traffic of the period",
        lambda s: traffic.totals(s.frames, s.period),
        *_TRAFFIC,
    ),
    table(
        "traffic_over_time",
        "Traffic over time",
        over_time(lambda s: traffic.over_time(s.frames, s.period, s.granularity)),
        *_TRAFFIC,
    ),
    table(
        "session_lengths",
        "How long sessions last",
        lambda s: traffic.session_lengths(s.frames, s.period),
        PAGE_VIEWS,
        ESTIMATIONS,
    ),
    table(
        "sources_quality",
        "Which sources bring people who take part",
        lambda s: behaviour.sources_quality(s.rows),
        PAGE_VIEWS,
        ESTIMATIONS,
    ),
)
