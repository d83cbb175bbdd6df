"""The OpenAPI document as a page for browsers.

Packaged viewers were tried: they are scripts of 0.3 to 1.5 MB that redraw a document of
nine routes, and their "try it" needs the token typed into a page. This page needs no
script and shows how to ask from a shell.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from html import escape
from pathlib import Path
from string import Template
from typing import Any

from web.api import openapi

_PAGE = Template((Path(__file__).parent / "docs.html").read_text("utf-8"))
# An address that answers, for parameters in a path.
_EXAMPLES = {"name": "votes_over_time", "room_id": "1"}
_LONG = 12
"""Allowed values that are listed at once; more are folded."""

type _Json = Mapping[str, Any]


def page(base: str, host: str, home: str) -> str:
    """Return the page about the API at `base`, with examples for a host."""
    document: _Json = openapi.document(base)
    paths: Mapping[str, _Json] = document["paths"]
    routes = {_full(base, path, item): item["get"] for path, item in paths.items()}
    return _PAGE.substitute(
        home=escape(home),
        description=_text(document["info"]["description"]),
        contents="".join(
            f'<li><a href="#{operation["operationId"]}">GET {escape(path)}</a> '
            f"{_text(operation['summary'])}</li>"
            for path, operation in routes.items()
        ),
        sections="".join(
            f'<section id="{operation["operationId"]}">'
            f"<h2>GET {escape(path)}</h2>{''.join(_route(operation))}"
            f"<h3>Example</h3>{_curl(host + path, operation)}</section>"
            for path, operation in routes.items()
        ),
    )


def _text(text: str) -> str:
    """Return a sentence of the document, names in backticks as code."""
    return re.sub("`([^`]+)`", r"<code>\1</code>", escape(text))


def _full(base: str, path: str, item: _Json) -> str:
    """Return a path with what comes before it, of its own or the API's."""
    before: str = item.get("servers", [{"url": base}])[0]["url"]
    return before.removesuffix("/") + path.removesuffix("/")


def _route(operation: _Json) -> Iterator[str]:
    yield f"<p>{_text(operation['summary'])}</p>"
    parameters: Sequence[_Json] = operation["parameters"]
    if parameters:
        yield "<h3>Parameters</h3><table><thead><tr>"
        yield "".join(
            f'<th scope="col">{title}</th>'
            for title in ("Name", "Where", "Allowed", "Default", "Meaning")
        )
        yield "</tr></thead><tbody>"
        for parameter in parameters:
            default = parameter["schema"].get("default", "–")
            where = "path, required" if parameter["required"] else parameter["in"]
            yield (
                f"<tr><th scope=row><code>{escape(parameter['name'])}</code></th>"
                f"<td>{where}</td>"
                f'<td data-title="Allowed">{_type(parameter["schema"])}</td>'
                f'<td data-title="Default"><code>{escape(str(default))}</code></td>'
                f"<td>{_text(parameter['description'])}</td></tr>"
            )
        yield "</tbody></table>"
    yield "<h3>Responses</h3><table><tbody>"
    responses: Mapping[str, _Json] = operation["responses"]
    for status, response in responses.items():
        content: Mapping[str, _Json] = response["content"]
        shapes = "".join(
            f"<p><code>{escape(kind)}</code></p>{_shape(media['schema'])}"
            for kind, media in content.items()
            if status == "200"
        )
        headers = "".join(
            f"<p>Header <code>{escape(name)}</code>: {_text(header['description'])}</p>"
            for name, header in response.get("headers", {}).items()
        )
        yield f'<tr><th scope="row">{status}</th>'
        yield f"<td>{_text(response['description'])}{shapes}{headers}</td></tr>"
    yield "</tbody></table>"


def _curl(address: str, operation: _Json) -> str:
    for name, value in _EXAMPLES.items():
        address = address.replace(f"{{{name}}}", value)
    command = f'"{address}"'
    if operation.get("security", True):
        command = f'--header "Authorization: Bearer $TOKEN" \\\n  {command}'
    return f"<pre>{escape(f'curl --fail --silent {command}')}</pre>"


def _type(schema: _Json) -> str:
    """Return a value's type or the allowed values; many of them are folded."""
    if "enum" in schema:
        values: Sequence[str] = schema["enum"]
        listed = ", ".join(f"<code>{escape(value)}</code>" for value in values)
        if len(values) <= _LONG:
            return listed
        return f"<details><summary>{len(values)} values</summary>{listed}</details>"
    if "anyOf" in schema:
        return " or ".join(map(_type, schema["anyOf"]))
    kinds = schema.get("type", "any")
    text = kinds if isinstance(kinds, str) else " or ".join(kinds)
    marks = {"format": "{}", "minimum": "≥ {}", "maximum": "≤ {}"}
    details = [mark.format(schema[key]) for key, mark in marks.items() if key in schema]
    return escape(", ".join([text, *details]))


def _shape(schema: _Json) -> str:
    """Return the properties of an object or of a list of them, folded."""
    inner = "".join(_properties(schema))
    kind = "list of objects" if schema.get("type") == "array" else "object"
    if not inner:
        return ""
    return f"<details><summary>{kind}</summary><ul>{inner}</ul></details>"


def _properties(schema: _Json) -> Iterator[str]:
    described: _Json = schema.get("items", schema)
    options: Sequence[_Json] = described.get("anyOf", [described])
    for option in options:
        properties: Mapping[str, _Json] = option.get("properties", {})
        for name, value in properties.items():
            inner = "".join(_properties(value))
            listed = f"<ul>{inner}</ul>" if inner else ""
            yield f"<li><code>{escape(name)}</code>: {_type(value)}{listed}</li>"
