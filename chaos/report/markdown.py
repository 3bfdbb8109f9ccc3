"""A summary in Markdown, fit for a pull request: verdict, objectives, reasons, how to replay."""

from collections.abc import Iterable, Iterator

from chaos.report import contrast, palette, resolved, tables
from chaos.report.account import Account
from chaos.report.cells import Cell, Table

_SPECIAL = str.maketrans({letter: "\\" + letter for letter in "\\`*_[]<>#|~"})


def summary(account: Account) -> str:
    """The whole summary."""
    return "\n".join(_lines(account)) + "\n"


def _lines(account: Account) -> Iterator[str]:
    analysis, identity = account.analysis, account.identity
    sign = palette.SIGNS[analysis.verdict]
    yield f"## {sign} {analysis.verdict.upper()}: {escape(analysis.headline)}"
    yield ""
    yield (
        f"**{escape(identity.scenario)}** in the {identity.world} world, seed {identity.seed}, "
        f"policy `{identity.policy}`, {identity.started_utc}{_changed(account)}."
    )
    yield ""
    yield escape(account.tried)
    yield ""
    yield f"**{escape(account.answer)}**"
    yield ""
    yield from table(tables.objectives(account).without("Why"))
    if account.troubles:
        yield from _list("What went wrong", account.troubles)
    yield from _list("What to do", account.todo)
    if account.against:
        yield from _list("Against the baseline", (account.against.claim,
                                                 *account.against.differences))  # fmt: skip
        for shown in contrast.baseline(account.against):
            yield ""
            yield from table(shown)
    yield ""
    yield "<details><summary>Phases and proof of injection</summary>"
    yield ""
    yield from table(tables.phases(account))
    yield ""
    yield from table(tables.proofs(account))
    yield ""
    yield "</details>"
    yield ""
    yield "Replay:"
    yield ""
    yield "```sh"
    yield account.run.command
    yield "```"


def _changed(account: Account) -> str:
    """What was played otherwise than the scenario's file says."""
    words = resolved.changes(account.run)
    return f"; changed by {', '.join(f'`{word}`' for word in words)}" if words else ""


def _list(title: str, items: Iterable[str]) -> Iterator[str]:
    yield ""
    yield f"### {title}"
    yield ""
    for item in items:
        yield f"- {escape(item)}"


def table(shown: Table) -> Iterator[str]:
    """A table as Markdown lines."""
    if not shown.rows:
        yield escape(shown.empty)
        return
    yield _row(shown.columns)
    yield _row("---:" if cell.numeric else "---" for cell in shown.rows[0])
    for row in shown.rows:
        yield _row(map(_cell, row))


def _row(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _cell(cell: Cell) -> str:
    if cell.verdict:
        return f"{palette.SIGNS[cell.verdict]} {cell.text}"
    if cell.code and "`" not in cell.text:
        # A pipe splits a table's cell even inside code.
        return "`" + cell.text.replace("|", "\\|") + "`"
    return escape(cell.text)


def escape(text: str) -> str:
    """Text that Markdown shows as it is, on one line."""
    return text.translate(_SPECIAL).replace("\n", " ")
