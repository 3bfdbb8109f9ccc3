"""The JSON Schema for editors agrees with the reader."""

from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from jsonschema import Draft202012Validator

from chaos.scenario import Scenario, write
from chaos.scenario.schema import schema
from tests.scenario.strategies import SHIPPED, scenarios

VALIDATOR = Draft202012Validator(schema())
CATALOGUE = sorted(SHIPPED.parents[1].glob("*/*.yaml"))


def test_it_is_a_valid_schema() -> None:
    Draft202012Validator.check_schema(schema())


@pytest.mark.parametrize("path", CATALOGUE, ids=lambda path: path.stem)
def test_every_scenario_of_the_catalogue_conforms(path: Any) -> None:
    VALIDATOR.validate(yaml.safe_load(path.read_text()))


@settings(max_examples=30)
@given(scenarios())
def test_whatever_the_reader_takes_conforms(scenario: Scenario) -> None:
    VALIDATOR.validate(yaml.safe_load(write(scenario)))


@pytest.mark.parametrize(
    ("keys", "value"),
    [
        (["colour"], "blue"),
        (["lasts"], "70"),
        (["load", "rate"], "120"),
        (["faults", 0, "kind"], "dwon"),
        (["faults", 0, "colour"], "blue"),
        (["regions", "US South"], {"latency": "3ms"}),
        (["objectives", "rules", 0], "failovr.p95 <= rto"),
        (["clients", "regions"], []),
        (["clients"], {"policy": "recommended"}),
        (["clients", "groups"], {"naive": {"share": 20}}),
        (["clients", "groups"], {"Naive": {"share": "20%"}}),
        (["clients", "groups"], {"naive": {"share": "20%", "polcy": "x"}}),
    ],
)
def test_an_editor_marks_what_the_reader_would_refuse(keys: list[Any], value: object) -> None:
    given_ = yaml.safe_load(SHIPPED.read_text())
    part = given_
    for key in keys[:-1]:
        part = part[key]
    part[keys[-1]] = value
    assert not VALIDATOR.is_valid(given_)


def test_every_property_is_described() -> None:
    made = schema()
    for name, part in {"scenario": made, **made["$defs"]}.items():
        for key, below in part.get("properties", {}).items():
            reference = made["$defs"].get(below.get("$ref", "").removeprefix("#/$defs/"), {})
            assert below.get("description") or reference.get("description"), f"{name}.{key}"
