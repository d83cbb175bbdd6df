"""No test takes an answer that is slow for one that is missing."""

import ast
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
FILES = sorted(
    path for folder in ("tests", "testkit") for path in (ROOT / folder).rglob("*.py")
)
LEAST = 20
"""Seconds that a busy machine may take for an answer."""
TIMED = ("timeout", "open_timeout", "default_timeout")
HURRIED = {"get", "post", "head", "put", "delete", "request", "stream"}
HURRIED |= {"Client", "AsyncClient"}
"""Of httpx, which gives up after 5 seconds where nothing is said."""
OF_PAGES = {f"AppTest.from_{what}" for what in ("file", "function", "string")}
"""Streamlit's runner of pages, which gives up after 3."""


def impatience(text: str) -> Iterator[int]:
    """Yield the lines of calls that give up early and are not tried again."""
    tree = ast.parse(text)
    tried = {
        inner
        for node in ast.walk(tree)
        if isinstance(node, ast.Try)
        for part in node.body
        for inner in ast.walk(part)
    }
    opens_websockets = "from websockets" in text
    for call in ast.walk(tree):
        if not isinstance(call, ast.Call) or call in tried:
            continue
        name = ast.unparse(call.func)
        said = {word.arg: word.value for word in call.keywords}
        limits = [said[word] for word in TIMED if word in said]
        if name.endswith("create_connection"):
            limits += call.args[1:2]
        if name.endswith(".settimeout"):
            limits += call.args[:1]
        usual = name in {f"httpx.{word}" for word in HURRIED}
        usual = usual or (name == "connect" and opens_websockets)
        usual = usual or name in OF_PAGES
        is_short = any(
            isinstance(limit, ast.Constant)
            and isinstance(limit.value, int | float)
            and limit.value < LEAST
            for limit in limits
        )
        if is_short or (usual and not limits):
            yield call.lineno


def test_a_test_waits_for_as_long_as_a_busy_machine_takes() -> None:
    found = {path: [*impatience(path.read_text())] for path in FILES}
    assert len(found) > 200
    assert {str(path): lines for path, lines in found.items() if lines} == {}


def test_impatience_is_found() -> None:
    text = """
from websockets.sync.client import connect
httpx.get("/")
httpx.Client(base_url="/")
connect("/")
socket.create_connection(place, 10)
get("/", timeout=2)
get("/", timeout=LONGEST_WAIT)
httpx.post("/", timeout=60)
try:
    get("/", timeout=2)
except OSError:
    again()
AppTest.from_function(page).run()
AppTest.from_function(page, default_timeout=LONGEST_WAIT).run()
"""
    assert [*impatience(text)] == [3, 4, 5, 6, 7, 14]
