"""Users: an opaque id, a device, a place, and the source they came from."""

import random
import string
from dataclasses import dataclass
from itertools import accumulate

from simulation.places import Country

ALPHABET = string.ascii_letters + string.digits + "_-"
ID_LENGTH = 21
"""User ids are nanoids: 21 characters of 64."""

MACHINES = (
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
"""Weight and device, operating system, browser."""
_KINDS = tuple(machine for _, machine in MACHINES)
_KIND_WEIGHTS = tuple(accumulate(weight for weight, _ in MACHINES))
BOT = ("bot", None, None)
NO_COUNTRY, NO_REGION, NO_CITY = 0.02, 0.04, 0.06
"""Shares of users whose place is unknown, at least down to this level."""

TEAMS = "https://teams.microsoft.com/"
LAUNCH = (
    "https://ads.google.com/",
    "google_ads",
    "https://github.com/",
)
"""Sources of the visitors whom the launch brings."""
SOURCES = (
    (34, "https://www.google.com/"),
    (26, None),
    (9, "https://github.com/"),
    (6, "https://ads.google.com/"),
    (4, "google_ads"),
    (4, "https://www.bing.com/"),
    (3, "cv"),
    (3, "email"),
    (3, "https://www.linkedin.com/"),
    (3, "https://duckduckgo.com/"),
    (2, "https://chatgpt.com/"),
    (2, "https://free-planning-poker.com/"),
    (1, "https://www.reddit.com/r/agile/"),
)
"""Weight and referrer of users who found the product alone."""
INVITED = ((55, TEAMS), (40, None), (5, "email"))
"""The same of users who followed a colleague's link."""
_REFERRERS = tuple(referrer for _, referrer in SOURCES)
_WEIGHTS = tuple(accumulate(weight for weight, _ in SOURCES))


@dataclass(frozen=True, slots=True)
class User:
    """A user with the attributes of `fpp_users`."""

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
    return "".join(rng.choices(ALPHABET, k=ID_LENGTH))


def draw_user(
    rng: random.Random, country: Country, source: str | None, *, bot: bool = False
) -> User:
    """Draw a user who lives in the country; some places are unknown."""
    device, os, browser = (
        BOT if bot else rng.choices(_KINDS, cum_weights=_KIND_WEIGHTS)[0]
    )
    cities = country.cities
    region, city = cities[min(int(rng.expovariate(0.9)), len(cities) - 1)]
    known = rng.random()
    return User(
        id=nanoid(rng),
        device=device,
        os=os,
        browser=browser,
        country=country.code if known > NO_COUNTRY else None,
        region=region if known > NO_REGION else None,
        city=city if known > NO_CITY else None,
        source=source,
    )


def visitor_source(rng: random.Random) -> str | None:
    """Draw the referrer of a user who found the product alone."""
    return rng.choices(_REFERRERS, cum_weights=_WEIGHTS)[0]


def launch_source(rng: random.Random) -> str:
    """Draw the referrer of a user whom the launch brought."""
    return rng.choices(LAUNCH, weights=(5, 3, 4))[0]


def invited_source(rng: random.Random) -> str | None:
    """Draw the referrer of a user who followed a colleague's link."""
    return rng.choices([source for _, source in INVITED], [w for w, _ in INVITED])[0]
