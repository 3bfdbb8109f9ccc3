"""Every form of the report as a file beside the records."""

from collections.abc import Iterator
from importlib.util import find_spec
from itertools import chain
from pathlib import Path

from chaos.analysis.findings import Analysis
from chaos.errors import WorldError
from chaos.report import document, figure, html, junit, markdown, portrait, seal
from chaos.report.account import Account
from chaos.report.told import tell
from chaos.run.record import Run


def write_forms(run: Run, analysis: Analysis, directory: Path) -> list[Path]:
    """Write them all; the paths, the page first. Raises WorldError where that cannot be."""
    try:
        # First of all, so that nobody waits for a drawing that cannot be kept.
        directory.mkdir(parents=True, exist_ok=True)
        told = tell(run, analysis, directory)
        written = []
        sealed = ((seal.SEAL, seal.encoded(seal.strips(directory))),)
        for name, content in chain(forms(told), sealed):
            (directory / name).write_bytes(content)
            written.append(directory / name)
    except OSError as error:
        raise WorldError(f"{directory} cannot be written: {error.strerror}.") from error
    return written


def forms(told: Account) -> Iterator[tuple[str, bytes]]:
    """Each file's name and content; a PDF and Parquet where fpdf2 and pyarrow are installed."""
    picture = figure.draw(told.run, told.analysis)
    narrow = figure.draw_narrow(told.run, told.analysis)
    phases = portrait.draw(told.run, told.analysis)
    yield "report.html", html.page(told, picture, narrow, phases).encode()
    yield "findings.json", document.encoded(told)
    yield "junit.xml", junit.xml(told)
    yield "report.md", markdown.summary(told).encode()
    yield "timeline.svg", picture.svg.encode()
    yield "timeline.png", picture.png
    if find_spec("fpdf"):
        from chaos.report.pdf import pdf  # noqa: PLC0415 - optional

        yield "report.pdf", pdf(told, picture.png, phases.png if phases else b"")
    if find_spec("pyarrow"):
        from chaos.report import parquet  # noqa: PLC0415 - optional

        yield "attempts.parquet", parquet.attempts(told.run)
        yield "operations.parquet", parquet.operations(told.run)
