from itertools import combinations, pairwise

from hypothesis import given
from hypothesis import strategies as st

from chaos.report.flags import Flag, Spot, fly, spread, stack

WIDTHS = st.floats(5.0, 250.0)
FLAGS = st.lists(
    st.builds(lambda x, full, part: Flag(x, (full, full * part)),
              st.floats(0.0, 800.0), WIDTHS, st.floats(0.2, 1.0)),
    max_size=14,
)  # fmt: skip
SPANS = st.lists(
    st.tuples(st.floats(0, 100), st.floats(0.1, 50)).map(lambda s: (s[0], s[0] + s[1]))
)


def overlap(one: Spot, other: Spot) -> bool:
    return one.left < other.left + other.width and other.left < one.left + one.width


@given(FLAGS, st.integers(1, 5))
def test_no_label_lies_over_another_nor_over_the_line_of_another(
    flags: list[Flag], rows: int
) -> None:
    spots = fly(flags, 0.0, 800.0, rows)
    flown = [(flag, spot) for flag, spot in zip(flags, spots, strict=True) if spot]
    for (one, spot), (other, taken) in combinations(flown, 2):
        assert spot.row != taken.row or not overlap(spot, taken)
        for line, row, label in ((one, spot.row, taken), (other, taken.row, spot)):
            crosses = label.left < line.x < label.left + label.width
            assert not (crosses and row <= label.row)


@given(FLAGS, st.integers(1, 5))
def test_every_label_touches_its_own_line_and_stays_inside(flags: list[Flag], rows: int) -> None:
    for flag, spot in zip(flags, fly(flags, 0.0, 800.0, rows), strict=True):
        if spot is not None:
            assert 0 <= spot.row < rows
            assert 0.0 <= spot.left <= spot.left + spot.width <= 800.0
            assert spot.width == flag.widths[spot.form]
            ends = (spot.left, spot.left + spot.width)
            assert min(abs(flag.x - end) for end in ends) < 1e-9


@given(st.floats(0.0, 800.0), WIDTHS)
def test_a_flag_alone_always_flies(x: float, width: float) -> None:
    (spot,) = fly([Flag(x, (width,))], 0.0, 800.0, 1)
    assert spot is not None


def test_a_label_that_has_no_room_is_shortened_before_it_is_left_out() -> None:
    (spot,) = fly([Flag(50.0, (90.0, 40.0))], 0.0, 100.0, 1)
    assert spot == Spot(0, 50.0, 40.0, form=1)
    assert fly([Flag(50.0, (90.0, 80.0))], 0.0, 100.0, 1) == [None]


@given(SPANS)
def test_spans_of_one_row_never_overlap(spans: list[tuple[float, float]]) -> None:
    rows = stack(spans)
    for (one, row), (other, taken) in combinations(zip(spans, rows, strict=True), 2):
        assert row != taken or one[1] <= other[0] or other[1] <= one[0]


@given(SPANS)
def test_as_few_rows_are_used_as_spans_overlap_at_once(spans: list[tuple[float, float]]) -> None:
    deepest = max((sum(a <= start < b for a, b in spans) for start, _ in spans), default=0)
    assert max(stack(spans), default=-1) + 1 == deepest


@given(st.lists(st.floats(-50, 350), max_size=12), st.floats(1, 40))
def test_spread_keeps_order_gap_and_bounds(wanted: list[float], gap: float) -> None:
    placed = spread(wanted, gap, 0.0, 300.0)
    room = min(gap, 300.0 / max(1, len(wanted) - 1))
    order = sorted(range(len(wanted)), key=lambda i: wanted[i])
    in_order = [placed[i] for i in order]
    assert all(-1e-6 <= place <= 300.0 + 1e-6 for place in placed)
    assert all(b - a >= room - 1e-6 for a, b in pairwise(in_order))
