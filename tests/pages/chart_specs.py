"""What pages send to the browser as charts, read by Vega itself.

The dashboard leaves the check against the schema out (`ui/charts/rendering.py`).
"""

import json
import re
import tomllib
from collections.abc import Iterator, Mapping
from io import BytesIO
from typing import Any
from urllib.parse import quote

import altair as alt
import jsonschema_rs
import polars as pl
import vl_convert
from streamlit.testing.v1 import AppTest

from testkit.chromium import ROOT
from ui.charts.theme import CUT
from ui.charts.time_chart import AT
from ui.filters.click_filters import FIELD, asked_for


def _quoted(part: dict[str, Any]) -> dict[str, Any]:
    """Write references as addresses: names of Vega-Lite's types have < and |."""
    return {**part, "$ref": quote(part["$ref"], "#/")} if "$ref" in part else part


# Checks a chart in a hundredth of the time of jsonschema and of `alt.Root.validate`,
# which was a third of the time of a page.
VALIDATOR = jsonschema_rs.validator_for(
    json.loads(json.dumps(alt.Root._rootschema), object_hook=_quoted)
)
_THEME = tomllib.loads((ROOT / ".streamlit" / "config.toml").read_text())["theme"]
PAGES = [_THEME[name]["backgroundColor"] for name in ("light", "dark")]
SHAPES = {"bar", "line", "rule", "point", "circle"}
"""Marks that say something by their shape; an area is below a line."""
TOLD_APART = 3.0
"""WCAG 2.2, 1.4.11: the contrast of what one must see to understand a chart."""


_WIDE = "max(1, width / "
"""How wide an invisible mark is that has the tooltip of a place on the axis."""


def check_charts(app: AppTest) -> None:
    """Raise a ValidationError for a chart that breaks the schema.

    And fail for marks that are pale, for lines with a tooltip or without one anywhere
    above their points, for clicks that ask for no filter, for a line of nothing above a
    legend, for dotted ends of lines that no legend in words explains, or that one
    explains where none are drawn, for bars that are nameless groups of their own, and
    for rows that two marks read out, or that none does.
    """
    charts = app.get("vega_lite_chart")
    explained = sum("⋯\u00a0incomplete" in text.value for text in app.caption)
    assert sum(map(_is_dotted, charts)) == explained
    for chart in charts:
        text = chart.proto.spec
        spec = json.loads(text)
        VALIDATOR.validate(spec)
        assert pale_marks(spec) == []
        assert not _has_line_with_tooltip(spec)
        assert groups_of_bars(spec) == []
        assert said_twice(spec) == []
        assert is_read_out(spec)
        assert '"type": "line"' not in text or _WIDE in text
        # Where marks say when something was, so does what is all around them.
        told = [json.dumps(mark["encoding"]["tooltip"]) for mark in _wide_marks(spec)]
        assert "When" not in text or all("When" in each for each in told)
        color = spec.get("encoding", {}).get("color", {})
        # What Streamlit makes of no title where a chart has no layers.
        assert not (color.get("legend") and color.get("title") == " ")
        for rows in data_of(chart) if "'adds a filter'" in text else ():
            clicks = rows[FIELD].drop_nulls() if FIELD in rows.columns else ()
            assert all(map(asked_for, clicks))


def _is_dotted(chart: Any) -> bool:  # an element of Streamlit's runner
    """Return whether lines over time have ends that are drawn as parts."""
    dash = json.dumps({"strokeDash": CUT})[1:-1]
    placed = [rows[AT] for rows in data_of(chart) if AT in rows.columns]
    return dash in chart.proto.spec and any(at.n_unique() > 1 for at in placed)


