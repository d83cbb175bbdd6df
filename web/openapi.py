"""The OpenAPI 3.1 document, made from the description of the API."""

from collections.abc import Mapping

from web import schemas
from web.description import EVERY_REFUSAL, OPERATIONS, Operation, Parameter
from web.schemas import Schema


def document(base: str) -> dict[str, object]:
    """Return the document for an API that stands below `base`."""
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "FPP Analytics",
            "version": "1.0.0",
            "description": "The figures of the dashboard, for programs. All times "
            "are UTC. Answers are computed on demand from the newest data.",
        },
        "servers": [{"url": base or "/"}],
        "security": [{"bearer": []}, {"bare": []}],
        "paths": {o.path or "/": {"get": _operation(o)} for o in OPERATIONS},
        "components": {
            "schemas": {"Detail": schemas.DETAIL},
            "securitySchemes": {
                "bearer": {"type": "http", "scheme": "bearer"},
                "bare": {"type": "apiKey", "in": "header", "name": "Authorization"},
            },
        },
    }


def _operation(operation: Operation) -> dict[str, object]:
    refusals = sorted({**operation.refusals, **EVERY_REFUSAL}.items())
    return {
        "operationId": operation.name,
        "summary": operation.summary,
        "parameters": [_parameter(parameter) for parameter in operation.parameters],
        "responses": {
            "200": {"description": "The answer.", "content": _content(operation)},
            **{str(status): _refusal(why) for status, why in refusals},
        },
    }


def _parameter(parameter: Parameter) -> dict[str, object]:
    return {
        "name": parameter.name,
        "in": parameter.where,
        "required": parameter.where == "path",
        "description": parameter.meaning,
        "schema": parameter.schema,
    }


def _content(operation: Operation) -> Mapping[str, Mapping[str, Schema]]:
    return {kind: {"schema": schema} for kind, schema in operation.answers.items()}


def _refusal(why: str) -> dict[str, object]:
    reference = {"$ref": "#/components/schemas/Detail"}
    return {
        "description": why,
        "content": {"application/json": {"schema": reference}},
    }
