"""Scripts arrive compressed, and are what Streamlit would have sent."""

import httpx
import pytest

from testkit.dashboard import Dashboard, get
from web.static import assets, scripts

SCRIPT = next(path for path in scripts("") if "/js/index." in path)
SHAPES = next(iter(assets("")))


@pytest.mark.parametrize("path", [SCRIPT, SHAPES])
def test_a_compressed_file_is_the_file(member: httpx.Client, path: str) -> None:
    packed = member.get(path, headers={"Accept-Encoding": "gzip"})
    plain = member.get(path, headers={"Accept-Encoding": "identity"})
    assert packed.headers["content-encoding"] == "gzip"
    assert "content-encoding" not in plain.headers
    assert packed.content == plain.content
    for name in ("content-type", "cache-control"):
        assert packed.headers[name].split(";")[0] == plain.headers[name].split(";")[0]


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


@pytest.mark.parametrize("path", [SCRIPT, SHAPES])
def test_a_stranger_gets_no_file(running: Dashboard, path: str) -> None:
    answer = get(running.url + path, headers={"Accept-Encoding": "gzip"})
    assert answer.status_code == 401
