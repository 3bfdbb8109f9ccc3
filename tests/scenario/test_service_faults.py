"""Faults inside the service: the words of a file are those that the twin itself takes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chaos.errors import ScenarioError
from chaos.scenario import Scenario, read
from chaos.scenario.faults import KINDS
from chaos.service.faults import read_fault
from tests.run.made import SMALL
from tests.scenario.strategies import own_fields

SERVICE = sorted(kind for kind, form in KINDS.items() if form.site == "service")


def with_fault(fields: str) -> Scenario:
    return read(SMALL.replace("FAULTS", f"[{{name: it, at: 3s, lasts: 3s, {fields}}}]"), "f.yaml")


@pytest.mark.parametrize("kind", SERVICE)
@given(st.data())
def test_whatever_a_file_may_say_the_twin_understands(kind: str, data: st.DataObject) -> None:
    attributes = data.draw(own_fields(KINDS[kind]))

    assert read_fault({"kind": kind, **dict(attributes)}).model_dump()["kind"] == kind


def test_durations_shares_and_words_become_what_the_twin_takes() -> None:
    (fault,) = with_fault(
        "kind: throttle, target: us-south, share: 25%, retry_after: 2s, operations: [unwrap]"
    ).faults

    assert dict(fault.attributes) == {
        "share": 0.25,
        "retry_after": 2.0,
        "retry_after_form": "seconds",
        "operations": ("unwrap",),
    }


def test_the_token_service_belongs_to_no_region() -> None:
    (fault,) = with_fault("kind: iam_outage").faults

    assert (fault.target, fault.site) == ("iam", "service")
    with pytest.raises(ScenarioError, match="us-south"):
        with_fault("kind: iam_outage, target: us-south")


def test_a_status_that_http_does_not_know_is_refused_before_the_run() -> None:
    with pytest.raises(ScenarioError, match="499 is no HTTP status of an error"):
        with_fault("kind: error, target: us-south, status: 499")


def test_a_word_of_no_operation_is_refused_with_the_nearest() -> None:
    with pytest.raises(ScenarioError, match=r"f.yaml:\d+"):
        with_fault("kind: throttle, target: us-south, operations: [unwarp]")
