"""How a run is told: one stored run as a page, a picture, JSON, JUnit, Markdown and in a terminal.

Every form renders the same :class:`chaos.report.account.Account`, and every number is written by
:mod:`chaos.report.numbers`. The same run gives the same bytes.
"""

from pathlib import Path

from chaos.analysis.findings import Analysis
from chaos.errors import WorldError
from chaos.report import document, figure, html, junit, markdown, raw
from chaos.report.account import account
from chaos.run.record import Run

__all__ = ["write"]


def write(run: Run, analysis: Analysis, directory: Path) -> list[Path]:
    """Write every form of the report into a run's folder; the paths, the page first.

    Raises WorldError where the folder cannot be written.
    """
    try:
        # First of all, so that nobody waits for a drawing that cannot be kept.
        directory.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise WorldError(f"{directory} cannot be written: {error.strerror}.") from error
    told = account(run, analysis, raw.files(directory))
    picture = figure.draw(run, analysis)
    forms = {
        "report.html": html.page(told, picture, figure.draw_narrow(run, analysis)).encode(),
        "findings.json": document.encoded(told),
        "junit.xml": junit.xml(told),
        "report.md": markdown.summary(told).encode(),
        "timeline.svg": picture.svg.encode(),
        "timeline.png": picture.png,
    }
    try:
        for name, content in forms.items():
            (directory / name).write_bytes(content)
    except OSError as error:
        raise WorldError(f"{directory} cannot be written: {error.strerror}.") from error
    return [directory / name for name in forms]
