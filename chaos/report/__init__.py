"""How a run is told: one stored run as a page, a PDF, a picture, JSON, JUnit, Markdown, in words.

Every form renders the same :class:`chaos.report.account.Account`, and every number is written by
:mod:`chaos.report.numbers`. The same run gives the same bytes.
"""

from pathlib import Path

from chaos.analysis.findings import Analysis
from chaos.run.record import Run

__all__ = ["write"]


def write(run: Run, analysis: Analysis, directory: Path) -> list[Path]:
    """Write every form of the report into a run's folder; the paths, the page first.

    Raises WorldError where the folder cannot be written.
    """
    # Imported late: drawing takes most of a second to load, which a plan need not wait for.
    from chaos.report.forms import write_forms  # noqa: PLC0415

    return write_forms(run, analysis, directory)
