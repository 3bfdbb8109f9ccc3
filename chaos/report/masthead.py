"""The top of the timeline: the claim, the verdict, what was played and the tiles."""

from chaos.analysis.findings import Analysis
from chaos.report import numbers, palette
from chaos.report.sheet import Sheet, measure, wrap
from chaos.report.tiles import Tile, tally, tiles
from chaos.run.record import Run

_TITLES, _VALUE = (24.0, 21.0, 18.0), 21.0
_MOST_LINES = 3
_GAP = 28.0
_ARRIVALS = {"poisson": "Poisson arrivals, open loop", "constant": "evenly spaced, open loop"}


def subtitle(run: Run) -> str:
    """What was played, in one line."""
    load, clients = run.scenario.load, run.scenario.clients
    mix = " + ".join(kind for kind, _ in load.mix)
    return " \N{MIDDLE DOT} ".join(
        (
            run.scenario.name,
            f"{numbers.rate(load.rate)} {mix}, {_ARRIVALS[load.arrivals]}",
            numbers.seconds(run.scenario.lasts),
            f"{numbers.count(clients.count)} clients, {played(run)}",
            f"{run.world} world",
            f"seed {run.seed}",
        )
    )


def played(run: Run) -> str:
    """By whom: the policy, or the groups that each have their own."""
    groups = run.scenario.clients.groups
    own = " + ".join(f"{numbers.count(each.count)} {each.name}" for each in groups)
    return own or f"policy {run.policy}"


def draw(sheet: Sheet, run: Run, analysis: Analysis, margin: float) -> float:
    """Draw it and give the height it took."""
    words = f"{palette.SIGNS[analysis.verdict]} {analysis.verdict.upper()}"
    if analysis.verdict != "aborted":
        words += f"  {tally(analysis)}"
    right = sheet.width - margin
    pill = sheet.pill(right, 10.0, words, palette.VERDICTS[analysis.verdict])
    top = 34.0
    size, lines = title(analysis.headline, right - margin - pill - _GAP)
    for line in lines:
        sheet.text(margin, top, line, size=size, weight="bold")
        top += size + 6
    for line in wrap(subtitle(run), 13.0, right - margin):
        sheet.text(margin, top, line, size=13.0, color=palette.MUTED)
        top += 18
    # Nothing counts as passed where the run did not reach its end.
    quiet = palette.MUTED if analysis.verdict == "aborted" else ""
    return _tiles(sheet, tiles(analysis), (margin, top + 16), quiet)


def title(words: str, width: float) -> tuple[float, list[str]]:
    """The claim in lines, whole: the largest type that says it in three, or the smallest."""
    told = [(size, wrap(words, size, width, bold=True)) for size in _TITLES]
    return next((each for each in told if len(each[1]) <= _MOST_LINES), told[-1])


def draw_brief(
    sheet: Sheet, told: tuple[Run, Analysis], letter: str, place: tuple[float, float]
) -> float:
    """The head of one of two columns: letter, verdict, claim and what was played."""
    (run, analysis), (left, width) = told, place
    sign = f"{letter}  {palette.SIGNS[analysis.verdict]} {analysis.verdict.upper()}"
    sheet.text(left, 20.0, sign, size=17.0, weight="bold", color=palette.VERDICTS[analysis.verdict])
    top = 42.0
    for line in wrap(analysis.headline, 14.0, width, bold=True):
        sheet.text(left, top, line, size=14.0, weight="bold")
        top += 19
    about = f"{played(run)} · {run.world} world · seed {run.seed}"
    for line in wrap(about, sheet.size, width):
        sheet.text(left, top, line, color=palette.MUTED)
        top += 16
    return top


def _tiles(sheet: Sheet, shown: list[Tile], place: tuple[float, float], colour: str) -> float:
    left, top = place
    start, bottom = place
    for tile in shown:
        sign = palette.SIGNS[tile.verdict]
        limit = f"{sign} {tile.limit}"
        width = max(measure(tile.value, _VALUE, bold=True), measure(tile.words, 12.0),
                    measure(limit, 11.5, bold=True))  # fmt: skip
        if left > start and left + width > sheet.width - start:
            left, top = start, top + 74
        if left > start:
            sheet.line((left - _GAP / 2,) * 2, (top - 14, top + 44), color=palette.RULE,
                       linewidth=0.75)  # fmt: skip
        sheet.text(left, top + 4, tile.value, size=_VALUE, weight="bold")
        sheet.text(left, top + 24, tile.words)
        sheet.text(left, top + 42, limit, size=11.5, weight="bold",
                   color=colour or palette.VERDICTS[tile.verdict])  # fmt: skip
        left += width + _GAP
        bottom = top + 60
    return bottom
