"""Files of our own that pages load: the shapes of the world map."""

import gzip
from pathlib import Path

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

_FOLDER = Path(__file__).parent / "assets"
_SHAPES = "countries-50m.json"
_A_WEEK = "private, max-age=604800"


def routes(base: str) -> list[BaseRoute]:
    """Return the route of the shapes, below the server's base path."""
    plain = (_FOLDER / _SHAPES).read_bytes()
    packed = gzip.compress(plain, mtime=0)

    def shapes(request: Request) -> Response:
        headers = {"Cache-Control": _A_WEEK, "Vary": "Accept-Encoding"}
        accepts = "gzip" in request.headers.get("accept-encoding", "")
        if accepts:
            headers["Content-Encoding"] = "gzip"
        body = packed if accepts else plain
        return Response(body, media_type="application/json", headers=headers)

    return [Route(f"{base}/assets/{_SHAPES}", shapes, methods=["GET"])]
