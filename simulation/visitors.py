"""Visitors without a room: they look around, and most leave at once."""

import random

from simulation.places import BY_CODE, any_country
from simulation.tables import History, Route
from simulation.timeline import DAY, HOUR, TimeLine, random_for, weekday
from simulation.users import User, draw_user, launch_source, visitor_source

_A_DAY = (9.0, 20.0)
_LAUNCH = 3.5
_BOTS = 0.035
ROUTES: tuple[tuple[int, Route], ...] = (
    (3, "GUIDE"),
    (2, "HOME"),
    (2, "ANALYTICS"),
    (1, "ROADMAP"),
    (1, "CONTACT"),
    (1, "IMPRINT"),
)
"""Weight and route of page views outside rooms."""
_PAGES = tuple(route for weight, route in ROUTES for _ in range(weight))


def visit(seed: int, line: TimeLine, history: History) -> None:
    """Note the visits of every day."""
    for day in range(line.today + 1):
        rng = random_for(seed, "day", day)
        for _ in range(_number(day, line, rng)):
            _visit(day, line, rng, history)


def _number(day: int, line: TimeLine, rng: random.Random) -> int:
    low, high = _A_DAY
    usual = (low + (high - low) * line.growth(day)) * weekday(day)
    expected = usual * (0.4 + 0.6 * line.season(day))
    if line.is_launch(day):
        expected *= _LAUNCH
    return max(0, round(rng.gauss(expected, expected**0.5)))


def _visit(day: int, line: TimeLine, rng: random.Random, history: History) -> None:
    user, leaves = _visitor(day, line, rng)
    local = min(max(rng.gauss(13.0, 3.4), 6.0), 22.9)
    offset = BY_CODE[user.country].utc_offset if user.country else 0
    at = day * DAY + int((local - offset) * HOUR)
    if line.is_down(at):
        return
    history.view(user, "HOME", at)
    if user.device == "bot":
        pages, pace = rng.randrange(2, 7), 3
    elif rng.random() < leaves:
        pages, pace = 0, 0
    else:
        pages, pace = rng.choice((1, 1, 1, 2, 2, 3)), 150
    _browse(user, at, pages, pace, rng, history)
    if pages and rng.random() < 0.15:
        history.view(user, "HOME", at + rng.randrange(1, 20) * DAY)


def _visitor(day: int, line: TimeLine, rng: random.Random) -> tuple[User, float]:
    """Draw a visitor, and how likely it is that he or she leaves at once."""
    brazil = day >= line.brazil_since and rng.random() < 0.25
    country = BY_CODE["BR"] if brazil else any_country(rng)
    if line.is_launch(day) and rng.random() < 0.75:
        return draw_user(rng, country, launch_source(rng)), 0.96
    bot = rng.random() < _BOTS
    return draw_user(rng, country, visitor_source(rng), bot=bot), 0.62


def _browse(
    user: User, at: int, pages: int, pace: int, rng: random.Random, history: History
) -> None:
    for _ in range(pages):
        at += rng.randrange(1, pace)
        route = rng.choice(_PAGES)
        history.view(user, route, at)
        if route == "CONTACT" and user.device != "bot" and rng.random() < 0.08:
            history.event(user, "CONTACT_FORM_SUBMISSION", at + 60)
