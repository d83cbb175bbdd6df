"""Names from the database and the address are text, never markup."""

_SPECIAL = frozenset("\\`*_{}[]()<>#+-.!|~$:^=&@\"'/")


def escaped(text: str) -> str:
    """Return a text as Markdown that shows it character by character."""
    return "".join(f"\\{c}" if c in _SPECIAL else c for c in text)


def shortened(text: str, length: int = 40) -> str:
    """Return the start of a text from the address as Markdown."""
    return escaped(text if len(text) <= length else text[:length] + "…")
