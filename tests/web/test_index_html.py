"""Streamlit's page names the server, so that a browser need not look for it."""

import re

import httpx
import pytest

from web.index_html import index_html


@pytest.mark.parametrize("path", ["/", "/votes", "/Room", "/overview"])
@pytest.mark.parametrize("encoding", ["gzip", "identity"])
def test_every_page_names_the_server(
    member: httpx.Client, path: str, encoding: str
) -> None:
    answer = member.get(path, headers={"Accept-Encoding": encoding})
    assert answer.status_code == 200
    assert answer.content == index_html("")
    # A page that is asked for again must not be compared with another release's.
    assert {"etag", "last-modified"}.isdisjoint(answer.headers)
    assert answer.headers["cache-control"] == "no-cache"


def test_browsers_are_asked_not_to_translate_pages() -> None:
    page = index_html("").decode()
    assert '<html lang="en" translate="no">' in page
    # Before anything that is to be translated.
    assert '<head><meta name="google" content="notranslate">' in page


DEAD = (
    *("/Nothing", "/main", "/room/1", "/x/votes", "/_stcore/x", "/assets/x.css"),
    # Unsafe to Streamlit, as is "//votes", of which httpx makes "/votes".
    *("/votes%00", "/%2fvotes", "/..%2fvotes"),
)


@pytest.mark.parametrize("path", DEAD)
def test_an_address_without_a_page_leads_to_the_overview(
    member: httpx.Client, path: str
) -> None:
    page = member.get(path, headers={"Accept": "text/html,*/*"})
    assert page.status_code == 404
    assert "There is no page at this address." in page.text
    assert '<a href="/">Open the Overview</a>' in page.text
    assert "script" not in page.text
    # A program, or a script that misses a file, cannot read a page.
    answer = member.get(path)
    assert (answer.status_code, answer.json()) == (404, {"detail": "Not found"})


def test_the_head_of_a_page_is_answered_without_a_body(member: httpx.Client) -> None:
    answer = member.head("/votes", headers={"Accept-Encoding": "identity"})
    assert (answer.status_code, answer.content) == (200, b"")
    assert answer.headers["content-length"] == str(len(index_html("")))


@pytest.mark.parametrize("path", ["/health", "/favicon.png", "/_stcore/health"])
def test_what_is_no_page_stays_as_it_is(member: httpx.Client, path: str) -> None:
    answer = member.get(path)
    assert answer.status_code == 200
    assert b"BACKEND_BASE_URL" not in answer.content


def test_the_login_stays_as_it_is(stranger: httpx.Client) -> None:
    assert b"BACKEND_BASE_URL" not in stranger.get("/login").content


@pytest.mark.parametrize(("base", "named"), [("", '"/"'), ("/fpp", '"/fpp/"')])
def test_the_page_names_the_path_that_a_proxy_puts_before_it(
    base: str, named: str
) -> None:
    script = re.findall(
        r"<script>(.*?)</script>", index_html(base).decode(), re.DOTALL
    )[0]
    assert script.startswith(
        f"window.__streamlit = {{BACKEND_BASE_URL: location.origin + {named}}};"
    )
    assert f"const base = {named};" in script


@pytest.mark.parametrize("path", ["/", "/votes", "/Room?period=today"])
def test_a_page_of_any_path_finds_its_scripts_and_styles(
    member: httpx.Client, path: str
) -> None:
    page = member.get(path)
    links = re.findall(r'(?:src|href)="([^"]+)"', page.text)
    assert len(links) > 3
    for link in links:
        found = member.get(page.url.join(link))
        is_page = found.headers["content-type"].startswith("text/html")
        assert (found.status_code, is_page) in {(200, False), (404, False)}, link


def test_a_base_path_cannot_end_the_script() -> None:
    assert b"</script><b>" not in index_html("/</script><b>")
