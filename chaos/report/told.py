"""Tells a stored run whole: its account, held against the baseline that lies beside its records.

The baseline is a raw file of the run, so that whoever has the folder can hold both against each
other again, and `verify` does.
"""

from dataclasses import replace
from pathlib import Path

import orjson
from pydantic import TypeAdapter, ValidationError

from chaos.analysis.findings import Analysis
from chaos.errors import ScenarioError
from chaos.report import compare, compared, raw
from chaos.report.account import Account, account
from chaos.report.against import Against
from chaos.report.document import Document, document
from chaos.run import stored
from chaos.run.record import Run

_MANY = TypeAdapter(tuple[Document, ...])


def tell(run: Run, analysis: Analysis, folder: Path) -> Account:
    """The account of a run whose records lie in that folder.

    Raises ScenarioError where a baseline lies there that cannot be read.
    """
    told = account(run, analysis, raw.files(folder))
    path = folder / stored.BASELINE
    if not path.is_file():
        return told
    try:
        baseline = _MANY.validate_json(path.read_bytes())
    except ValidationError as error:
        first = str(error).splitlines()[0]
        raise ScenarioError(f"{path} is not a baseline that a run was given: {first}.") from error
    return replace(told, against=against(baseline, document(told)))


def against(baseline: tuple[Document, ...], fresh: Document) -> Against:
    """One run held against its baseline."""
    found = compare.compare(baseline, (fresh,))
    return Against(
        regressed=found.regressed,
        claim=compared.claim(found),
        baseline=tuple(one.identity.run_id for one in baseline),
        differences=found.differences,
        objectives=found.objectives,
        measures=tuple(row for row in found.measures if row.change != "one side only"),
        verdict=found.verdict,
        gaps=found.gaps,
    )


def keep(baseline: Path, folder: Path) -> None:
    """Put a baseline beside a run's records: what a comparison needs of each of its reports.

    Raises ScenarioError where there is no report to hold a run against.
    """
    content = orjson.dumps(tuple(map(_bare, compare.load(baseline))))
    (folder / stored.BASELINE).write_bytes(content + b"\n")


def _bare(told: Document) -> Document:
    """A report without what is only told of the one run."""
    return replace(
        told, went_wrong=(), to_do=(), portrait=(), decisions=(), events=(), attempts_by_answer=(),
        backoff=(), limitations=(), files=(), baseline=None,
    )  # fmt: skip
