"""How many rows a scale has; 1 is today's size."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Sizes:
    """Rows to draw. Estimations follow from votes: about 4.03 a vote."""

    rooms: int
    votes: int
    page_views: int
    users: int

    @classmethod
    def of(cls, scale: int) -> "Sizes":
        """Return the sizes of so many times today's data."""
        return cls(
            rooms=1_500 * scale,
            votes=31_000 * scale,
            page_views=45_000 * scale,
            users=13_000 * scale,
        )
