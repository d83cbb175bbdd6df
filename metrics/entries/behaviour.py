"""Tables on what people do, and in which rooms."""

from metrics import behaviour, rooms
from metrics.entries.shapes import Build, compared, over_time
from metrics.metric_table import table
from metrics.tables import EVENTS, PAGE_VIEWS, ROOMS, VOTES


def _over_time(by: behaviour.By) -> Build:
    return over_time(
        lambda s: behaviour.over_time(s.frames, s.period, s.granularity, by)
    )


BEHAVIOUR = (
    table(
        "routes",
        "Page views by route",
        compared(lambda s, w: behaviour.routes(s.frames.within(w)), ["route"]),
        PAGE_VIEWS,
    ),
    table(
        "sources",
        "Page views by source",
        compared(lambda s, w: behaviour.sources(s.frames.within(w)), ["source"]),
        PAGE_VIEWS,
    ),
    table(
        "events",
        "Events by kind",
        compared(lambda s, w: behaviour.events(s.frames.within(w)), ["event"]),
        EVENTS,
    ),
    table(
        "rooms",
        "Votes by room",
        compared(
            lambda s, w: behaviour.rooms(s.frames.within(w), s.frames.rooms),
            ["room_id", "room_number", "room_name"],
            "votes",
        ),
        VOTES,
        ROOMS,
    ),
    table(
        "all_rooms",
        "All rooms",
        lambda s: rooms.all_rooms(s.frames),
        ROOMS,
        VOTES,
    ),
    table(
        "routes_over_time",
        "Page views by route over time",
        _over_time("route"),
        PAGE_VIEWS,
    ),
    table(
        "sources_over_time",
        "Page views by source over time",
        _over_time("source"),
        PAGE_VIEWS,
    ),
    table(
        "events_over_time",
        "Events by kind over time",
        _over_time("event"),
        EVENTS,
    ),
    table(
        "rooms_over_time",
        "Votes by room over time",
        over_time(
            lambda s: behaviour.rooms_over_time(s.frames, s.period, s.granularity)
        ),
        VOTES,
        ROOMS,
    ),
)
