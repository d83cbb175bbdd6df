"""Takes user ids, addresses, tokens and passwords out of what leaves the process."""

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from core.settings import Secret

_SHORTEST_SECRET = 6
"""A shorter one would take words out of every sentence."""

_PATTERNS: tuple[tuple[re.Pattern[str], str], ...] = (
    # user:password in an address
    (re.compile(r"(?<=://)[^/\s@]+@"), "<secret>@"),
    (re.compile(r"[\w.+%-]+@[\w-]+(\.[\w-]+)+"), "<e-mail>"),
    (re.compile(r"(?i)\b(bearer|basic)\s+[^\s\"',;]+"), r"\1 <secret>"),
    (
        re.compile(
            r"(?i)\b([\w-]*(?:token|password|passwd|secret|api_?key|cookie|session))"
            r"([\"']?\s*[=:]\s*[\"']?)(?!<secret>)[^\s\"',;&)]+"
        ),
        r"\1\2<secret>",
    ),
    # A nanoid: 21 characters of that alphabet, and not a word in one case.
    (
        re.compile(
            r"(?<![\w-])(?=[\w-]*[0-9]|(?=[\w-]*[a-z])[\w-]*[A-Z])[\w-]{21}(?![\w-])",
            re.ASCII,
        ),
        "<user>",
    ),
)
_PRIVATE_NAME = re.compile(
    r"(?i)user_?id|email|token|password|secret|cookie|authorization|^dsn$"
)


@dataclass(frozen=True, slots=True)
class Scrubber:
    """Knows the secrets of this process, and what others look like."""

    secrets: tuple[str, ...] = ()

    @classmethod
    def of(cls, secrets: Collection[Secret]) -> "Scrubber":
        """Take the secrets; the longest first, since one may hold another."""
        texts = {secret.reveal() for secret in secrets}
        long_enough = (text for text in texts if len(text) >= _SHORTEST_SECRET)
        return cls(tuple(sorted(long_enough, key=len, reverse=True)))

    def text(self, text: str) -> str:
        """Return the text without what is private."""
        for secret in self.secrets:
            text = text.replace(secret, "<secret>")
        for pattern, stand_in in _PATTERNS:
            text = pattern.sub(stand_in, text)
        return text

    def tree(self, value: object) -> object:
        """Return nested mappings and lists with every text scrubbed.

        What stands under a private name, such as `user_id`, is left out whole.
        """
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, Mapping):
            return {
                key: "<private>"
                if _PRIVATE_NAME.search(str(key)) and part is not None
                else self.tree(part)
                for key, part in value.items()
            }
        if isinstance(value, Sequence) and not isinstance(value, bytes | bytearray):
            return [self.tree(part) for part in value]
        return value