def _wide_marks(spec: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """Yield the marks that have the tooltips of all lines, or bars, at a place."""
    for layer in spec.get("layer", ()):
        yield from _wide_marks(layer)
    if _WIDE in json.dumps(spec.get("mark")):
        yield spec


def _has_line_with_tooltip(spec: Mapping[str, Any]) -> bool:
    """Return whether some line would say of all its points what its first one says."""
    if "layer" in spec:
        return any(map(_has_line_with_tooltip, spec["layer"]))
    is_line = spec["mark"]["type"] in {"line", "area"}
    return is_line and "tooltip" in spec["encoding"]


def groups_of_bars(spec: Mapping[str, Any]) -> list[str]:
    """Return the values whose bars each have a group without a name around them.

    Vega-Lite adds it to round off bars that it might stack, one for each.
    """
    found = [each for layer in spec.get("layer", ()) for each in groups_of_bars(layer)]
    mark, channels = spec.get("mark"), spec.get("encoding", {})
    if not isinstance(mark, dict) or not {"cornerRadius", "cornerRadiusEnd"} & {*mark}:
        return found
    stacked = [
        channel["field"]
        for name, channel in channels.items()
        if name in {"x", "y"} and channel.get("type") == "quantitative"
        if f"{name}2" not in channels and channel.get("stack", "zero") is not None
    ]
    return [*found, *stacked]


def widths_of_bars(svg: str) -> list[float]:
    """Return the widths of the bars of a chart that is drawn."""
    paths = re.findall(r'roledescription="bar" d="([^"]*)"', svg)
    places = [[*map(float, re.findall(r"[\d.]+", path))][::2] for path in paths]
    return [max(xs) - min(xs) for xs in places]


def said_twice(spec: Mapping[str, Any]) -> list[str]:
    """Return what marks of the same rows, over each other, both say to a reader."""
    said = [*_said(spec)]
    return [text for place, text in enumerate(said) if text in said[:place]]


def is_read_out(spec: Mapping[str, Any]) -> bool:
    """Return whether some marks of a chart say their values to a screen reader."""
    if "layer" in spec:
        return any(map(is_read_out, spec["layer"]))
    return "description" in spec.get("encoding", {}) and spec["mark"].get("aria", True)


def _said(spec: Mapping[str, Any]) -> Iterator[str]:
    for layer in spec.get("layer", ()):
        yield from _said(layer)
        described = "description" in layer.get("encoding", {})
        # Each of the two groups of lines has the same buckets, and its own layers.
        if described and "data" not in layer and layer["mark"].get("aria", True):
            yield layer["encoding"]["description"]["value"]["expr"]


def pale_marks(spec: Mapping[str, Any]) -> list[str]:
    """Return the marks of a chart that can hardly be told from one of both pages."""
    found = [pale for layer in spec.get("layer", ()) for pale in pale_marks(layer)]
    mark = spec.get("mark")
    if not isinstance(mark, dict) or mark["type"] not in SHAPES:
        return found
    # A shade behind days says nothing of its own, nor does a target for the mouse.
    backdrop = mark.get("aria") is False and mark["type"] in {"bar", "rule"}
    if backdrop or mark.get("opacity", 1) < 0.01:
        return found
    edge = mark.get("stroke")
    color = spec.get("encoding", {}).get("color", {})
    drawn = [edge] if edge else [mark.get("color"), color.get("value")]
    drawn += [] if edge else color.get("scale", {}).get("range", [])
    opacity = 1 if edge else mark.get("opacity", 1) * mark.get("fillOpacity", 1)
    return found + [
        f"{mark['type']} {each} on {page}"
        for each in drawn
        for page in PAGES
        if each and _contrast(_mixed(each, page, opacity), _rgb(page)) < TOLD_APART
    ]


def _rgb(color: str) -> list[float]:
    return [int(color[place : place + 2], 16) / 255 for place in (1, 3, 5)]


def _mixed(color: str, page: str, opacity: float) -> list[float]:
    return [
        opacity * own + (1 - opacity) * below
        for own, below in zip(_rgb(color), _rgb(page), strict=True)
    ]


def _contrast(first: list[float], second: list[float]) -> float:
    """Return the contrast of two colours as WCAG defines it."""

    def luminance(rgb: list[float]) -> float:
        linear = [
            c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in rgb
        ]
        return sum(w * c for w, c in zip((0.2126, 0.7152, 0.0722), linear, strict=True))

    darker, lighter = sorted((luminance(first), luminance(second)))
    return (lighter + 0.05) / (darker + 0.05)


def read_aloud(app: AppTest) -> list[str]:
    """Return what marks say to a screen reader: the same as their tooltips."""
    return [
        text for chart in app.get("vega_lite_chart") for text in _descriptions(chart)
    ]


def printed(app: AppTest) -> list[str]:
    """Return the texts that charts print beside their marks and axes."""
    return [text for chart in app.get("vega_lite_chart") for text in _texts(chart)]


def _descriptions(chart: Any) -> list[str]:  # an element of Streamlit's runner
    return [*_in_marks(_scenegraph(chart))]


def _texts(chart: Any) -> list[str]:  # an element of Streamlit's runner
    drawn = json.dumps(_scenegraph(chart))
    return [
        json.loads(text) for text in re.findall(r'"text": ("(?:[^"\\]|\\.)*")', drawn)
    ]


def _scenegraph(chart: Any) -> dict[str, Any]:  # what Vega draws has any values
    # Shapes of countries are on the dashboard's server.
    if "assets/countries" in chart.proto.spec:
        return {}
    spec = json.loads(chart.proto.spec)
    _let_all_be_read(spec)
    spec["width"] = 600
    spec["datasets"] = {
        sent.name: rows.to_dicts()
        for sent, rows in zip(chart.proto.datasets, data_of(chart), strict=True)
    }
    drawn = vl_convert.vegalite_to_scenegraph(json.loads(json.dumps(spec, default=str)))
    return {**drawn}


def data_of(chart: Any) -> list[pl.DataFrame]:
    """Return the rows that a chart draws."""
    return [
        pl.read_ipc_stream(BytesIO(sent.data.data)) for sent in chart.proto.datasets
    ]


def _let_all_be_read(spec: dict[str, Any]) -> None:
    """Let marks for a mouse alone be read as well: they say what their tooltips do."""
    for layer in spec.get("layer", ()):
        _let_all_be_read(layer)
    if "tooltip" in spec.get("encoding", {}):
        spec["mark"].pop("aria", None)


def _in_marks(node: object) -> Iterator[str]:
    if isinstance(node, list):
        for each in node:
            yield from _in_marks(each)
    elif isinstance(node, dict):
        if node.get("role") in {"axis", "legend", "title"}:
            return
        if isinstance(node.get("description"), str):
            yield node["description"]
        for each in node.values():
            yield from _in_marks(each)


def ticks(spec: dict[str, Any]) -> list[str]:
    """Return the labels of a chart's axes."""
    return [*_labels(vl_convert.vegalite_to_scenegraph(spec))]


def _labels(node: object) -> Iterator[str]:
    if isinstance(node, list):
        for each in node:
            yield from _labels(each)
    elif isinstance(node, dict):
        if node.get("role") == "axis-label":
            yield from (str(label["text"]) for label in node["items"])
            return
        for each in node.values():
            yield from _labels(each)
