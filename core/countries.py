"""Countries: what their codes are called in English.

For the dashboard: the sync job's image has no pycountry.
"""

from collections.abc import Mapping

import pycountry

# What is said for the names that ISO writes for an index, and that have no common one.
_COMMON = {
    "BN": "Brunei",
    "CD": "DR Congo",
    "FK": "Falkland Islands",
    "FM": "Micronesia",
    "PS": "Palestine",
    "RU": "Russia",
    "VA": "Vatican City",
    "VG": "British Virgin Islands",
    "VI": "U.S. Virgin Islands",
}
COUNTRY_NAMES: Mapping[str, str] = {
    **{
        found.alpha_2: getattr(found, "common_name", found.name)
        for found in pycountry.countries
    },
    **_COMMON,
    # ISO has no code for it; those who find countries by address use this one.
    "XK": "Kosovo",
}
"""Code of two letters → name: those of ISO 3166-1, and Kosovo."""
