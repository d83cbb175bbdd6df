"""Who is let in: what gate and login decide by."""

import logging
from dataclasses import dataclass

from starlette.requests import HTTPConnection
from starlette.responses import Response

from web import answers
from web.paths import Paths
from web.sessions import Access, Sessions
from web.tries import Tries, client_name

_logger = logging.getLogger("fpp")


@dataclass(frozen=True, slots=True)
class Door:
    """The token, the sessions that stand for it, and who guessed wrong."""

    paths: Paths
    access: Access
    sessions: Sessions
    tries: Tries

    def wait(self, request: HTTPConnection) -> int:
        """Return the seconds until this client may offer a token again."""
        return self.tries.wait(_client(request))

    def admits(self, request: HTTPConnection, offered: bytes) -> bool:
        """Check an offered token; a wrong one is counted and logged, never shown."""
        client = _client(request)
        if self.access.admits(offered):
            self.tries.succeeded(client)
            return True
        _logger.warning(
            "gate: wrong token, client %s, try %d", client, self.tries.failed(client)
        )
        return False

    def refuse_program(self, request: HTTPConnection) -> Response | None:
        """Return the refusal of an API call; None lets it through."""
        header = request.headers.get("authorization", "").encode("latin-1").strip()
        if not header:
            return answers.unauthorized()
        if wait := self.wait(request):
            return answers.too_many_tries(wait)
        scheme, _, rest = header.partition(b" ")
        offered = rest.strip() if scheme.lower() == b"bearer" and rest else header
        return None if self.admits(request, offered) else answers.unauthorized()


def _client(request: HTTPConnection) -> str:
    return client_name(request.client.host if request.client else None)
