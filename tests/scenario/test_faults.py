"""The table of fault kinds."""

from typing import get_args

from chaos.scenario.fault_form import attributes
from chaos.scenario.faults import KINDS, AnyFault, Down, Latency
from chaos.scenario.words import Known

KNOWN = Known(("us-south",), {})
TIMES = {"name": "a", "target": "us-south", "at": "1s", "lasts": "2s"}


def test_the_table_has_every_kind_of_the_union_by_its_word() -> None:
    assert list(KINDS)[:4] == ["down", "latency", "timeout", "reset_peer"]
    assert set(KINDS.values()) == set(get_args(get_args(AnyFault)[0]))
    assert {form.site for form in KINDS.values()} == {"wire", "service"}


def test_a_faults_own_attributes_are_sorted_and_in_seconds() -> None:
    slow = {"kind": "latency", "latency": "200ms", **TIMES}
    form = Latency.model_validate(slow, context=KNOWN)
    assert attributes(form) == (("jitter", 0.0), ("latency", 0.2))
    down = Down.model_validate({"kind": "down", **TIMES}, context=KNOWN)
    assert attributes(down) == ()
