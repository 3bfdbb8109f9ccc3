import base64
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chaos.client.call import Decision
from chaos.run.encoding import Memory
from chaos.run.redaction import MARK, redacted
from chaos.run.world import Audited, Decided, Operated

KEY = base64.b64encode(bytes(range(7, 39))).decode()


@pytest.mark.parametrize(
    "text",
    [
        "ValueError: bad key {secret}",
        "POST failed: {{'payload': '{secret}'}}",
        "apikey={secret}&grant_type=x",
        "Authorization: Bearer {secret}",
        "-----BEGIN PRIVATE KEY-----\n{secret}\n-----END PRIVATE KEY-----",
    ],
)
def test_key_material_does_not_survive_whatever_stands_around_it(text: str) -> None:
    said = redacted(text.format(secret=KEY))
    assert KEY not in said
    assert MARK in said


@given(st.binary(min_size=32, max_size=64))
def test_hex_of_a_key_is_taken_out(key: bytes) -> None:
    assert key.hex() not in redacted(f"unwrap gave {key.hex()} back")


def test_a_short_named_password_is_taken_out() -> None:
    assert redacted("login with password=hunter22 failed") == f"login with password={MARK} failed"


@pytest.mark.parametrize(
    "text",
    [
        "budget exhausted; the last attempt: 503 from us-south",
        "KEY_ROTATION_NOT_PERMITTED: rotated within the hour",
        "correlation 6ba7b810-9dad-11d1-80b4-00c04fd430c8 was answered 429",
        "owed since 12.500 s",
        "the token is asked for again",
    ],
)
def test_innocent_words_stay(text: str) -> None:
    assert redacted(text) == text


def test_no_secret_of_a_client_of_ones_own_reaches_the_journal() -> None:
    memory, why = Memory(("us-south",)), f"KeyError: {KEY}"
    memory.note(Operated(1, 0, "wrap", 0.0, 0.0, 1.0, "failed", "us-south", 1, why))
    memory.note(Decided(0, Decision("gave_up", 1.0, 1, "us-south", "", why)))
    memory.note(Audited(1, "us-south", "lost", why))

    lines = memory.events.decode().splitlines()
    assert len(lines) == 3
    assert all(KEY not in line and MARK in line for line in lines)
    assert all(json.loads(line) for line in lines)
