"""The parts of the server, put together for `app.py` and for tests."""

import time
from collections.abc import Callable
from dataclasses import dataclass

from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import BaseRoute, Route

from core.settings import DashboardSettings, Secret
from web import answers, health, login, start, static
from web.api import Api
from web.boundary import Boundary
from web.desk import Desk
from web.door import Door
from web.gate import Gate
from web.headers import SecurityHeaders, security_headers
from web.page import NamedServer
from web.paths import Paths
from web.sessions import Access, Clock, Sessions
from web.tries import Tries


@dataclass(frozen=True, slots=True)
class Server:
    """Everything that is answered beside the pages, and the gate before them."""

    settings: DashboardSettings
    door: Door
    clock: Clock

    @classmethod
    def of(
        cls,
        settings: DashboardSettings,
        clock: Clock,
        base_url_path: str,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> "Server":
        """Build the parts; without a configured token make one for this run."""
        access = Access.of(settings.token)
        door = Door(
            paths=Paths.below(base_url_path),
            access=access,
            sessions=Sessions(access, clock),
            tries=Tries(monotonic),
        )
        return cls(settings, door, clock)

    @property
    def secrets(self) -> tuple[Secret, ...]:
        """Return what must never leave the process."""
        return (*self.settings.secrets, self.door.access.token)

    def routes(self) -> list[BaseRoute]:
        """Return the routes that Streamlit serves before its own."""
        return [
            Route(self.door.paths.health, self._health, methods=["GET"]),
            *login.routes(self.door),
            *self._api().routes(self.door.paths.api),
            *static.routes(static.assets(self.door.paths.base)),
        ]

    def _api(self) -> Api:
        return Api(Desk(self.settings.data_dir, self.clock), self.settings.email)

    def middleware(self) -> list[Middleware]:
        """Return what stands before every route, outermost first."""
        base = self.door.paths.base
        files = static.scripts(base) | static.assets(base)
        return [
            Middleware(SecurityHeaders, headers=security_headers(base)),
            Middleware(Boundary),
            Middleware(Gate, door=self.door),
            Middleware(static.CompressedStatic, files=files),
            Middleware(NamedServer, base=base),
        ]

    def announcement(self) -> str:
        """Return what is printed after the start."""
        return start.announcement(self.door.access, self.door.paths)

    def _health(self, _: Request) -> JSONResponse:
        report = health.check(
            self.settings.data_dir, self.settings.sync_interval, self.clock()
        )
        return JSONResponse(report.to_json(), headers=answers.NO_STORE)
