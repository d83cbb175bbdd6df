"""The JSON API: routes, tables, queries and the OpenAPI document."""
