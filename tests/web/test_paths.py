"""Paths of this server, below whatever a proxy puts before them."""

from urllib.parse import urljoin, urlsplit

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from web.paths import Paths

ODD = st.text(st.sampled_from("/\\:@?#.%\t\n\r ax2fe0\u2028"), max_size=12)


@pytest.mark.parametrize("option", ["analytics", "/analytics", "analytics/", ""])
def test_every_path_is_below_the_base(option: str) -> None:
    paths = Paths.below(option)
    base = "/analytics" if option else ""
    assert (paths.home, paths.login, paths.logout, paths.health, paths.api) == (
        f"{base}/",
        f"{base}/login",
        f"{base}/logout",
        f"{base}/health",
        f"{base}/api",
    )


@pytest.mark.parametrize(
    ("path", "is_api"),
    [
        ("/api", True),
        ("/api/", True),
        ("/api/../x", True),
        ("/apis", False),
        ("/API", False),
        ("//api", False),
        ("/x/api", False),
    ],
)
def test_the_api_is_its_path_and_what_is_below(path: str, *, is_api: bool) -> None:
    assert Paths().is_api(path) is is_api


@pytest.mark.parametrize("base", ["", "/Sub"])
def test_an_own_path_may_have_another_case_and_more_slashes(base: str) -> None:
    paths = Paths(base)
    own = (paths.health, paths.login, paths.logout, paths.api, *paths.documents)
    for path in own:
        below = path.removeprefix(base)
        for typed in (
            path,
            f"{path}/",
            base + below.upper(),
            f"{base}{below.title()}/",
            f"{base}//{below}",
        ):
            assert paths.own(typed) == path
    for other in (f"{base}/", f"{base}/Health/x", f"{base}/LOGINS", f"/x{base}/Login/"):
        assert paths.own(other) == other
    assert base == "" or paths.own("/Login/") == "/Login/"


@given(wanted=ODD | st.text())
def test_the_way_on_stays_on_this_server(wanted: str) -> None:
    for base in ("", "/analytics"):
        location = Paths(base).safe_next(wanted)
        target = urlsplit(urljoin("https://fpp.example/x", location))
        assert target.netloc == "fpp.example"
        assert target.path.startswith(f"{base}/")
        assert location.isascii()
        assert location.isprintable()


@pytest.mark.parametrize(
    ("wanted", "opened"),
    [
        ("/analytics", "/analytics/"),
        (
            "/analytics?period=today&filter=city:X",
            "/analytics/?period=today&filter=city:X",
        ),
        ("/analyticsx?period=today", "/analytics/"),
    ],
)
def test_the_first_page_keeps_its_view_without_its_last_slash(
    wanted: str, opened: str
) -> None:
    """Not every proxy adds it, and browsers send our cookie to what is below only."""
    assert Paths("/analytics").safe_next(wanted) == opened


ALLOWED = {
    "/health": "GET, HEAD",
    "/login": "GET, HEAD, POST",
    "/logout": "GET, HEAD, POST",
    "/assets/style.css": "GET, HEAD",
}


@pytest.mark.parametrize("path", ALLOWED)
@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE", "OPTIONS"])
def test_another_method_is_told_in_json_which_ones_there_are(
    member: httpx.Client, path: str, method: str
) -> None:
    """As the API does; those of the API are in test_api.py."""
    if method in ALLOWED[path]:
        return
    answer = member.request(method, path)
    assert answer.status_code == 405
    assert answer.headers["allow"] == ALLOWED[path]
    assert answer.json() == {"detail": f"Bad method; allowed: {ALLOWED[path]}"}
