"""Takes user ids, addresses, tokens and passwords out of what leaves the process.

Sentry's own EventScrubber was tried: it replaces values under known names in known
places of an event, but not a secret inside a message, and nothing in the log.
"""

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from core.settings import Secret

# A shorter one would take words out of every sentence.
_SHORTEST_SECRET = 6

_PATTERNS: tuple[tuple[re.Pattern[str], str], ...] = (
    # user:password in an address
    (re.compile(r"(?<=://)[^/\s@]+@"), "<secret>@"),
    (re.compile(r"[\w.+%-]+@[\w-]+(\.[\w-]+)+"), "<email>"),
    (re.compile(r"(?i)\b(bearer|basic)\s+[^\s\"',;]+"), r"\1 <secret>"),
    (
        re.compile(
            r"(?i)\b([\w-]*(?:token|password|passwd|secret|api_?key|cookie|session(?:_\d+)?))"
            r"([\"']?\s*[=:]\s*[\"']?)(?!<secret>)[^\s\"',;&)]+"
        ),
        r"\1\2<secret>",
    ),
    # A nanoid: 21 characters of that alphabet, and not a word in one case, nor a login
    # method that an advice names.
    (
        re.compile(
            r"(?<![\w-])(?!caching_sha2_password)(?=[\w-]*[0-9]|(?=[\w-]*[a-z])[\w-]*[A-Z])[\w-]{21}(?![\w-])",
            re.ASCII,
        ),
        "<user>",
    ),
)
# JSON in JSON doubles them each time; an address has them, and "%", encoded.
_BACKSLASHES = r"(?:\\|%(?:25)*5c)*"
_ENTITIES = {"&": ("amp",), "<": ("lt",), ">": ("gt",), '"': ("quot",), "'": ("apos",)}
_PRIVATE_NAME = re.compile(
    r"(?i)user_?id|email|token|password|secret|cookie|authorization|^dsn$"
)


@dataclass(frozen=True, slots=True)
class Redactor:
    """Knows the secrets of this process, and the patterns of others."""

    secrets: tuple[re.Pattern[str], ...] = ()

    @classmethod
    def of(cls, secrets: Collection[Secret]) -> "Redactor":
        """Take the secrets; the longest first, since one may contain another."""
        texts = {secret.reveal() for secret in secrets}
        long_enough = (text for text in texts if len(text) >= _SHORTEST_SECRET)
        ordered = sorted(long_enough, key=len, reverse=True)
        return cls(tuple(map(_pattern, ordered)))

    def text(self, text: str) -> str:
        """Return the text without what is private."""
        for secret in self.secrets:
            text = secret.sub("<secret>", text)
        for pattern, stand_in in _PATTERNS:
            text = pattern.sub(stand_in, text)
        return text

    def tree(self, value: object) -> object:
        """Return nested mappings and lists with every text redacted.

        Values of private names, such as `user_id`, are left out.
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


def _pattern(secret: str) -> re.Pattern[str]:
    """Match a secret as it is, and as JSON, Python, HTML and addresses write it.

    Each character may be escaped on its own: encoders differ in which ones they leave
    alone, and one text may be nested in another, such as JSON in an address.
    """
    return re.compile("".join(map(_written, secret)), re.IGNORECASE)


def _written(character: str) -> str:
    encoded = character.encode("utf-8", "replace")
    percent = "".join(rf"%(?:25)*{byte:02x}" for byte in encoded)
    units = character.encode("utf-16-be", "surrogatepass")
    pairs = [units[at : at + 2].hex() for at in range(0, len(units), 2)]
    forms = [
        re.escape(character),
        percent,
        _BACKSLASHES.join(f"u{pair}" for pair in pairs),
        f"x{ord(character):02x}",
        f"U{ord(character):08x}",
        f"&#0*{ord(character)};",
        f"&#x0*{ord(character):x};",
        *(f"&{name};" for name in _ENTITIES.get(character, ())),
        *([r"\+"] if character == " " else []),
    ]
    return rf"{_BACKSLASHES}(?:{'|'.join(forms)})"
