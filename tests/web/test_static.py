"""Scripts arrive compressed, and are what Streamlit would have sent."""

import json
import re
from itertools import accumulate, pairwise
from pathlib import Path

import httpx
import pytest

from testkit.dashboard import TOKEN, Dashboard, get
from web.static import assets, scripts

SCRIPT = next(path for path in scripts("") if "/js/index." in path)
SHAPES = "/assets/countries.json"


@pytest.mark.parametrize("path", [SCRIPT, SHAPES])
def test_a_compressed_file_is_the_file(member: httpx.Client, path: str) -> None:
    packed = member.get(path, headers={"Accept-Encoding": "gzip"})
    plain = member.get(path, headers={"Accept-Encoding": "identity"})
    assert packed.headers["content-encoding"] == "gzip"
    assert packed.headers["vary"] == "Accept-Encoding"
    assert "content-encoding" not in plain.headers
    assert packed.content == plain.content
    # A part of a file, as a broken download asks for, is one of what is not packed.
    ranged = {"Accept-Encoding": "gzip", "Range": "bytes=2-5"}
    part = member.get(path, headers=ranged)
    assert (part.status_code, part.content) == (206, plain.content[2:6])
    assert member.post(path, headers={"Accept-Encoding": "gzip"}).status_code == 405
    # What is behind the login is not for proxies to keep.
    is_ours = "private" in packed.headers["cache-control"]
    assert is_ours == (path == SHAPES)
    for name in ("content-type", "cache-control"):
        assert packed.headers[name].split(";")[0] == plain.headers[name].split(";")[0]


@pytest.mark.parametrize("path", [SCRIPT, "/api/openapi.json"])
def test_a_client_that_refuses_gzip_gets_none(member: httpx.Client, path: str) -> None:
    headers = {"Authorization": TOKEN, "Accept-Encoding": "br, gzip;q=0.1, identity"}
    assert member.get(path, headers=headers).headers["content-encoding"] == "gzip"
    for refused in ("gzip;q=0", "gzip; q=0.000, *;q=0.5", "br, gzip ; Q=0,identity"):
        answer = member.get(path, headers={**headers, "Accept-Encoding": refused})
        assert "content-encoding" not in answer.headers, refused


def test_a_first_visit_transfers_a_third(member: httpx.Client) -> None:
    shell = member.get("/").text
    loaded = [path for path in scripts("") if path in shell]
    sizes = [
        (int(answer.headers["content-length"]), len(answer.content))
        for answer in (member.get(path) for path in loaded)
    ]
    assert len(loaded) > 50
    assert sum(size for size, _ in sizes) < sum(size for _, size in sizes) / 3


@pytest.mark.parametrize("headers", [{"Range": "bytes=0-9"}, {"Accept-Encoding": "br"}])
def test_a_part_or_another_encoding_is_left_to_streamlit(
    member: httpx.Client, headers: dict[str, str]
) -> None:
    answer = member.get(SCRIPT, headers={"Accept-Encoding": "identity"} | headers)
    assert "content-encoding" not in answer.headers


def test_the_page_links_our_scripts_and_styles(member: httpx.Client) -> None:
    ours = re.compile(r'(?:src|href)="(/assets/[^"?]+)[?][0-9a-f]+"')
    linked = ours.findall(member.get("/").text)
    assert {*linked} == {path for path in assets("") if path.endswith((".js", ".css"))}
    # A browser refuses scripts and styles of another type.
    kinds = {".js": "javascript", ".css": "css"}
    for path in linked:
        kind, _, _ = member.get(path).headers["content-type"].partition(";")
        assert kind.endswith(f"/{kinds[Path(path).suffix]}")


def test_no_border_crosses_the_map() -> None:
    # They are drawn as they are: shapes not cut at 180° would be lines across the map.
    world = json.loads(assets("")[SHAPES].path.read_text())
    arcs = [[*accumulate(x for x, _ in arc)] for arc in world["arcs"]]
    widths = [abs(b - a) for arc in arcs for a, b in pairwise(arc)]
    span = max(x for arc in arcs for x in arc)
    # The longest edge is between the United States and Canada.
    assert max(widths) < span / 8


@pytest.mark.parametrize("path", [SCRIPT, SHAPES])
def test_a_stranger_gets_no_file(running: Dashboard, path: str) -> None:
    answer = get(running.url + path, headers={"Accept-Encoding": "gzip"})
    assert answer.status_code == 401
