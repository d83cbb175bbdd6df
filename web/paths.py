"""Addresses of this server, below the path that a proxy may put before them."""

from dataclasses import dataclass
from urllib.parse import quote


@dataclass(frozen=True, slots=True)
class Paths:
    """The server's own paths; `base` is "" or such as "/analytics"."""

    base: str = ""

    @classmethod
    def below(cls, base_url_path: str) -> "Paths":
        """Take Streamlit's option `server.baseUrlPath`, slashes or not."""
        stripped = base_url_path.strip("/")
        return cls(f"/{stripped}" if stripped else "")

    @property
    def home(self) -> str:
        """The first page."""
        return f"{self.base}/"

    @property
    def login(self) -> str:
        """The login page."""
        return f"{self.base}/login"

    @property
    def logout(self) -> str:
        """Ends a session."""
        return f"{self.base}/logout"

    @property
    def health(self) -> str:
        """The health report."""
        return f"{self.base}/health"

    @property
    def api(self) -> str:
        """The JSON API."""
        return f"{self.base}/api"

    @property
    def documents(self) -> tuple[str, str]:
        """What describes the API: the page, and the same for programs."""
        return f"{self.api}/docs", f"{self.api}/openapi.json"

    def is_api(self, path: str) -> bool:
        """Return whether the path belongs to the API."""
        return path == self.api or path.startswith(f"{self.api}/")

    def own(self, path: str) -> str:
        """Return the path of the server's own that is meant; others as they are."""
        # Of an address that ends with a slash, clients make "//api".
        below = path.removeprefix(self.base).lower().strip("/")
        tidied = f"{self.base}/{below}"
        is_own = tidied in {self.login, self.logout, self.health}
        is_below = path.startswith(self.home)
        return tidied if is_below and (is_own or self.is_api(tidied)) else path

    def safe_next(self, wanted: str) -> str:
        """Return a path of this server to go on to; the first page when in doubt.

        Browsers drop control characters, and read a backslash as a slash: both
        could turn a path into another server's address.
        """
        # Below a path the first page may be typed without its last slash.
        if wanted.partition("?")[0] == self.base:
            wanted = self.home + wanted.removeprefix(self.base)
        # "//other.example" is an address without a scheme.
        own = wanted.startswith(self.home) and not wanted.startswith("//")
        odd = "\\" in wanted or not wanted.isprintable()
        return quote(wanted, safe="/?&=%+,:;@~") if own and not odd else self.home
