"""What happened so far, in rows of the six tables; times are seconds from day 0."""

from dataclasses import dataclass, field
from typing import Literal

from simulation.people import Person

Event = Literal[
    "CONTACT_FORM_SUBMISSION",
    "ENTERED_RANDOM_ROOM",
    "ENTERED_NEW_ROOM",
    "ENTERED_EXISTING_ROOM",
    "ENTERED_RECENT_ROOM",
    "LEFT_ROOM",
    "COPIED_ROOM_LINK",
    "CHANGED_ROOM_NAME",
]
Route = Literal["HOME", "CONTACT", "IMPRINT", "GUIDE", "ROOM", "ANALYTICS", "ROADMAP"]


@dataclass(frozen=True, slots=True)
class History:
    """Rows as they happen; `demo.frames` sorts and numbers them."""

    people: dict[str, Person] = field(default_factory=dict)
    rooms: list[tuple[int, int, str]] = field(default_factory=list)
    views: list[tuple[str, Route, int | None, str | None, int]] = field(
        default_factory=list
    )
    events: list[tuple[str, Event, int]] = field(default_factory=list)
    votes: list[tuple[int, float, int, int, int, int, int, bool, int]] = field(
        default_factory=list
    )
    estimations: list[tuple[str, int, int | None, bool, int]] = field(
        default_factory=list
    )

    def view(self, who: Person, route: Route, at: int, room: int | None = None) -> None:
        """Note a page view; only the first one carries the referrer."""
        source = None if who.id in self.people else who.source
        self.people[who.id] = who
        self.views.append((who.id, route, room, source, at))

    def event(self, who: Person, event: Event, at: int) -> None:
        """Note what somebody did."""
        self.events.append((who.id, event, at))
