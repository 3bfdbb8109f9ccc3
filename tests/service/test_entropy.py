"""Entropy in blocks: every byte once, whatever is asked for."""

from random import Random

from hypothesis import given
from hypothesis import strategies as st

from chaos.service.entropy import in_blocks


@given(st.lists(st.integers(0, 40), max_size=30), st.integers(1, 32))
def test_each_draw_is_of_the_size_asked_for_and_no_byte_comes_twice(
    sizes: list[int], block_size: int
) -> None:
    given_out: list[bytes] = []
    counter = iter(range(1 << 30))

    def numbered(size: int) -> bytes:
        """Bytes that tell which they are: four for each, so that a repeat would be seen."""
        return b"".join(next(counter).to_bytes(4, "big") for _ in range(size // 4 + 1))[:size]

    drawn = in_blocks(numbered, 4 * block_size)
    for size in sizes:
        piece = drawn(4 * size)
        assert len(piece) == 4 * size
        given_out += [piece[place : place + 4] for place in range(0, len(piece), 4)]
    assert len(set(given_out)) == len(given_out)


def test_a_block_is_drawn_when_the_last_one_is_used_up() -> None:
    asked: list[int] = []

    def draw(size: int) -> bytes:
        asked.append(size)
        return Random(7).randbytes(size)

    drawn = in_blocks(draw, 24)
    for _ in range(5):
        drawn(12)
    assert asked == [24, 24, 24]
