"""Bytes of a connection, read as attempts."""

from itertools import pairwise
from math import isnan

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chaos.testing.attempt import Attempt, Conversation

ASKED = b"POST /api/v2/keys/0b/actions/unwrap HTTP/1.1\r\nhost: a\r\ncontent-length: 2\r\n\r\n{}"
THROTTLED = b"HTTP/1.1 429 Too Many Requests\r\nRetry-After: 3\r\ncontent-length: 0\r\n\r\n"
FINE = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}"


def conversation() -> tuple[Conversation, list[Attempt]]:
    attempts: list[Attempt] = []
    return Conversation("us-south", 1, attempts), attempts


def test_a_request_and_its_answer_are_one_attempt() -> None:
    spoken, attempts = conversation()

    spoken.asked(ASKED, 1.0)
    spoken.answered(THROTTLED, 1.5)

    (attempt,) = attempts
    assert (attempt.sent, attempt.ended) == (1.0, 1.5)
    assert (attempt.action, attempt.method, attempt.status) == ("unwrap", "POST", 429)
    assert attempt.retry_after == 3.0
    assert attempt.failed


def test_two_exchanges_on_one_connection_are_two_attempts_at_the_same_work() -> None:
    spoken, attempts = conversation()

    for at in (1.0, 2.0):
        spoken.asked(ASKED, at)
        spoken.answered(FINE, at + 0.1)

    assert [attempt.sent for attempt in attempts] == [1.0, 2.0]
    assert attempts[0].work == attempts[1].work
    assert isnan(attempts[0].retry_after)


@pytest.mark.parametrize(("abandoned", "word"), [(True, "abandoned"), (False, "cut")])
def test_an_end_before_the_answer_says_whose_doing_it_was(abandoned: bool, word: str) -> None:  # noqa: FBT001 - a case
    spoken, attempts = conversation()
    spoken.asked(ASKED, 1.0)

    spoken.over(4.0, abandoned=abandoned)

    assert (attempts[0].result, attempts[0].ended) == (word, 4.0)
    assert attempts[0].failed


def test_an_end_after_the_answer_changes_nothing() -> None:
    spoken, attempts = conversation()
    spoken.asked(ASKED, 1.0)
    spoken.answered(FINE, 2.0)

    spoken.over(3.0, abandoned=True)

    assert attempts[0].result == "200"


def test_an_interim_answer_is_not_the_answer() -> None:
    spoken, attempts = conversation()
    spoken.asked(ASKED, 1.0)

    spoken.answered(b"HTTP/1.1 100 Continue\r\n\r\n", 1.1)
    spoken.answered(FINE, 1.2)

    assert (attempts[0].status, attempts[0].ended) == (200, 1.2)


def test_a_token_is_asked_for_by_its_name_and_its_body_is_not_kept() -> None:
    spoken, attempts = conversation()

    body = b"grant_type=x&apikey=very-secret"
    head = b"POST /identity/token HTTP/1.1\r\nhost: a\r\ncontent-length: %d\r\n\r\n" % len(body)
    spoken.asked(head + body, 1.0)

    assert attempts[0].action == "token"
    assert "very-secret" not in repr(attempts)


def test_what_is_not_http_is_no_attempt_and_no_error() -> None:
    spoken, attempts = conversation()

    spoken.asked(b"\x16\x03\x01 a TLS hello", 1.0)
    spoken.over(2.0, abandoned=True)

    assert all(attempt.lost for attempt in attempts)


@given(st.lists(st.integers(1, len(ASKED) - 1), max_size=4), st.sampled_from([FINE, THROTTLED]))
def test_however_the_bytes_are_cut_the_attempt_is_the_same(cuts: list[int], answer: bytes) -> None:
    whole, expected = conversation()
    whole.asked(ASKED, 1.0)
    whole.answered(answer, 2.0)
    spoken, attempts = conversation()

    edges = [0, *sorted(cuts), len(ASKED)]
    for begin, end in pairwise(edges):
        spoken.asked(ASKED[begin:end], 1.0)
    for byte in range(len(answer)):
        spoken.answered(answer[byte : byte + 1], 2.0)

    assert [repr(one) for one in attempts] == [repr(one) for one in expected]
