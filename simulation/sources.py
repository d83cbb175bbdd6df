"""Where people come from: referrers, as the product stores them."""

import random
from itertools import accumulate

TEAMS = "https://teams.microsoft.com/"
LAUNCH = (
    "https://ads.google.com/",
    "google_ads",
    "https://github.com/",
)

_SOURCES = (
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
_WEIGHTS = tuple(accumulate(weight for weight, _ in _SOURCES))
_REFERRERS = tuple(referrer for _, referrer in _SOURCES)


def visitor_source(rng: random.Random) -> str | None:
    """Draw the referrer of somebody who found the product alone."""
    return rng.choices(_REFERRERS, cum_weights=_WEIGHTS)[0]


def launch_source(rng: random.Random) -> str:
    """Draw the referrer of somebody whom the launch brought."""
    return rng.choices(LAUNCH, weights=(5, 3, 4))[0]


def invited_source(rng: random.Random) -> str | None:
    """Draw the referrer of somebody who followed a colleague's link."""
    return rng.choices((TEAMS, None, "email"), weights=(55, 40, 5))[0]
