"""Requests as Key Protect understands them, replies as a caller must; held against the twin."""

import hashlib
import uuid
from binascii import a2b_base64
from dataclasses import replace
from typing import get_args

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chaos.client import wire
from chaos.client.call import Target, Work, WorkKind
from chaos.client.reading import Meaning, Reading, checked, complaint, meaning_of_status, read
from chaos.exchange import FAILURE_KINDS, Answer, Failure, FailureKind
from tests.client.twin import EPOCH, NEWER, Twin

TARGET = Target("us-south", "http://127.0.0.1:1", "instance", "key-id")
WRAP = Work(1, "wrap")
NAMES = ("", "client-000", "client-001", "é")


def ask(twin: Twin, work: Work, region: int = 0) -> Reading:
    """What the twin makes of an operation."""
    target = twin.targets[region]
    request = wire.request(target, work, twin.token, wire.correlation_id("00000000", 1, 1))
    return read(work, twin.services[target.region].answer(request, EPOCH))


def test_a_data_key_wrapped_in_one_region_opens_in_the_other() -> None:
    twin = Twin()
    wrapped = ask(twin, WRAP).result
    assert wrapped is not None
    opened = ask(twin, Work(2, "unwrap", ciphertext=wrapped.ciphertext), region=1).result
    assert opened is not None
    assert opened.plaintext == wrapped.plaintext
    assert opened.ciphertext == ""


def test_what_is_wrapped_under_additional_data_opens_under_the_same_only() -> None:
    twin = Twin()
    wrapped = ask(twin, replace(WRAP, aad=("tenant-1",))).result
    assert wrapped is not None
    unwrap = Work(2, "unwrap", ciphertext=wrapped.ciphertext, aad=("tenant-1",))
    assert ask(twin, unwrap).meaning == "ok"
    assert ask(twin, replace(unwrap, aad=())).meaning == "stale"


def test_a_given_plaintext_comes_back_as_the_result_of_its_wrap() -> None:
    twin = Twin()
    wrapped = ask(twin, Work(1, "wrap", plaintext="c2VjcmV0")).result
    assert wrapped is not None
    assert wrapped.plaintext == "c2VjcmV0"


def test_after_a_rotation_unwrap_gives_the_rewrapped_form_and_rewrap_the_new_version() -> None:
    twin = Twin()
    wrapped = ask(twin, WRAP).result
    assert wrapped is not None
    assert ask(twin, Work(2, "rotate", payload=NEWER)).meaning == "ok"
    opened = ask(twin, Work(3, "unwrap", ciphertext=wrapped.ciphertext)).result
    assert opened is not None
    assert opened.ciphertext not in ("", wrapped.ciphertext)
    rewrapped = ask(twin, Work(4, "rewrap", ciphertext=wrapped.ciphertext)).result
    described = ask(twin, Work(5, "metadata")).result
    assert rewrapped is not None
    assert described is not None
    assert rewrapped.key_version == described.key_version != wrapped.key_version
    stale = ask(twin, Work(6, "unwrap", ciphertext=opened.ciphertext), region=1)
    assert stale == Reading("stale", why="422 UNPROCESSABLE_CIPHERTEXT_ERR")


def test_a_key_is_created_found_by_its_name_and_destroyed() -> None:
    twin = Twin()
    assert (
        ask(twin, Work(1, "find", name="second")).result
        == wire.read(Work(1, "find", name="second"), Answer(200, body=b'{"resources":[]}')).result
    )
    ask(twin, Work(2, "create", name="a second one", payload=NEWER))
    made = ask(twin, Work(2, "create", name="second", payload=NEWER)).result
    found = ask(twin, Work(3, "find", name="second")).result
    assert made is not None
    assert found is not None
    assert (found.key_id, found.state) == (made.key_id, 1)
    second = replace(twin.targets[0], key_id=made.key_id)
    request = wire.request(second, Work(4, "disable"), twin.token, "x")
    assert twin.services["us-south"].answer(request, EPOCH).status == 204
    described = wire.request(second, Work(5, "metadata"), twin.token, "x")
    reading = read(Work(5, "metadata"), twin.services["us-south"].answer(described, EPOCH))
    assert reading.result is not None
    assert reading.result.state == 2


def test_a_destroyed_key_is_gone_until_it_is_restored() -> None:
    twin = Twin()
    assert ask(twin, Work(1, "delete")).meaning == "ok"
    gone = ask(twin, WRAP)
    assert (gone.meaning, gone.why) == ("gone", "410 KEY_DELETED_ERR")
    described = ask(twin, Work(2, "metadata")).result
    assert described is not None
    assert described.state == 5
    request = wire.request(twin.targets[0], Work(3, "restore"), twin.token, "x")
    assert twin.services["us-south"].answer(request, EPOCH + 60).status == 201
    assert ask(twin, WRAP).meaning == "ok"


def test_a_token_is_asked_for_as_iam_expects_it() -> None:
    twin = Twin()
    answer = twin.iam.answer(wire.token_request(twin.wiring().credential), EPOCH)
    assert orjson.loads(answer.body)["expires_in"] == 3600


@pytest.mark.parametrize("kind", get_args(WorkKind))
def test_every_operation_names_its_tenant_and_its_caller(kind: WorkKind) -> None:
    request = wire.request(TARGET, Work(1, kind, name="n"), "secret", "correlation")
    headers = dict(request.headers)
    assert headers["Authorization"] == "Bearer secret"
    assert headers["Bluemix-Instance"] == "instance"
    assert headers["Correlation-Id"] == "correlation"
    assert request.path.startswith("/api/v2/keys")


