"""Reading bodies: strict in what they say, forgiving in how they are written."""

from base64 import b64encode, urlsafe_b64encode
from collections.abc import Callable

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chaos.service import bodies
from chaos.service.refusal import Refusal
from tests.service.caller import refusal_of

FIELDS = frozenset({"plaintext", "aad"})


def code(body: bytes) -> str:
    with pytest.raises(Refusal) as caught:
        bodies.read_object(body, FIELDS)
    return caught.value.code


@pytest.mark.parametrize("body", [b"", b"null", b" \n", b"{}"])
def test_nothing_is_written_in_many_ways(body: bytes) -> None:
    assert bodies.read_object(body, FIELDS) == {}


def test_names_are_known_in_any_case_and_unknown_ones_refused() -> None:
    assert bodies.read_object(b'{"PlainText": 1, "AAD": 2}', FIELDS) == {"plaintext": 1, "aad": 2}
    assert code(b'{"plain": 1}') == "BAD_BODY_ERR"


@given(st.binary(max_size=80))
def test_no_bytes_at_all_are_an_error_of_ours(body: bytes) -> None:
    refused = refusal_of(lambda: bodies.read_object(body, FIELDS))
    assert refused is None or refused.code == "BAD_BODY_ERR"


def test_a_deeply_nested_body_is_refused() -> None:
    assert code(b"[" * 100_000) == "BAD_BODY_ERR"


@pytest.mark.parametrize("value", [float("inf"), float("nan"), 1.5, "1", True, [1]])
def test_what_is_no_whole_number_is_refused(value: object) -> None:
    with pytest.raises(Refusal):
        bodies.whole({"n": value}, "n", 0, 10, 0)


def test_a_whole_number_may_be_written_as_a_float() -> None:
    assert bodies.whole({"n": 7.0}, "n", 0, 10, 0) == 7
    assert bodies.whole({}, "n", 0, 10, 3) == 3


@given(st.text(max_size=40))
def test_what_is_not_base64_is_refused_without_being_repeated(value: str) -> None:
    refused = refusal_of(lambda: bodies.decoded(value, "plaintext"))
    if refused is not None:
        assert refused.code == "INVALID_FIELD_ERR"
        assert len(value) < 12 or value not in refused.body("It failed").decode()


@given(st.datetimes(timezones=st.timezones()))
def test_an_instant_is_read_and_written_back_or_refused(when: object) -> None:
    text = when.isoformat()  # type: ignore[attr-defined] # hypothesis gives datetimes
    try:
        read = bodies.moment({"expirationDate": text}, "expirationDate")
    except Refusal:
        return
    assert read is not None
    assert bodies.moment({"d": bodies.written(read)}, "d") == int(read)


@pytest.mark.parametrize("text", ["1970-01-01T00:00:00Z", "9999-12-31T23:59:59Z"])
def test_the_first_and_the_last_instant_are_written_back(text: str) -> None:
    read = bodies.moment({"d": text}, "d")
    assert read is not None
    assert bodies.written(read) == text


@pytest.mark.parametrize("text", ["1969-12-31T23:59:59Z", "9999-12-31T23:59:59-01:00"])
def test_what_could_not_be_written_back_is_refused(text: str) -> None:
    assert refusal_of(lambda: bodies.moment({"d": text}, "d")) is not None


@given(st.binary(min_size=16, max_size=64), st.sampled_from([b64encode, urlsafe_b64encode]))
def test_material_in_the_place_of_a_name_is_not_repeated(
    material: bytes, encode: Callable[[bytes], bytes]
) -> None:
    name = encode(material).decode()
    for written in (name, name.rstrip("="), material.hex()):
        body = orjson.dumps({written: 1})
        refused = refusal_of(lambda body=body: bodies.read_object(body, FIELDS))  # type: ignore[misc] # bound now
        assert refused is not None
        assert refused.field == ""
        assert written not in refused.body("It failed").decode()


def test_a_name_that_somebody_misspelt_is_told_back() -> None:
    for name, told in (("plain_text", "plain_text"), ("plain-text", ""), ("p" * 21, "")):
        body = orjson.dumps({name: 1})
        refused = refusal_of(lambda body=body: bodies.read_object(body, FIELDS))  # type: ignore[misc] # bound now
        assert refused is not None
        assert refused.field == told
