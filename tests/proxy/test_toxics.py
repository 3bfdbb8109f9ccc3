import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chaos.proxy.link import Link, Toxic
from chaos.proxy.toxics import (
    Chunk,
    End,
    Event,
    Latency,
    LimitData,
    PacketLoss,
    Slicer,
    Suffered,
)
from tests.proxy.vectors import Vector, play, table


@pytest.mark.parametrize("vector", table(), ids=lambda vector: vector.name)
def test_a_toxic_does_what_its_vector_says(vector: Vector) -> None:
    left = play(vector)

    assert [(step.data, step.word) for step in left] == [
        (step.data, step.word) for step in vector.outputs
    ]
    assert [step.at for step in left] == pytest.approx([step.at for step in vector.outputs])


def test_jitter_is_uniform_around_the_latency() -> None:
    rng = random.Random(7)
    delays = sorted(
        _only(Latency(0.05, 0.04).feed(Chunk(0.0, b"x"), Suffered(), rng)).at for _ in range(4000)
    )

    assert 0.01 <= delays[0] < 0.0101
    assert 0.0899 < delays[-1] < 0.09
    assert delays[2000] == pytest.approx(0.05, abs=0.002)


def test_a_late_chunk_holds_up_the_next() -> None:
    link = Link([Toxic("j", Latency(0.05, 0.04))], random.Random(3))
    for number in range(50):
        link.feed(Chunk(number * 0.001, bytes([number])))

    left = link.drain(10.0)

    assert [event.data for event in left if isinstance(event, Chunk)] == [
        bytes([number]) for number in range(50)
    ]
    assert [event.at for event in left] == sorted(event.at for event in left)


@given(st.integers(0, 5000), st.integers(-5, 700), st.integers(-5, 900), st.integers(0, 99))
def test_the_slicer_cuts_anything_into_pieces_that_fit(
    size: int, average: int, variation: int, seed: int
) -> None:
    slicer = Slicer(average, variation, 0.001)
    chunk = Chunk(0.0, random.Random(1).randbytes(size))

    pieces = slicer.feed(chunk, Suffered(), random.Random(seed))

    data = [piece.data for piece in pieces if isinstance(piece, Chunk)]
    assert b"".join(data) == chunk.data
    if average > 0:
        assert all(len(piece) <= average + max(0, variation) for piece in data)
    if size:
        assert all(data)


def test_slices_of_500_plus_or_minus_100_are_what_toxiproxy_makes() -> None:
    pieces = Slicer(500, 100).feed(Chunk(0.0, bytes(100_000)), Suffered(), random.Random(5))

    sizes = [len(piece.data) for piece in pieces if isinstance(piece, Chunk)]
    assert 200 <= min(sizes) <= 300
    assert 500 <= max(sizes) <= 600


def test_losses_come_in_bursts_when_they_are_correlated() -> None:
    def losses(effect: PacketLoss) -> list[bool]:
        so_far, rng = Suffered(), random.Random(11)
        return [not effect.feed(Chunk(0.0, b"x"), so_far, rng) for _ in range(20_000)]

    alone, bursts = losses(PacketLoss(0.1)), losses(PacketLoss(0.1, 0.6))

    assert sum(alone) / len(alone) == pytest.approx(0.1, abs=0.01)
    # The two-state chain's stationary loss is p / (1 - correlation).
    assert sum(bursts) / len(bursts) == pytest.approx(0.25, abs=0.02)


@given(st.lists(st.binary(max_size=40), max_size=12), st.integers(0, 200))
def test_limit_data_passes_a_prefix_of_exactly_its_size(data: list[bytes], limit: int) -> None:
    link = Link([Toxic("limit", LimitData(limit))], random.Random(0))
    for chunk in data:
        if chunk:
            link.feed(Chunk(0.0, chunk))

    left = link.drain(0.0)

    whole = b"".join(data)
    passed = b"".join(event.data for event in left if isinstance(event, Chunk))
    assert passed == whole[:limit]
    assert (End(0.0, whole=True) in left) == (len(whole) >= limit and len(whole) > 0)


def _only(events: list[Event]) -> Event:
    (event,) = events
    return event
