"""Security headers on every response."""

import hashlib
import re
from base64 import b64encode
from collections.abc import Mapping

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from web.auth.login import LOGIN
from web.index_html import index_html

_INLINE_SCRIPT = re.compile(r"<script>(.*?)</script>", re.DOTALL)


def security_headers(base: str = "") -> Mapping[str, str]:
    """Return the headers of every response of a server below `base`."""
    return {
        "Content-Security-Policy": _content_policy(base),
        "Cross-Origin-Opener-Policy": "same-origin",
        "Cross-Origin-Resource-Policy": "same-origin",
        "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=()",
        # The address of a page carries filters; the login link carries the token.
        "Referrer-Policy": "no-referrer",
        "X-Content-Type-Options": "nosniff",
        "X-Frame-Options": "DENY",
        "X-Robots-Tag": "noindex, nofollow",
    }


def _content_policy(base: str) -> str:
    """Return a policy without `unsafe-eval`, for Streamlit's page and our login.

    Streamlit styles its elements from script, hence `unsafe-inline` for styles.
    """
    # Hashes of the pages as they are sent: an update of Streamlit needs no new list.
    pages = index_html(base).decode() + LOGIN.template
    hashes = map(_hash, _INLINE_SCRIPT.findall(pages))
    directives = {
        "default-src": "'none'",
        "script-src": " ".join(["'self'", *hashes]),
        "style-src": "'self' 'unsafe-inline'",
        "img-src": "'self' data: blob:",
        "font-src": "'self' data:",
        "connect-src": "'self'",
        "worker-src": "'self' blob:",
        "media-src": "'self'",
        "manifest-src": "'self'",
        "form-action": "'self'",
        "base-uri": "'none'",
        "frame-ancestors": "'none'",
    }
    return "; ".join(f"{name} {sources}" for name, sources in directives.items())


def _hash(script: str) -> str:
    digest = hashlib.sha256(script.encode()).digest()
    return f"'sha256-{b64encode(digest).decode()}'"


class SecurityHeaders:
    """Adds the headers to every HTTP response.

    Below TLS every cookie becomes Secure, Streamlit's own included; downloads are not
    kept by browsers and proxies.
    """

    def __init__(
        self, app: ASGIApp, *, headers: Mapping[str, str], downloads: str
    ) -> None:
        self._app = app
        self._headers = headers
        self._downloads = downloads

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection."""

        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers.update(self._headers)
                # Exports contain figures: no proxy or browser may keep them.
                if scope["path"].startswith(self._downloads):
                    headers["Cache-Control"] = "no-store"
                if _is_secure(scope):
                    message["headers"] = [*map(_secure, message["headers"])]
            await send(message)

        await self._app(scope, receive, with_headers)


def _is_secure(scope: Scope) -> bool:
    """Return whether the browser reached us by TLS.

    Uvicorn reads `X-Forwarded-Proto` in one spelling and as a single word only. Here it
    may come from any client, since it can only make its own cookies stricter.
    """
    if scope["type"] != "http":
        return False
    forwarded = Headers(scope=scope).get("x-forwarded-proto", "").casefold()
    return scope["scheme"] == "https" or "https" in re.split(r"[\s,]+", forwarded)


def _secure(header: tuple[bytes, bytes]) -> tuple[bytes, bytes]:
    name, value = header
    if name.lower() != b"set-cookie" or b"; secure" in value.lower():
        return header
    return name, value + b"; Secure"
