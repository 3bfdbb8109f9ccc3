import pytest
from hypothesis import given
from hypothesis import strategies as st

from chaos.analysis.wording import kind, listed, many, reply, seconds, share
from chaos.exchange import FAILURE_KINDS
from chaos.run.record import FAILURE_CODES


@pytest.mark.parametrize(
    ("length", "text"),
    [(0.0, "0 s"), (0.0042, "4.2 ms"), (0.077, "77 ms"), (0.9996, "1 s"), (7.0, "7 s"),
     (61.13, "61.1 s"), (3600.0, "3600 s")],
)  # fmt: skip
def test_lengths_of_time_have_the_digits_that_a_sentence_needs(length: float, text: str) -> None:
    assert seconds(length) == text


@given(st.floats(0, 1))
def test_a_share_is_never_rounded_to_all_or_nothing(part: float) -> None:
    text = share(part)

    assert (text == "100 %") == (part == 1 or part * 100 + 1e-9 >= 100)
    assert (text == "0 %") == (part == 0)


def test_lists_and_counts_read_as_in_a_sentence() -> None:
    assert listed(["a", "b"]) == "a and b"
    assert listed([]) == ""
    assert (many(1, "key"), many(0, "key"), many(2000, "key")) == ("1 key", "0 keys", "2,000 keys")


def test_every_kind_of_failure_has_words() -> None:
    for name in FAILURE_KINDS:
        code = FAILURE_CODES[name]
        assert reply(code)
        assert kind(code) == name.replace("_", " ")
    assert (reply(503), kind(503)) == ("was answered 503", "503")
