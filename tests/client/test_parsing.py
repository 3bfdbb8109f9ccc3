"""The parser of answers: the same answer however the bytes are cut."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chaos.client.parsing import MOST, AnswerParser, MalformedError, Response

WHOLE = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nX-A: b\r\n\r\nhello"
CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhe\r\n3\r\nllo\r\n0\r\n\r\n"
CLOSED = b"HTTP/1.1 200 OK\r\n\r\nhello"


def parsed(
    data: bytes, cuts: list[int], *, ends: bool = False
) -> tuple[AnswerParser, Response | None]:
    """The answer in bytes that come in pieces."""
    parser, response, begins = AnswerParser(), None, 0
    for cut in [*sorted(cut % (len(data) + 1) for cut in cuts), len(data)]:
        if cut > begins:
            response = parser.feed(data[begins:cut])
        begins = max(begins, cut)
    return parser, parser.end() if ends else response


@given(
    data=st.sampled_from([WHOLE, CHUNKED, CLOSED]), cuts=st.lists(st.integers(0, 200), max_size=8)
)
def test_an_answer_is_the_same_however_it_is_cut(data: bytes, cuts: list[int]) -> None:
    _, response = parsed(data, cuts, ends=data is CLOSED)
    assert response is not None
    assert (response.status, response.body) == (200, b"hello")


@given(length=st.integers(0, len(WHOLE) - 1))
def test_what_is_cut_short_is_no_answer(length: int) -> None:
    _, response = parsed(WHOLE[:length], [], ends=True)
    assert response is None


@given(garbage=st.binary(min_size=1, max_size=100))
def test_garbage_is_malformed_or_not_enough(garbage: bytes) -> None:
    parser = AnswerParser()
    try:
        assert parser.feed(garbage) is None
    except MalformedError:
        return
    assert parser.end() is None


def test_what_comes_after_the_answer_ends_the_connection() -> None:
    parser, response = parsed(WHOLE, [])
    assert parser.keep
    assert parser.feed(b"more") is response
    assert not parser.keep


def test_a_connection_that_is_to_be_closed_is_not_kept() -> None:
    parser, _ = parsed(WHOLE.replace(b"X-A: b", b"Connection: close"), [])
    assert not parser.keep


def test_two_answers_in_one_piece_are_one_too_many() -> None:
    parser, response = parsed(WHOLE + WHOLE, [])
    assert response is not None
    assert (response.body, len(response.headers)) == (b"hello", 2)
    assert not parser.keep


def test_header_names_are_lower_case() -> None:
    _, response = parsed(WHOLE, [])
    assert response is not None
    assert response.headers == [(b"content-length", b"5"), (b"x-a", b"b")]


@pytest.mark.parametrize("status", [b"100 Continue", b"103 Early Hints"])
def test_informational_answers_go_before_the_answer(status: bytes) -> None:
    _, response = parsed(b"HTTP/1.1 " + status + b"\r\nLink: x\r\n\r\n" + WHOLE, [])
    assert response is not None
    assert (response.status, len(response.headers)) == (200, 2)


@pytest.mark.parametrize("head", [b"HTTP/1.1 200 OK\r\n\r\n", b"HTTP/1.1 200 OK\r\nX-Long: "])
def test_an_answer_that_never_ends_is_given_up_before_it_fills_the_memory(head: bytes) -> None:
    parser = AnswerParser()
    parser.feed(head)
    parser.feed(b"x" * (MOST // 2))
    with pytest.raises(MalformedError, match="more than"):
        parser.feed(b"x" * MOST)
