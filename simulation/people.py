"""People: an opaque id, a device, a place, and where they came from."""

import random
import string
from dataclasses import dataclass
from itertools import accumulate

from simulation.places import Country

_ALPHABET = string.ascii_letters + string.digits + "_-"

_MACHINES = (
    (42, ("desktop", "Windows", "Chrome")),
    (17, ("desktop", "Windows", "Edge")),
    (13, ("desktop", "Mac OS", "Chrome")),
    (6, ("desktop", "Mac OS", "Safari")),
    (5, ("desktop", "Windows", "Firefox")),
    (4, ("desktop", "Linux", "Firefox")),
    (4, ("desktop", "Linux", "Chrome")),
    (1, ("desktop", "Chrome OS", "Chrome")),
    (3, ("mobile", "iOS", "Mobile Safari")),
    (2, ("mobile", "Android", "Chrome")),
    (1, ("mobile", "Android", "Samsung Browser")),
    (1, ("tablet", "iOS", "Mobile Safari")),
    (1, (None, None, None)),
)
_WEIGHTS = tuple(accumulate(weight for weight, _ in _MACHINES))
_KINDS = tuple(machine for _, machine in _MACHINES)
_BOT = ("bot", None, None)


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who was seen, with the attributes of `fpp_users`."""

    id: str
    device: str | None
    os: str | None
    browser: str | None
    country: str | None
    region: str | None
    city: str | None
    source: str | None
    """The referrer of the first page view."""


def nanoid(rng: random.Random) -> str:
    """Draw an id like those of the live database."""
    return "".join(rng.choices(_ALPHABET, k=21))


def person(
    rng: random.Random, country: Country, source: str | None, *, bot: bool = False
) -> Person:
    """Draw somebody who lives in the country; now and then the place is unknown."""
    device, os, browser = _BOT if bot else rng.choices(_KINDS, cum_weights=_WEIGHTS)[0]
    cities = country.cities
    region, city = cities[min(int(rng.expovariate(0.9)), len(cities) - 1)]
    known = rng.random()
    return Person(
        id=nanoid(rng),
        device=device,
        os=os,
        browser=browser,
        country=country.code if known > 0.02 else None,
        region=region if known > 0.04 else None,
        city=city if known > 0.06 else None,
        source=source,
    )
