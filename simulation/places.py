"""Countries with their regions (ISO 3166-2 parts), cities and working hours."""

import random
from dataclasses import dataclass
from itertools import accumulate


@dataclass(frozen=True, slots=True)
class Country:
    """Where teams and visitors live."""

    code: str
    weight: float
    """Its share among all countries, relative to the others."""
    utc_offset: int
    """Hours that its clocks are ahead of UTC, summer time left aside."""
    cities: tuple[tuple[str, str], ...]
    """Pairs of region and city, the largest first."""


def _cities(text: str) -> tuple[tuple[str, str], ...]:
    pairs = (part.split(" ", 1) for part in text.split(", "))
    return tuple((region, city) for region, city in pairs)


COUNTRIES = tuple(
    Country(code, weight, offset, _cities(cities))
    for code, weight, offset, cities in (
        (
            "DE",
            30,
            1,
            "BY München, BE Berlin, HH Hamburg, NW Köln, BW Stuttgart, HE Frankfurt",
        ),
        (
            "US",
            14,
            -6,
            "CA San Francisco, NY New York, TX Austin, WA Seattle, MA Boston",
        ),
        ("GB", 9, 0, "ENG London, ENG Manchester, SCT Edinburgh, ENG Leeds"),
        ("FR", 8, 1, "IDF Paris, ARA Lyon, OCC Toulouse, PDL Nantes"),
        ("IN", 8, 5, "KA Bengaluru, MH Pune, MH Mumbai, TN Chennai"),
        ("PL", 6, 1, "14 Warszawa, 12 Kraków, 02 Wrocław, 22 Gdańsk"),
        ("CH", 6, 1, "ZH Zürich, BE Bern, BS Basel, VD Lausanne"),
        ("AT", 6, 1, "9 Wien, 6 Graz, 4 Linz, 5 Salzburg"),
        ("NL", 5, 1, "NH Amsterdam, UT Utrecht, NB Eindhoven"),
        ("ES", 4, 1, "MD Madrid, CT Barcelona, VC Valencia"),
        ("IT", 3, 1, "25 Milano, 62 Roma, 21 Torino"),
        ("SE", 3, 1, "AB Stockholm, M Malmö, O Göteborg"),
        ("BR", 3, -3, "SP São Paulo, RJ Rio de Janeiro, PR Curitiba, PE Recife"),
        ("CA", 3, -5, "ON Toronto, QC Montréal, BC Vancouver"),
        ("RO", 2, 2, "CJ Cluj-Napoca, B București, IS Iași"),
        ("PT", 2, 0, "11 Lisboa, 13 Porto"),
        ("CZ", 2, 1, "10 Praha, 64 Brno"),
        ("DK", 1, 1, "84 København, 82 Aarhus"),
        ("UA", 1, 2, "30 Київ, 46 Львів"),
        ("TR", 1, 3, "34 İstanbul, 06 Ankara"),
        ("IL", 1, 2, "TA Tel Aviv, HA Haifa"),
        ("MX", 1, -6, "CMX Ciudad de México, JAL Guadalajara"),
        ("AU", 1, 10, "NSW Sydney, VIC Melbourne"),
        ("JP", 1, 9, "13 東京, 27 大阪"),
        ("ZA", 1, 2, "WC Cape Town, GP Johannesburg"),
    )
)
BY_CODE = {country.code: country for country in COUNTRIES}
_WEIGHTS = tuple(accumulate(country.weight for country in COUNTRIES))


def any_country(rng: random.Random) -> Country:
    """Draw a country by its weight."""
    return rng.choices(COUNTRIES, cum_weights=_WEIGHTS)[0]
