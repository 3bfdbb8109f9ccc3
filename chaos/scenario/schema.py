"""The JSON Schema of a scenario file, for editors that complete and check while people write."""

from typing import Any

from pydantic.json_schema import GenerateJsonSchema

from chaos.scenario.faults import KINDS
from chaos.scenario.form import ScenarioForm
from chaos.scenario.vocabulary import VOCABULARY

DIALECT = "https://json-schema.org/draft/2020-12/schema"


class _Untitled(GenerateJsonSchema):
    """Leaves out the titles: an editor would show `Lasts` above `lasts`."""

    def field_title_should_be_set(self, schema: Any) -> bool:
        return False


def schema() -> dict[str, Any]:
    """The schema, made from the same models that read the file, so the two cannot disagree."""
    made = ScenarioForm.model_json_schema(mode="validation", schema_generator=_Untitled)
    parts: dict[str, Any] = made["$defs"]
    for form in KINDS.values():
        parts[form.__name__]["properties"]["kind"]["description"] = form.__doc__
    # Groups that are counted make up the fleet, which then needs no count of its own.
    parts["ClientsForm"]["anyOf"] = [{"required": ["count"]}, {"required": ["groups"]}]
    groups = parts["ClientsForm"]["properties"]["groups"]
    for named in (made["properties"]["regions"], made["properties"]["keys"], groups):
        # A name outside the pattern is refused, where JSON Schema would let it pass unchecked.
        named["additionalProperties"] = False
    measures = "; ".join(f"{term.name}: {term.meaning}" for term in VOCABULARY.values())
    parts["ObjectivesForm"]["properties"]["rules"]["items"]["description"] = measures
    return {"$schema": DIALECT, **made, "title": "keychaos scenario"}
