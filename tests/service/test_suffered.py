"""What a fault makes of one request."""

from base64 import b64decode
from random import Random

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chaos.exchange import Answer
from chaos.service.aim import Aim
from chaos.service.faults import Meeting, read_fault
from chaos.service.held import RESET, Held
from chaos.service.suffered import instead, refused, spoilt
from tests.service.caller import EPOCH, Caller

WRAP, TOKEN = Aim("wrap"), Aim("token")


def fault(kind: str, **fields: object) -> Meeting:
    made = read_fault({"kind": kind, **fields})
    assert isinstance(made, Meeting)
    return made


def answered(kind: str, aim: Aim = WRAP, **fields: object) -> Answer:
    answer = instead(fault(kind, **fields), aim, "correlation", EPOCH)
    assert isinstance(answer, Answer)
    return answer


@pytest.mark.parametrize("status", [400, 403, 429, 500, 502, 503, 504])
def test_an_error_has_the_shape_of_whom_was_asked(status: int) -> None:
    told = orjson.loads(answered("error", status=status).body)["resources"][0]
    assert told["reasons"][0]["status"] == status
    assert answered("error", status=status).headers["correlation-id"] == "correlation"
    assert "errorCode" in orjson.loads(answered("error", TOKEN, status=status).body)
    assert answered("error", status=status, body="html").headers["content-type"] == "text/html"
    assert answered("error", status=status, body="empty").body == b""


def test_a_throttled_caller_is_told_when_to_come_back() -> None:
    assert answered("throttle", retry_after=3).headers["retry-after"] == "3"
    assert "retry-after" not in answered("throttle", retry_after=None).headers
    dated = answered("throttle", retry_after=3, retry_after_form="date").headers
    assert dated["retry-after"].endswith("GMT")
    assert dated["date"].endswith("GMT")


def test_outages_show_as_they_were_asked_to() -> None:
    assert answered("iam_outage", TOKEN, status=502).status == 502
    assert isinstance(instead(fault("iam_outage", shows="hang"), TOKEN, "", EPOCH), Held)
    assert isinstance(instead(fault("hang"), WRAP, "", EPOCH), Held)
    assert answered("reject_tokens").status == 401
    assert answered("revoke_tokens").status == 401
    assert refused(503, WRAP, "c").status == 503


def wrapped(south: Caller) -> tuple[str, Answer]:
    key = south.create()["id"]
    return key, south.call("POST", f"keys/{key}/actions/wrap", {})


def test_a_flipped_ciphertext_looks_right_and_opens_nothing(south: Caller) -> None:
    key, answer = wrapped(south)
    spoiled = spoilt(fault("corrupt"), answer, Random(1))
    assert isinstance(spoiled, Answer)
    whole, told = orjson.loads(answer.body), orjson.loads(spoiled.body)
    assert {**told, "ciphertext": ""} == {**whole, "ciphertext": ""}
    body = {"ciphertext": told["ciphertext"]}
    refusal = "422 UNPROCESSABLE_CIPHERTEXT_ERR"
    assert south.refused("POST", f"keys/{key}/actions/unwrap", body) == refusal


@given(st.integers(0, 1000))
def test_a_flipped_plaintext_differs_in_one_bit(seed: int) -> None:
    answer = Answer(200, {}, orjson.dumps({"plaintext": "AAAAAAAAAAAAAAAA"}))
    spoiled = spoilt(fault("corrupt", part="plaintext"), answer, Random(seed))
    assert isinstance(spoiled, Answer)
    plain = b64decode(orjson.loads(spoiled.body)["plaintext"])
    assert sum(byte.bit_count() for byte in plain) == 1
    assert len(plain) == 12


@given(st.integers(0, 1000), st.binary(min_size=3, max_size=50))
def test_a_truncated_answer_is_shorter_and_not_empty(seed: int, body: bytes) -> None:
    spoiled = spoilt(fault("truncated"), Answer(200, {}, body), Random(seed))
    assert isinstance(spoiled, Answer)
    assert 0 < len(spoiled.body) < len(body)
    assert body.startswith(spoiled.body)


def test_what_has_nothing_to_spoil_is_left_alone() -> None:
    rng = Random(1)
    for answer in (Answer(204), Answer(200, {}, b"[]"), Answer(200, {}, b"<html>")):
        assert spoilt(fault("corrupt"), answer, rng) is answer
    assert spoilt(fault("truncated"), Answer(204), rng).__class__ is Answer
    assert spoilt(fault("truncated"), RESET, rng) is RESET
    assert spoilt(fault("answers_lost"), Answer(204), rng) is RESET
