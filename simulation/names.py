"""Names of rooms: unique, at most 15 characters, a few of them awkward."""

import random
from collections.abc import Iterator

ODD = ("=1+1", "<b>x</b>", "@équipe", "+grün", "-блок", 'a,b;"c"', "スクラム")

_FIRST = (
    *("Atlas", "Blue", "Cargo", "Delta", "Echo", "Falcon", "Green", "Happy", "Iron"),
    *("Jade", "Kiwi", "Lunar", "Mango", "Nova", "Orbit", "Pixel", "Quick", "Red"),
    *("Sigma", "Tango", "Ultra", "Violet", "Wild", "Xenon", "Yeti", "Zen"),
)
_SECOND = (
    *("Bears", "Core", "Crew", "Devs", "Foxes", "Guild", "Hawks", "Lab", "Owls"),
    *("Pirates", "Squad", "Team", "Tribe", "Unit"),
)


def room_names(rng: random.Random) -> Iterator[str]:
    """Yield names without end: first the odd ones, then two words or a number."""
    yield from ODD
    seen: set[str] = set()
    while True:
        name = _draw(rng)
        if name not in seen:
            seen.add(name)
            yield name


def _draw(rng: random.Random) -> str:
    if rng.random() < 0.55:
        return str(rng.randrange(100_000, 1_000_000))
    return f"{rng.choice(_FIRST)} {rng.choice(_SECOND)}"[:15]
