from typing import Any

import altair as alt
import polars as pl
import pytest
from jsonschema import ValidationError  # type: ignore[import-untyped]  # no types
from streamlit.testing.v1 import AppTest

from tests.pages.chart_specs import check_charts
from ui.charts.rendering import Layer, layered


def a_page(mark: "Any") -> None:
    import altair as alt
    import polars as pl

    from ui.charts.rendering import Layer, layered, render_chart

    layer = Layer(mark=alt.MarkDef(type=mark)).encode(alt.X("a:Q"))
    render_chart(layered(layer, layer, data=pl.DataFrame({"a": [1]})), "A chart")


def sent(mark: str) -> AppTest:
    app = AppTest.from_function(a_page, args=(mark,), default_timeout=20).run()
    assert not app.exception
    assert len(app.get("vega_lite_chart")) == 1
    return app


def test_a_right_chart_is_let_through() -> None:
    check_charts(sent("bar"))


def test_a_chart_that_breaks_the_schema_is_sent_and_found() -> None:
    with pytest.raises(ValidationError):
        check_charts(sent("barre"))


def test_layers_become_what_altair_makes_of_them() -> None:
    data = pl.DataFrame({"a": [1, 2], "b": [3, 4]})
    clicked = alt.selection_point("pick", fields=["a"])
    bars = Layer().mark_bar().encode(alt.X("a:Q"), alt.Y("b:Q"))
    points = Layer().mark_point().encode(alt.X("a:Q"), alt.Y("b:Q"))
    shown = {"data": data, "height": 100}

    ours = layered(points, bars.add_params(clicked), **shown).to_dict()
    theirs = alt.layer(points, bars.add_params(clicked), **shown).to_dict()

    # Each names the layer in its own way.
    for chart in (ours, theirs):
        (selection,) = chart["params"]
        assert selection.pop("views") == [chart["layer"][1].pop("name")]
    assert ours == theirs
