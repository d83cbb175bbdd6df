"""Names behind the codes of the database: countries, flags, regions, weekdays."""

import pycountry

NOT_SET = "(not set)"
DELETED = "(deleted)"


def country(code: str | None) -> str:
    """Return "DE – Germany"; a code that ISO 3166 does not know stays as it is."""
    if not code:
        return NOT_SET
    found = pycountry.countries.get(alpha_2=code)
    return f"{code} – {_short(found)}" if found else code


def flag(code: str | None) -> str:
    """Return the flag of a two-letter code as an emoji, or nothing."""
    if not code or len(code) != 2 or not (code.isascii() and code.isalpha()):
        return ""
    return "".join(chr(0x1F1E6 + ord(letter) - ord("A")) for letter in code.upper())


def country_number(code: str | None) -> int | None:
    """Return the ISO 3166-1 number that map shapes carry."""
    found = pycountry.countries.get(alpha_2=code) if code else None
    return int(found.numeric) if found else None


def region(country_code: str | None, code: str | None) -> str:
    """Return a region's name where ISO 3166-2 knows the code, else the code."""
    if not code:
        return NOT_SET
    found = pycountry.subdivisions.get(  # type: ignore[no-untyped-call]  # untyped there
        code=f"{country_code}-{code}"
    )
    return f"{code} – {found.name}" if found else code


def _short(found: object) -> str:
    """Prefer the everyday name ("Taiwan") to the official one."""
    return str(getattr(found, "common_name", None) or getattr(found, "name", ""))
