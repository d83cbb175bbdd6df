"""The server's parts, assembled for `app.py` and for tests."""

import sys
import time
from collections.abc import Callable
from dataclasses import dataclass

import anyio
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import BaseRoute, Route

from core.errors import logger
from core.settings import DashboardSettings, Secret
from store.legacy_files import remove_copies
from web import health, startup, static
from web.api.queries import QueryRunner
from web.api.routes import Api
from web.auth import login
from web.auth.authenticator import Authenticator
from web.auth.gate import Gate
from web.auth.sessions import AccessToken, Clock, Sessions
from web.auth.throttle import Sleep, Throttle
from web.errors import ErrorMiddleware
from web.index_html import IndexHtml
from web.paths import Paths
from web.request_target import OriginForm, OwnPaths
from web.responses import NO_STORE, refusals_of_methods
from web.security_headers import SecurityHeaders, security_headers


@dataclass(frozen=True, slots=True)
class Server:
    """The routes beside the pages, and the middleware in front of everything."""

    settings: DashboardSettings
    auth: Authenticator
    clock: Clock

    @classmethod
    def of(
        cls,
        settings: DashboardSettings,
        clock: Clock,
        base_url_path: str,
        monotonic: Callable[[], float] = time.monotonic,
        sleep: Sleep = anyio.sleep,
    ) -> "Server":
        """Build the parts; without a configured token make one for this run."""
        token = AccessToken.of(settings.token)
        auth = Authenticator(
            paths=Paths.below(base_url_path),
            token=token,
            sessions=Sessions(token, clock, settings.state_dir),
            throttle=Throttle(monotonic, sleep),
        )
        return cls(settings, auth, clock)

    @property
    def secrets(self) -> tuple[Secret, ...]:
        """Return what must never leave the process."""
        return (*self.settings.secrets, self.auth.token.secret)

    def routes(self) -> list[BaseRoute]:
        """Return the routes that Streamlit serves before its own."""
        queries = QueryRunner(self.settings.data_dir, self.clock)
        api = Api(
            queries,
            self.settings.email,
            self.settings.sync_interval,
            self.settings.notes_file,
            self.settings.excluded_rooms,
        )
        served = [
            Route(self.auth.paths.health, self._health, methods=["GET"]),
            *login.routes(self.auth),
            *static.routes(static.assets(self.auth.paths.base)),
        ]
        # Before Streamlit's own routes, which answer every path.
        return [
            *served,
            *refusals_of_methods(served),
            *api.routes(self.auth.paths.api),
        ]

    def middleware(self) -> list[Middleware]:
        """Return what every request passes, outermost first."""
        base = self.auth.paths.base
        files = static.scripts(base) | static.assets(base)
        return [
            # First, since all others go by path and host.
            Middleware(OriginForm),
            Middleware(OwnPaths, paths=self.auth.paths),
            Middleware(
                SecurityHeaders,
                headers=security_headers(base),
                downloads=f"{base}/media/",
            ),
            # Inside the headers, so that failures carry them too, and outside the gate.
            Middleware(ErrorMiddleware),
            Middleware(Gate, auth=self.auth),
            Middleware(static.CompressedStatic, files=files),
            Middleware(IndexHtml, base=base),
        ]

    def announce(self) -> None:
        """Say where the server listens: in the log in production, else as text."""
        message = startup.start_message(self.auth.token, self.auth.paths)
        # A random token is printed in production too: the log would redact it.
        if self.settings.sentry.is_production and not self.auth.token.is_random:
            address = message.split()[-1]
            logger.info("listening", extra={"fields": {"url": address}})
        else:
            sys.stdout.write(f"\n  {message}\n")
            sys.stdout.flush()

    def close(self) -> None:
        """Remove temporary files: the server has stopped."""
        remove_copies()

    def _health(self, _: Request) -> JSONResponse:
        report = health.check(
            self.settings.data_dir, self.settings.sync_interval, self.clock()
        )
        return JSONResponse(report.to_json(), headers=NO_STORE)
