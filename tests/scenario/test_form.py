"""The form itself: strict, closed, and described to the last field."""

from collections.abc import Iterator

import pytest
from pydantic import BaseModel

from chaos.scenario.faults import KINDS
from chaos.scenario.form import (
    ClientsForm,
    LoadForm,
    MixForm,
    ObjectivesForm,
    RegionForm,
    ScenarioForm,
)

FORMS: tuple[type[BaseModel], ...] = (
    *(ClientsForm, LoadForm, MixForm, ObjectivesForm, RegionForm, ScenarioForm),
    *KINDS.values(),
)


def fields() -> Iterator[tuple[type[BaseModel], str]]:
    for form in FORMS:
        for name in form.model_fields:
            yield form, name


@pytest.mark.parametrize("form", FORMS)
def test_every_form_is_strict_and_frozen(form: type[BaseModel]) -> None:
    assert form.model_config["strict"]
    assert form.model_config["frozen"]


@pytest.mark.parametrize("form", [form for form in FORMS if form is not ObjectivesForm])
def test_no_form_but_the_named_limits_takes_a_key_it_does_not_know(form: type[BaseModel]) -> None:
    assert form.model_config["extra"] == "forbid"


@pytest.mark.parametrize(("form", "name"), list(fields()))
def test_every_field_is_described(form: type[BaseModel], name: str) -> None:
    described = form.model_fields[name].description or (form.__doc__ if name == "kind" else None)
    assert described
    assert described.endswith(".")
