"""The API description says what the routes do."""

import json
from typing import Any

from chaos.service.openapi import description
from chaos.service.routes import PREFIX, ROUTES

DOCUMENT: Any = description()


def test_every_route_is_described_once() -> None:
    described = {
        (method, path) for path, methods in DOCUMENT["paths"].items() for method in methods
    }
    routes = {(route.method.lower(), route.path) for route in ROUTES if not route.action}
    assert len(described) == len(routes) + 1
    for method, path in described:
        parts = path.removeprefix(PREFIX).split("/")
        pattern = "/".join("*" if part.startswith("{") else part for part in parts)
        assert (method, pattern) in routes or (method, pattern) == ("post", "keys/*")


def test_it_is_json_and_its_references_lead_somewhere() -> None:
    text = json.dumps(DOCUMENT)
    for part in text.split('"$ref": "')[1:]:
        place: Any = DOCUMENT
        for name in part.partition('"')[0].removeprefix("#/").split("/"):
            place = place[name]


def test_operation_ids_are_unique_and_links_lead_to_them() -> None:
    operations = [op for methods in DOCUMENT["paths"].values() for op in methods.values()]
    ids = [op["operationId"] for op in operations]
    assert len(ids) == len(set(ids))
    for operation in operations:
        for answer in operation["responses"].values():
            assert set(answer.get("links", {})) <= set(ids)
