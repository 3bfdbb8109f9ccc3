"""Every form of the report as a file beside the records.

Each form is made by itself: one that cannot be made or kept loses neither the others, nor the seal,
nor the verdict. What is missing is told in the end, and no exit code is green then.
"""

import contextlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from importlib.util import find_spec
from itertools import chain
from pathlib import Path
from typing import TypeVar

from chaos.analysis.findings import Analysis
from chaos.errors import WorldError
from chaos.report import document, figure, html, junit, kept, markdown, portrait, seal
from chaos.report.account import Account
from chaos.report.told import tell
from chaos.run.record import Run

_Made = TypeVar("_Made")
Form = tuple[str, Callable[[], bytes]]


@dataclass(frozen=True, slots=True)
class Broken:
    """What could not be made or kept, and what broke."""

    name: str
    error: Exception

    def why(self) -> str:
        """What stands in the way, or which bug it is."""
        if isinstance(self.error, OSError):
            return f"cannot be written: {self.error.strerror or self.error}"
        return f"could not be made: {type(self.error).__name__}: {self.error}"


@dataclass(frozen=True, slots=True)
class Forms:
    """Makes each form of an account; what breaks is kept in ``broken`` instead of raised."""

    told: Account
    broken: list[Broken] = field(default_factory=list)

    def each(self) -> Iterator[Form]:
        """Each file's name and how it is made; PDF and Parquet with fpdf2 and pyarrow installed."""
        told = self.told
        run, analysis = told.run, told.analysis
        picture = self.tried("the timeline", partial(figure.draw, run, analysis))
        narrow = self.tried("the narrow timeline", partial(figure.draw_narrow, run, analysis))
        phases = self.tried("the phase portrait", partial(portrait.draw, run, analysis))
        yield "report.html", lambda: html.page(told, picture, narrow, phases).encode()
        yield "findings.json", partial(document.encoded, told)
        yield "junit.xml", partial(junit.xml, told)
        yield "report.md", lambda: markdown.summary(told).encode()
        if picture is not None:
            yield "timeline.svg", picture.svg.encode
            yield "timeline.png", partial(bytes, picture.png)
        if find_spec("fpdf"):
            drawn = [one.png if one else b"" for one in (picture, phases)]
            yield "report.pdf", partial(_pdf, told, *drawn)
        if find_spec("pyarrow"):
            yield "attempts.parquet", partial(_attempts, run)
            yield "operations.parquet", partial(_operations, run)

    def tried(self, name: str, make: Callable[[], _Made]) -> _Made | None:
        """What was made; None where that broke, whatever broke it."""
        try:
            return make()
        except Exception as error:  # noqa: BLE001 - kept, and raised once all the rest is written
            self.broken.append(Broken(name, error))
            return None


def write_forms(run: Run, analysis: Analysis, directory: Path) -> list[Path]:
    """Write them all; the paths, the page first.

    Raises WorldError where one or all of them cannot be; the others are written then.
    """
    try:
        # First of all, so that nobody waits for a drawing that cannot be kept.
        directory.mkdir(parents=True, exist_ok=True)
        forms = Forms(tell(run, analysis, directory))
    except OSError as error:
        raise WorldError(f"{directory} cannot be written: {error.strerror}.") from error
    digests: dict[str, str] = {}
    sealed: Form = (seal.SEAL, lambda: seal.encoded(seal.strips(directory), digests))
    for name, make in chain(forms.each(), (sealed,)):
        digest = forms.tried(name, partial(_keep, directory / name, make))
        if digest is not None:
            digests[name] = digest
    for name in {*seal.FORMS, seal.SEAL} - digests.keys():
        # Half a form, or what an earlier report left there, tells nothing of this one.
        with contextlib.suppress(OSError):
            (directory / name).unlink(missing_ok=True)
    if forms.broken:
        raise _missing(directory, forms.broken, bool(digests)) from forms.broken[0].error
    return [directory / name for name in digests]


def _keep(path: Path, make: Callable[[], bytes]) -> str:
    """Write a form; the SHA-256 of what was to be written."""
    content = make()
    path.write_bytes(content)
    return kept.digest(content)


def _missing(directory: Path, broken: list[Broken], written: bool) -> WorldError:  # noqa: FBT001
    names: dict[str, list[str]] = {}
    for one in broken:
        names.setdefault(one.why().rstrip("."), []).append(one.name)
    told = "; ".join(f"{', '.join(each)} {why}" for why, each in names.items())
    rest = "Every other form of the report is there." if written else "No form of it is there."
    return WorldError(f"{directory}: {told}. {rest}")


def _pdf(told: Account, picture: bytes, phases: bytes) -> bytes:
    from chaos.report.pdf import pdf  # noqa: PLC0415 - optional

    return pdf(told, picture, phases)


def _attempts(run: Run) -> bytes:
    from chaos.report import parquet  # noqa: PLC0415 - optional

    return parquet.attempts(run)


def _operations(run: Run) -> bytes:
    from chaos.report import parquet  # noqa: PLC0415 - optional

    return parquet.operations(run)
