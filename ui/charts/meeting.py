"""The timeline of one meeting: votes, cards, page views and events on one axis."""

from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import altair as alt
import polars as pl

from metrics import meetings
from metrics.time_zone import clock_changes
from ui import format as fmt
from ui import labels
from ui.charts.axes import MAX_ROWS, ROOM, Chart, milliseconds
from ui.charts.rendering import Layer, layered
from ui.charts.theme import ACCENT, MUTED, PALETTE, TEXT
from ui.charts.time_chart import HOURS

LANE_HEIGHT = 26
MOST_VOTES = 200
"""Where a room is in use day and night, its meeting never ends."""
MOST_SEATS = 24
"""Lanes of seats; an all-hands meeting has hundreds."""
VOTES, OTHERS = "Votes", "Without a seat"
VOTE, WIDE, AGAIN, EMPTY = "Vote", "Wide vote", "Re-vote", "Empty vote"
_KINDS = {VOTE: ACCENT, WIDE: PALETTE[1], AGAIN: PALETTE[2], EMPTY: MUTED}
_SHAPES = {"Page view": "triangle-up", "Event": "diamond"}
_BESIDE = alt.ExprRef("datum.what == 'Event' ? -8 : 8")
# What is drawn for a user who played no card.
_CARDS = {meetings.NO_CARD: "–", meetings.WATCHED: "○"}
CARD_WIDTH, SMALLEST_FONT = 1.2, 8
"""The width of a card in font sizes; where the smallest font has no room for one, it is
not drawn."""
LEGEND = "– no card · ○ watched · ▲ page view of the room · ◆ event of one of its users"


def timeline(
    votes: pl.DataFrame, cards: pl.DataFrame, activity: pl.DataFrame, zone: ZoneInfo
) -> Chart:
    """Draw a meeting: a lane of votes, and one for each seat.

    Of a very long or large one the `first_part` is drawn. Needs the columns of
    `meetings.timeline`, `cards` and `activity`, times in the zone. Time passes
    evenly also where clocks change: only the labels of the axis jump.
    """
    votes, cards, activity = _drawn_part(votes, cards, activity)
    ahead, names = _clock(votes, activity, zone)
    time_format = time_format_of(votes)
    places = room_for_cards(votes, activity)
    order = _farthest_first(places["place"].to_list())
    places = places.with_columns(apart=pl.Series(order, dtype=pl.Float64))
    held = _votes(votes.join(places, on="id", how="left"), ahead, time_format)
    done = _activity(activity, ahead, time_format)
    played = _cards(cards.join(places, on="id", how="left"), ahead, time_format)
    x = alt.X(
        "at:T",
        scale=alt.Scale(type="utc", nice=False, padding=12),
        axis=alt.Axis(
            title=None, grid=False, format="%H:%M", tickCount=8, labelExpr=names
        ),
    )
    lane = _lane_axis(cards, activity)
    layers = [_ends_of_votes(held), _bars(held, x, lane), _texts(played, x, lane)]
    if done.height:
        layers.append(_marks(done, x, lane))
    return layered(*layers, height=alt.Step(LANE_HEIGHT))


def _drawn_part(
    votes: pl.DataFrame, cards: pl.DataFrame, activity: pl.DataFrame
) -> tuple[pl.DataFrame, pl.DataFrame, pl.DataFrame]:
    """Return the `first_part` of votes and cards, and the activity that belongs to it.

    Page views and events of one meeting have no limit but that of all charts.
    """
    whole = votes.height
    votes, cards = first_part(votes, cards)
    if votes.height < whole:
        last = milliseconds(votes["voted_at"])[-1]
        activity = activity.filter(milliseconds(pl.col("at")) <= last)
    seat = pl.col("seat")
    activity = activity.filter(seat.is_null() | seat.is_in(cards["seat"].unique()))
    return votes, cards, activity.head(MAX_ROWS)


def _lane_axis(cards: pl.DataFrame, activity: pl.DataFrame) -> alt.Y:
    lanes = [VOTES, *map(_lane, sorted(cards["seat"].unique()))]
    if activity["seat"].null_count():
        lanes.append(OTHERS)
    return alt.Y(
        "lane:N",
        sort=lanes,
        title=None,
        scale=alt.Scale(domain=lanes),
        # Lines between the lanes: in their middle they would cross out the cards.
        axis=alt.Axis(
            grid=True, bandPosition=1, ticks=False, domain=False, labelPadding=8
        ),
    )


