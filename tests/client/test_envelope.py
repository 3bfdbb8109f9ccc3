"""Envelopes: what went in comes out, and nothing else ever does."""

import hashlib
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chaos.client.envelope import MAGIC, Envelope, EnvelopeError, parse, seal, unseal

KEY = bytes(range(32))
NONCE = bytes(12)
WRAPPED = st.text("abcABC0123+/=", max_size=40)


@given(data=st.binary(max_size=200), wrapped=WRAPPED, context=st.binary(max_size=20))
def test_what_was_sealed_is_opened_under_the_same_context(
    data: bytes, wrapped: str, context: bytes
) -> None:
    envelope = parse(bytes(seal(data, KEY, wrapped, NONCE, context)))
    assert envelope.wrapped == wrapped
    assert envelope.digest == hashlib.sha256(KEY).hexdigest()
    assert unseal(envelope, KEY, context) == data
    with pytest.raises(EnvelopeError, match="context"):
        unseal(envelope, KEY, context + b"x")


@given(data=st.binary(max_size=50), bit=st.integers(0, 10_000))
def test_no_flipped_bit_of_the_sealed_part_goes_unnoticed(data: bytes, bit: int) -> None:
    whole = bytearray(bytes(seal(data, KEY, "wrapped", NONCE)))
    first = len(MAGIC) + 32 + 2 + len("wrapped")
    at = first + bit // 8 % (len(whole) - first)
    whole[at] ^= 1 << bit % 8
    with pytest.raises(EnvelopeError):
        unseal(parse(bytes(whole)), KEY)


@given(garbage=st.binary(max_size=120))
def test_garbage_is_no_envelope(garbage: bytes) -> None:
    for text in (garbage, MAGIC + garbage):
        try:
            envelope = parse(text)
        except EnvelopeError:
            continue
        with pytest.raises(EnvelopeError):
            unseal(envelope, KEY)


def test_every_cut_is_noticed() -> None:
    whole = bytes(seal(b"data", KEY, "wrapped", NONCE))
    for length in range(len(whole)):
        with pytest.raises(EnvelopeError):
            unseal(parse(whole[:length]), KEY)


def test_the_wrapped_form_can_be_replaced_without_touching_the_data() -> None:
    envelope = seal(b"data", KEY, "old", NONCE)
    renewed = parse(bytes(replace(envelope, wrapped="a newer and longer one")))
    assert unseal(renewed, KEY) == b"data"


def test_a_wrapped_form_that_is_too_long_or_no_text_is_refused() -> None:
    with pytest.raises(EnvelopeError, match="longer"):
        seal(b"", KEY, "x" * 70_000, NONCE)
    odd = Envelope("00" * 32, "wrapped", NONCE, bytes(16))
    whole = bytes(odd).replace(b"wrapped", b"wr\xff\xff\xffed")
    with pytest.raises(EnvelopeError, match="no text"):
        parse(whole)
