"""The schemas of the API description name the fields that the service takes, and no other."""

from typing import Any

import pytest

from chaos.service import schemas
from chaos.service.endpoints.keys import KEY_FIELDS, OVERRIDES
from chaos.service.material import SEALED_FIELDS
from chaos.service.routes import ROUTES
from tests.service.caller import Caller, envelope


def fields(name: str) -> set[str]:
    schema: Any = schemas.BODIES[name]
    if "resources" in schema["properties"]:
        schema = schema["properties"]["resources"]["items"]
    return set(schema["properties"])


def test_the_fields_of_a_key_are_those_that_its_creation_reads() -> None:
    assert fields("Key") == KEY_FIELDS
    assert fields("KeyWithOverrides") == KEY_FIELDS | OVERRIDES
    assert fields("Rotate") == SEALED_FIELDS | {"payload"}


def test_every_body_that_a_route_takes_has_a_schema_and_every_schema_a_route() -> None:
    assert {route.takes for route in ROUTES} - {""} == set(schemas.BODIES)


@pytest.mark.parametrize("name", sorted(schemas.BODIES))
def test_an_optional_field_may_be_null_and_others_are_refused(name: str) -> None:
    schema: Any = schemas.BODIES[name]
    assert schema["additionalProperties"] is False
    for field, described in schema["properties"].items():
        nullable = {"type": "null"} in described.get("anyOf", [])
        assert nullable != (field in schema.get("required", []))


def test_null_is_taken_for_an_absent_field(south: Caller) -> None:
    optional = fields("Key") - {"name"}
    south.ok("POST", "keys", envelope({"name": "key", **dict.fromkeys(optional)}))


def test_an_answer_is_described_by_its_collection_type() -> None:
    described: Any = schemas.given("key")
    kind = described["properties"]["metadata"]["properties"]["collectionType"]
    assert kind == {"enum": ["application/vnd.ibm.kms.key+json"]}
    assert "metadata" not in str(schemas.given("key_action_wrap")["required"])