def test_a_search_finds_names_with_odd_characters() -> None:
    _, path = wire.method_and_path(TARGET, Work(1, "find", name="a&b=c d/é"))
    assert path == "/api/v2/keys?search=exact%3Aa%26b%3Dc%20d%2F%C3%A9"


@given(name=st.sampled_from(NAMES), operation=st.integers(0, 2**47), attempt=st.integers(1, 4095))
def test_correlation_ids_are_uuids_and_a_function_of_who_and_what(
    name: str, operation: int, attempt: int
) -> None:
    text = wire.correlation_id(wire.client_mark(name), operation, attempt)
    assert str(uuid.UUID(text)) == text
    assert text == wire.correlation_id(wire.client_mark(name), operation, attempt)
    assert text != wire.correlation_id(wire.client_mark(name), operation + 1, attempt)


@pytest.mark.parametrize(
    ("status", "meaning"),
    [
        (400, "no"),
        (401, "denied"),
        (403, "denied"),
        (404, "gone"),
        (408, "down"),
        (409, "no"),
        (410, "gone"),
        (422, "stale"),
        (429, "throttled"),
        (500, "down"),
        (501, "no"),
        (502, "down"),
        (503, "down"),
        (504, "down"),
        (302, "no"),
    ],
)
def test_statuses_mean_what_they_mean(status: int, meaning: Meaning) -> None:
    assert meaning_of_status(status) == meaning
    assert read(WRAP, Answer(status)).meaning == meaning


@pytest.mark.parametrize(
    ("status", "written"), [(500, True), (502, True), (503, False), (429, False)]
)
def test_a_gateways_answer_does_not_say_whether_it_happened(
    status: int,
    written: bool,  # noqa: FBT001 - a table's column
) -> None:
    assert read(WRAP, Answer(status)).written is written


@pytest.mark.parametrize("kind", FAILURE_KINDS)
def test_no_answer_is_down_unless_it_was_we_who_gave_up(kind: FailureKind) -> None:
    reading = read(WRAP, Failure(kind, written=True))
    assert reading.meaning == ("cancelled" if kind == "cancelled" else "down")
    assert reading.written


WHOLE = orjson.dumps(
    {"plaintext": "cGxhaW4=", "ciphertext": "Y2lwaGVy", "keyVersion": {"id": "v1"}}
)


@given(cut=st.integers(0, len(WHOLE) - 1))
def test_a_cut_answer_is_a_failure_whatever_its_status_says(cut: int) -> None:
    for kind in ("wrap", "unwrap"):
        reading = read(Work(1, kind), Answer(200, body=WHOLE[:cut]))
        assert (reading.meaning, reading.why, reading.result) == ("down", "truncated", None)


@pytest.mark.parametrize(
    "body",
    [
        b"[]",
        b"null",
        b'"text"',
        b"<html>",
        b'{"plaintext":"cGxhaW4=","ciphertext":"Y2lwaGVy"}',
        b'{"plaintext":"cGxhaW4","ciphertext":"Y2lwaGVy","keyVersion":{"id":"v1"}}',
        b'{"plaintext":"cGxh\\naW4=","ciphertext":"Y2lwaGVy","keyVersion":{"id":"v1"}}',
        b'{"plaintext":7,"ciphertext":"Y2lwaGVy","keyVersion":{"id":"v1"}}',
        b'{"plaintext":"","ciphertext":"","keyVersion":{"id":"v1"}}',
        b'{"plaintext":"cGxhaW4=","ciphertext":"Y2lwaGVy","keyVersion":{"id":7}}',
        b'{"plaintext":"cGxhaW4=","ciphertext":"Y2lwaGVy","keyVersion":null}',
    ],
)
def test_an_answer_that_lacks_what_it_promises_is_a_failure(body: bytes) -> None:
    for kind in ("wrap", "unwrap"):
        assert read(Work(1, kind), Answer(200, body=body)).why == "truncated"


@given(
    body=st.binary(max_size=80),
    status=st.integers(100, 599),
    kind=st.sampled_from(get_args(WorkKind)),
)
def test_nothing_that_is_read_raises(body: bytes, status: int, kind: WorkKind) -> None:
    reading = read(Work(1, kind), Answer(status, body=body))
    assert reading.meaning == "ok" or reading.result is None


def test_a_plaintext_is_held_against_the_digest_of_what_was_wrapped() -> None:
    reading = read(Work(1, "unwrap"), Answer(200, body=WHOLE))
    digest = hashlib.sha256(a2b_base64("cGxhaW4=")).hexdigest()
    assert checked(Work(1, "unwrap", digest=digest), reading) is reading
    assert checked(Work(1, "unwrap"), reading) is reading
    wrong = checked(Work(1, "unwrap", digest="0" * 64), reading)
    assert (wrong.meaning, wrong.result) == ("down", None)
    refused = read(WRAP, Answer(403))
    assert checked(Work(1, "unwrap", digest=digest), refused) is refused


def test_a_complaint_names_the_status_and_the_reason() -> None:
    body = orjson.dumps({"resources": [{"reasons": [{"code": "KEY_DELETED_ERR"}]}]})
    assert complaint(Answer(410, body=body)) == "410 KEY_DELETED_ERR"
    assert complaint(Answer(502, body=b"<html>")) == "502"
    assert complaint(Answer(401, body=b'{"resources":[{}]}')) == "401"


def test_a_key_is_found_by_its_whole_name_only() -> None:
    keys = [{"name": "second-2", "id": "x", "state": 1}, {"name": "second", "id": "y", "state": 5}]
    body = orjson.dumps({"resources": keys})
    result = read(Work(1, "find", name="second"), Answer(200, body=body)).result
    assert result is not None
    assert (result.key_id, result.state, result.key_version) == ("y", 5, "")
