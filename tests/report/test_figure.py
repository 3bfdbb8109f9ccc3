from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from itertools import combinations
from typing import Any

import matplotlib as mpl
import pytest
from matplotlib.backends.backend_agg import RendererAgg
from matplotlib.text import Text
from matplotlib.transforms import Bbox

from chaos.analysis.findings import Analysis, Mark, Point, Verdict
from chaos.report import figure, portrait
from chaos.report.columns import Plot
from chaos.report.sheet import STYLE, Sheet
from chaos.run.record import Run
from tests.report import made

VERDICTS: tuple[Verdict, ...] = ("passed", "failed", "inconclusive", "aborted")
FLAPPING = tuple((10.0 + 25 * n, 20.0 + 25 * n) for n in range(6))


def flapping() -> tuple[Run, Analysis]:
    toy = made.Toy(lasts=170.0, outages=FLAPPING, rate=40.0)
    marks = tuple(
        mark
        for starts, ends in FLAPPING
        for mark in (
            Mark("detected", starts + 0.2, "detected: half of 60 clients 200 ms after T0"),
            Mark("failed_over", starts + 0.4, "failed over: half of 60 clients 400 ms after T0"),
            Mark("failed_back", ends + 4.0, "failed back 4 s after the heal"),
        )
    )
    return made.run(toy), made.analysis("passed", toy, marks)


def overlapping() -> tuple[Run, Analysis]:
    toy = made.Toy(outages=((10.0, 30.0), (20.0, 40.0), (25.0, 27.0), (26.0, 60.0)))
    return made.run(toy), made.analysis("passed", toy)


def nothing_failed() -> tuple[Run, Analysis]:
    toy = made.Toy(outages=())
    return made.run(toy), made.analysis("passed", toy)


CASES: dict[str, Callable[[], tuple[Run, Analysis]]] = {
    **{verdict: partial(made.case, verdict) for verdict in VERDICTS},
    "flapping": flapping,
    "overlapping": overlapping,
    "nothing failed": nothing_failed,
    "everything failed": lambda: (made.everything_failed(), made.analysis("failed")),
    "zero operations": lambda: (made.empty(), made.analysis("aborted")),
    "quiet load": lambda: (made.run(made.Toy(rate=0.5)), made.analysis("passed")),
    "one hour": lambda: (made.run(made.Toy(rate=1.0, lasts=3600.0)), made.analysis("passed")),
}


class Reader(RendererAgg):
    """Draws as ever and keeps what was written: ticks beyond an axis exist, but are not drawn."""

    def __init__(self, sheet: Sheet) -> None:
        box = sheet.figure.bbox
        super().__init__(box.width, box.height, sheet.figure.dpi)  # type: ignore[no-untyped-call] # upstream
        self.drawn: list[Text] = []

    def draw_text(self, gc: Any, x: Any, y: Any, s: str, *more: Any, **named: Any) -> None:
        """Keep the text."""
        if s.strip():
            self.drawn.append(named["mtext"])


def words(sheet: Sheet) -> Iterator[tuple[str, Bbox]]:
    """Every text that is drawn, with the box of its ink."""
    reader = Reader(sheet)
    sheet.figure.draw(reader)
    for text in reader.drawn:
        box = text.get_window_extent(reader)
        # The box holds ascenders and descenders that few letters use.
        yield (
            text.get_text(),
            Bbox.from_extents(
                box.x0, box.y0 + 0.15 * box.height, box.x1, box.y1 - 0.15 * box.height
            ),
        )


FORMS: dict[str, Callable[[Run, Analysis], Plot]] = {
    "wide": lambda run, analysis: figure.wide(run, analysis)[0],
    "narrow": figure.narrow,
    "beside another": lambda run, analysis: figure.beside(made.case("failed"), (run, analysis)),
}
OFTEN = {("wide", "passed"), ("narrow", "failed")}


@pytest.mark.parametrize(
    ("form", "name"),
    [
        pytest.param(form, name, marks=[] if (form, name) in OFTEN else pytest.mark.slow)
        for form in FORMS
        for name in CASES
    ],
)
def test_no_two_words_collide_and_none_is_cut_off(form: str, name: str) -> None:
    run, analysis = CASES[name]()
    with mpl.rc_context(STYLE):
        sheet = FORMS[form](run, analysis).sheet
        placed = list(words(sheet))
        whole = sheet.figure.bbox
    assert len(placed) > 12
    for said, box in placed:
        assert whole.x0 <= box.x0, said
        assert box.x1 <= whole.x1, said
        assert whole.y0 <= box.y0, said
        assert box.y1 <= whole.y1, said
    for (said, box), (other, taken) in combinations(placed, 2):
        assert not box.overlaps(taken), f"{said!r} lies over {other!r}"


def test_the_words_of_the_portrait_do_not_collide_either() -> None:
    path = tuple(
        Point(float(n), n + 1.0, 120.0, 120.0 + 9.0 * (15 <= n < 35) * n, 120.0 * (n >= 35))
        for n in range(70)
    )
    with mpl.rc_context(STYLE):
        placed = list(words(portrait.portrait(made.run(), path)))
    assert {"steady", "in the fault", "after the heal"} <= {said for said, _ in placed}
    for (said, box), (other, taken) in combinations(placed, 2):
        assert not box.overlaps(taken), f"{said!r} lies over {other!r}"
    assert all(box.x0 >= 0.0 and box.x1 <= 520.0 for _, box in placed)


def test_the_words_of_the_figure_are_text_and_its_points_are_an_image() -> None:
    svg = made.picture("failed").svg
    assert ">failed after 3 attempts</text>" in svg
    assert "data:image/png;base64," in svg
    assert len(svg) < 700_000


def test_what_was_never_reached_is_said() -> None:
    svg = made.picture("failed").svg
    assert ">never failed over</text>" in svg
    assert ">not recovered within the fault</text>" in svg


@pytest.mark.slow
def test_a_fault_that_was_planned_and_never_came_is_not_drawn_as_if_it_had() -> None:
    with mpl.rc_context(STYLE):
        drawn = [text for text, _ in words(figure.wide(*made.case("aborted"))[0].sheet)]
    assert "us-south-down: never injected" in drawn
    assert "aborted: interrupted (SIGINT)" in drawn


@pytest.mark.slow
def test_a_region_keeps_its_colour_when_another_answers_nothing() -> None:
    run, analysis = made.case("passed")
    only_east = replace(run, operations=run.operations[run.operations["region"] == 1])
    with mpl.rc_context(STYLE):
        plot, _ = figure.wide(only_east, analysis)
        colours = {text.get_text(): text.get_color() for text in plot.sheet.figure.findobj(Text)}
    assert colours["us-east"] == "#935b00"