# Of `width`, both ends of the axis are padding.
_ROOM, _APART = (
    f"(isValid(datum.{part}) ? datum.{part} * (width - 24) / {CARD_WIDTH} : 99)"
    for part in ("room", "apart")
)
# Two cards over each other would be read as a third one, lines to all votes of a long
# meeting as one grey ground.
_IS_CLEAR = f"{_APART} >= {SMALLEST_FONT}"


def _bars(held: pl.DataFrame, x: alt.X, lane: alt.Y) -> alt.Chart:
    kinds = alt.Color(
        "kind:N",
        title=None,
        scale=alt.Scale(domain=[*_KINDS], range=[*_KINDS.values()]),
        legend=alt.Legend(
            orient="top",
            symbolType="square",
            padding=0,
            columns=alt.ExprRef(f"{ROOM} < 300 ? 2 : 4"),
        ),
    )
    drawn: alt.Chart = (
        Layer(held)
        .mark_bar(height=14, cornerRadius=3, x2Offset=0.7)
        .encode(x, alt.X2("end:T"), lane, kinds, tooltip=_tips(_OF_VOTES))
    )
    return drawn


def _ends_of_votes(held: pl.DataFrame) -> alt.Chart:
    opacity = alt.ExprRef(f"{_IS_CLEAR} ? 0.25 : 0")
    drawn: alt.Chart = (
        Layer(held)
        .mark_rule(color=MUTED, opacity=opacity, aria=False)
        .encode(alt.X("end:T"))
    )
    return drawn


def _texts(played: pl.DataFrame, x: alt.X, lane: alt.Y) -> alt.Chart:
    drawn: alt.Chart = (
        Layer(played)
        .mark_text(
            # On a phone, votes soon after each other have little room.
            fontSize=alt.ExprRef(
                f"max({SMALLEST_FONT}, min(width < 400 ? 10 : 13, {_ROOM}))"
            ),
            opacity=alt.ExprRef(f"{_IS_CLEAR} ? 1 : 0"),
            fontWeight=600,
            color=TEXT,
        )
        .encode(x, lane, alt.Text("card:N"), tooltip=_tips(_OF_CARDS))
    )
    return drawn


def _marks(done: pl.DataFrame, x: alt.X, lane: alt.Y) -> alt.Chart:
    shape = alt.Shape(
        "what:N",
        scale=alt.Scale(domain=[*_SHAPES], range=[*_SHAPES.values()]),
        legend=None,
    )
    drawn: alt.Chart = (
        Layer(done)
        # Above and below the cards, which they would cover; a user who enters a room
        # has one of each within a second.
        .mark_point(filled=True, size=40, color=PALETTE[3], yOffset=_BESIDE, opacity=1)
        .encode(x, lane, shape, tooltip=_tips(_OF_ACTIVITY))
    )
    return drawn


