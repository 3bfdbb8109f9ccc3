"""Which faults there are, and how they are asked for."""

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chaos.errors import ScenarioError
from chaos.service.aim import OPERATIONS, Aim, Operation
from chaos.service.faults import KINDS, Fault, RequestFault, read_fault

LEAST: dict[str, dict[str, object]] = {
    "slow": {"latency": 1.0},
    "iam_slow": {"latency": 1.0},
    "capacity": {"workers": 1, "service": 0.1},
    "quota": {"rate": 10},
}


def wish(kind: str, **fields: object) -> dict[str, object]:
    return {"kind": kind, **LEAST.get(kind, {}), **fields}


def complaint(document: object) -> str:
    with pytest.raises(ScenarioError) as complained:
        read_fault(orjson.dumps(document))
    return str(complained.value)


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_every_kind_is_read_back_as_it_is_shown(kind: str) -> None:
    fault = read_fault(wish(kind, lease=5.0, seed=7))
    assert type(fault) is KINDS[kind]
    assert read_fault(fault.model_dump()) == fault


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_every_kind_and_every_field_of_it_is_described(kind: str) -> None:
    form = KINDS[kind]
    assert form.__doc__
    for name, field in form.model_fields.items():
        described_elsewhere = kind in ("capacity", "quota") or name == "kind"
        assert field.description or described_elsewhere or name == "seed", name


@pytest.mark.parametrize(
    ("document", "told"),
    [
        ({}, "kind: must be one of error, throttle"),
        ({"kind": "thottle"}, "kind: must be one of error, throttle"),
        (wish("throttle", sahre=0.1), "sahre"),
        (wish("throttle", share=0), "share"),
        (wish("throttle", share=1.5), "share"),
        (wish("throttle", lease=0), "lease"),
        (wish("throttle", operations=["warp"]), "operations"),
        (wish("error", status=418.5), "status"),
        (wish("error", status=499), "registered"),
        (wish("error", status=200), "status"),
        (wish("slow", latency="1s"), "latency"),
        (wish("capacity", workers=-1), "workers"),
        (wish("quota", rate=0), "rate"),
        (wish("zone_loss", zone=4), "zone"),
        ([], "dictionary"),
        (None, "dictionary"),
    ],
)
def test_a_mistake_is_one_sentence_that_names_it(document: object, told: str) -> None:
    sentence = complaint(document)
    assert told in sentence or "object" in sentence
    assert "\n" not in sentence


@given(st.binary(max_size=60))
def test_any_other_bytes_are_a_mistake(text: bytes) -> None:
    with pytest.raises(ScenarioError):
        read_fault(text)


Names = st.sampled_from(["", "a", "b"])
Words = st.sampled_from(OPERATIONS)


@given(Names, Names, st.sets(Words, max_size=3), Words, Names, Names)
def test_a_fault_meets_what_it_names_and_tokens_only_by_name(
    instance: str,
    key: str,
    operations: set[Operation],
    operation: Operation,
    tenant: str,
    asked: str,
) -> None:
    fault = read_fault(wish("hang", instance=instance, key=key, operations=sorted(operations)))
    assert isinstance(fault, RequestFault)
    met = fault.meets(Aim(operation, tenant, asked))
    named = operation in operations if operations else operation != "token"
    assert met == (named and instance in ("", tenant) and key in ("", asked))


@pytest.mark.parametrize("kind", ["iam_outage", "iam_slow"])
def test_faults_of_iam_meet_tokens_alone(kind: str) -> None:
    fault = read_fault(wish(kind))
    met = [name for name in OPERATIONS if fault.meets(Aim(name))]  # type: ignore[union-attr]  # of IAM
    assert met == ["token"]


def test_no_kind_is_called_like_another() -> None:
    assert len(KINDS) == len(set(KINDS.values()))
    assert all(issubclass(form, Fault) for form in KINDS.values())
