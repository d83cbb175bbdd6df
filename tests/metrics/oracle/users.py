"""How users come in: spectators, the activation funnel, the invite loop."""

from datetime import datetime, timedelta

from tests.metrics.oracle.teams import Figures
from tests.metrics.oracle.world import START, Given, Vote, World, rate

WEEK, MONTH = timedelta(days=7), timedelta(days=28)


def spectators(world: World) -> Figures:
    watching = sum(r.watching for r in world.estimated)
    seats = watching + sum(r.amount for r in world.estimated)
    first: dict[str, Given] = {}
    later: set[str] = set()
    for _, given in world.given:
        began = first.setdefault(given.who, given)
        own = given.place is not None and not given.watches
        if began.watches and own and began.at < given.at < began.at + MONTH:
            later.add(given.who)
    watched = sum(given.watches for given in first.values())
    return {
        "rounds_with_estimate": len(world.estimated),
        "seats": seats,
        "spectators": watching,
        "spectator_share": rate(watching, seats),
        "watched_first": watched,
        "estimated_later": len(later),
        "estimated_later_share": rate(len(later), watched),
    }


def funnel(world: World) -> list[int]:
    """How many made each of the five steps; all users are new at the start."""
    reached = [0] * 5
    for who, device in world.devices.items():
        if device != "bot":
            for step in range(_steps(world, who)):
                reached[step] += 1
    return reached


def _steps(world: World, who: str) -> int:
    entered = [
        time
        for user, time, what in world.acts
        if user == who and what.startswith("ENTERED_") and time < START + WEEK
    ]
    if not entered:
        return 1
    came = min(entered)
    own = [
        (given.at, vote_)
        for vote_ in world.votes
        for given in vote_.own
        if given.who == who and came <= given.at < START + MONTH
    ]
    if not own or min(at for at, _ in own) >= came + WEEK:
        return 2
    if not any(_with_others(vote_, who, at) for at, vote_ in own):
        return 3
    days = {at.date() for at, _ in own}
    return 5 if len(days) > 1 else 4


def _with_others(vote_: Vote, who: str, at: datetime) -> bool:
    found = any(given.who == who and given.at == at for given in vote_.found)
    return found and vote_.amount >= 2


def newcomers(world: World) -> dict[int, int]:
    """New users per room, the founder aside."""
    first: dict[str, tuple[int, datetime]] = {}
    for room, given in world.given:
        if given.place is not None and not given.watches:
            first.setdefault(given.who, (room, given.at))
    came = dict.fromkeys(world.spaces, 0)
    for room, at in first.values():
        if room in came and timedelta(0) <= at - world.spaces[room] < WEEK:
            came[room] += 1
    return {room: max(0, count - 1) for room, count in came.items()}


def intent(world: World) -> tuple[int, int]:
    """How many opened a room, and how many of these copied a link."""
    did = {
        what: {who for who, _, act in world.acts if act == what}
        for what in ("ENTERED_NEW_ROOM", "COPIED_ROOM_LINK")
    }
    opened = did["ENTERED_NEW_ROOM"]
    return len(opened), len(opened & did["COPIED_ROOM_LINK"])