def first_part(
    votes: pl.DataFrame, cards: pl.DataFrame
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Return the first votes, and their cards of those seats that took part first."""
    if votes.height > MOST_VOTES:
        votes = votes.head(MOST_VOTES)
        cards = cards.join(votes, on="id", how="semi", maintain_order="left")
    seats = sorted(cards["seat"].unique())[:MOST_SEATS]
    return votes, cards.filter(pl.col("seat").is_in(seats))


def room_for_cards(votes: pl.DataFrame, activity: pl.DataFrame) -> pl.DataFrame:
    """Return where on the axis each vote is, and its distance to the nearest other one.

    Parts of the axis, as id, place, room; the room of a single vote is null.
    """
    first, last = _ends(votes, activity)
    after = pl.col("place").shift(-1) - pl.col("place")
    return votes.select(
        "id", place=milliseconds(pl.col("voted_at")) / max(last - first, 1)
    ).with_columns(room=pl.min_horizontal(after, after.shift(1)))


def _farthest_first(places: list[float]) -> list[float | None]:
    """Return how far each place is from those that come before it; null for the first.

    The last place comes first, and then always the one that is farthest from all that
    have come: however many are drawn, they are spread over the axis.
    """
    found: list[float | None] = [None] * len(places)
    left = {place: places[-1] - at for place, at in enumerate(places[:-1])}
    while left:
        taken = max(left, key=left.__getitem__)
        found[taken] = left.pop(taken)
        left = {n: min(far, abs(places[n] - places[taken])) for n, far in left.items()}
    return found


def _ends(votes: pl.DataFrame, activity: pl.DataFrame) -> pl.Series:
    """Return where the axis begins and ends, in milliseconds."""
    times = pl.concat([votes["started_at"], votes["voted_at"], activity["at"]])
    return milliseconds(times).sort()[[0, -1]]


_OF_VOTES = {
    "vote": "Vote",
    "kind": "Kind",
    "when": "Ended",
    "duration": "Length (s)",
    "talk": "Talk before (s)",
    "cards": "Cards",
    "joined": "Joined",
    "left": "Left",
}
_OF_CARDS = {"lane": "Seat", "card": "Card", "when": "At"}
_OF_ACTIVITY = {"lane": "Seat", "what": "Kind", "name": "Name", "when": "At"}


def _tips(columns: dict[str, str]) -> list[alt.Tooltip]:
    return [alt.Tooltip(f"{key}:N", title=title) for key, title in columns.items()]


def _lane(seat: int) -> str:
    return f"Seat {seat}"


def _clock(
    votes: pl.DataFrame, activity: pl.DataFrame, zone: ZoneInfo
) -> tuple[int, Any]:
    """Return how far the clocks are ahead of UTC (ms), and the names of ticks.

    Ticks need names of their own only where the clocks change meanwhile, where they
    show a time twice, which is said by days, and where they are less than a minute
    apart.
    """
    ends = _ends(votes, activity)
    first, last = (_EPOCH + timedelta(milliseconds=end) for end in ends)
    ahead, changes = clock_changes(zone, first, last)
    later = [
        f" + (datum.value >= {(when + ahead) * 1000} ? {by * 1000} : 0)"
        for when, by in changes
        if when * 1000 <= ends[-1]
    ]
    # Of a date, a sum would be a text.
    clock = f"time(datum.value){''.join(later)}"
    if time_format_of(votes) == _DATED:
        return ahead * 1000, HOURS.format(clock=clock)
    names = f"utcFormat({clock}, time(datum.value) % 60000 ? '%H:%M:%S' : '%H:%M')"
    own = later or last - first < timedelta(minutes=10)
    return ahead * 1000, names if own else alt.Undefined


_DATED = "%-d %b, %H:%M:%S"


def time_format_of(votes: pl.DataFrame) -> str:
    """Return the format of a meeting's times: with days where it lasts for one."""
    length = votes["voted_at"][-1] - votes["started_at"][0]
    return _DATED if length >= timedelta(days=1) else "%H:%M:%S"


_EPOCH = datetime(1970, 1, 1)


def _placed(
    frame: pl.DataFrame, time: str, ahead: int, time_format: str
) -> pl.DataFrame:
    """Add at (milliseconds, as a UTC axis takes them) and when (text)."""
    moment = pl.col(time)
    return frame.with_columns(
        at=milliseconds(moment) + ahead, when=moment.dt.strftime(time_format)
    )


def _lanes() -> pl.Expr:
    named = pl.format("Seat {}", pl.col("seat"))
    return named.fill_null(OTHERS)


def kind_of_vote() -> pl.Expr:
    """Return what a row of `meetings.timeline` is called."""
    return (
        pl.when("empty")
        .then(pl.lit(EMPTY))
        .when("re_vote")
        .then(pl.lit(AGAIN))
        .when(pl.col("steps") >= 2)
        .then(pl.lit(WIDE))
        .otherwise(pl.lit(VOTE))
    )


def _votes(votes: pl.DataFrame, ahead: int, time_format: str) -> pl.DataFrame:
    when = _placed(votes, "voted_at", ahead, time_format).rename({"at": "end"})
    return when.select(
        *("vote", "end", "when", "cards", "joined", "left", "apart"),
        fmt.counts(pl.col("duration", "talk")),
        at=milliseconds(pl.col("started_at")) + ahead,
        kind=kind_of_vote(),
        lane=pl.lit(VOTES),
    )


def _cards(cards: pl.DataFrame, ahead: int, time_format: str) -> pl.DataFrame:
    played = pl.col("role").replace_strict(_CARDS, default=None, return_dtype=pl.String)
    return _placed(cards, "voted_at", ahead, time_format).select(
        "at",
        *("when", "room", "apart"),
        card=pl.coalesce(pl.col("estimation").cast(pl.String), played),
        lane=_lanes(),
    )


def _activity(activity: pl.DataFrame, ahead: int, time_format: str) -> pl.DataFrame:
    return _placed(activity, "at", ahead, time_format).select(
        *("at", "when"),
        what=pl.col("kind").replace({"page view": "Page view", "event": "Event"}),
        name=labels.with_codes_spoken("name"),
        lane=_lanes(),
    )
