"""The pages about the server are true: routes, statuses, parameters, tests."""

import re
from pathlib import Path

import pytest

from metrics.registry import METRIC_TABLES
from web.api.openapi import COMMON_REFUSALS, OPERATIONS
from web.api.tables import EARLIEST, OPTIONS

ROOT = Path(__file__).parent.parent
API = (ROOT / "docs" / "api.md").read_text()
THREATS = (ROOT / "docs" / "threat-model.md").read_text()
DEPLOYMENT = (ROOT / "docs" / "deployment.md").read_text()


def rows(page: str, heading: str) -> dict[str, list[str]]:
    """Return the cells of the first table below a heading, by the first one."""
    section = page.partition(f"\n## {heading}\n")[2].partition("\n|")[2]
    lines = f"|{section}".partition("\n\n")[0].splitlines()
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    return {first.strip("`"): rest for first, *rest in cells[2:]}


def test_the_page_names_every_route_as_the_document_describes_it() -> None:
    routes = rows(API, "Routes")
    assert set(routes) == {f"/api{o.path}" for o in OPERATIONS} | {"/health"}
    for operation in OPERATIONS:
        assert routes[f"/api{operation.path}"][0].startswith(operation.summary)


def test_the_page_names_every_status() -> None:
    known = {
        status for o in OPERATIONS for status in o.refusals
    } | COMMON_REFUSALS.keys()
    named = re.findall(r"^\| (\d{3}) \|", API, re.MULTILINE)
    # The document describes GET, which is never the wrong method.
    assert {int(status) for status in named} == known | {405}


def test_the_page_names_every_parameter_with_its_default() -> None:
    parameters = rows(API, "Tables")
    (table,) = (each for each in OPERATIONS if each.name == "table")
    asked = [one.name for one in table.parameters if one.location == "query"]
    assert list(parameters) == asked
    for option in OPTIONS:
        allowed, default = parameters[option.name]
        assert re.findall(r"`(\w+)`", allowed) == list(option.values)
        assert default == f"`{option.values[0]}`"
    assert str(EARLIEST) in parameters["from"][0]


def test_the_tables_of_the_examples_exist() -> None:
    named = re.findall(r"/tables/(\w+)", API)
    assert len(named) == 2
    assert set(named) <= METRIC_TABLES.keys()


@pytest.mark.parametrize("place", re.findall(r"`([\w/]+\.py)::(\w+)`", THREATS))
def test_a_test_that_the_threat_model_names_exists(place: tuple[str, str]) -> None:
    file, name = place
    [path] = (ROOT / "tests").rglob(file)
    assert f"\ndef {name}(" in path.read_text()


def test_every_threat_names_what_shows_its_answer() -> None:
    threats = [line for line in THREATS.splitlines() if line.startswith("| ")][1:]
    shown = [line.split(" | ")[-1].strip("| ") for line in threats if "---" not in line]
    assert len(shown) == 28
    assert all(re.fullmatch(r"`[^`]+`", text) for text in shown)


@pytest.mark.parametrize(
    "target",
    re.findall(r"\]\(([^)#:]+)\)", API + THREATS + DEPLOYMENT),
    ids=lambda target: target,
)
def test_a_link_leads_somewhere(target: str) -> None:
    assert (ROOT / "docs" / target).exists()
