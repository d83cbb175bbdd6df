"""Paths of this server, below whatever a proxy puts before them."""

from urllib.parse import urljoin, urlsplit

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


@given(wanted=ODD | st.text())
def test_the_way_on_stays_on_this_server(wanted: str) -> None:
    for base in ("", "/analytics"):
        location = Paths(base).safe_next(wanted)
        target = urlsplit(urljoin("https://fpp.example/x", location))
        assert target.netloc == "fpp.example"
        assert target.path.startswith(f"{base}/")
        assert location.isascii()
        assert location.isprintable()
