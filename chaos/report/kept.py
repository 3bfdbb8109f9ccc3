"""Whether every form of a report is still the file that was made of the records.

Words and Parquet are made again and compared. Drawings depend on the version of matplotlib as well,
so of them, and of every byte between the words, the seal's SHA-256 says whether they were changed.
"""

import hashlib
from collections.abc import Callable, Iterator, Mapping
from importlib.util import find_spec
from pathlib import Path

from chaos.report import html, junit, markdown, seal
from chaos.report.account import Account
from chaos.report.agreement import Problem

_MOST_NAMED = 20
_EDITED = "The file is not what the records give: it was edited, or another version wrote it."
_WORDS: dict[str, Callable[[Account], str]] = {
    "report.html": lambda told: html.without_figures(html.words_of(told)),
    "junit.xml": lambda told: junit.xml(told).decode(),
    "report.md": markdown.summary,
}


def forms(
    folder: Path, sealed: Mapping[str, str] | None, fresh: Account | None
) -> Iterator[Problem]:
    """Every form that is not what was made.

    ``sealed`` are the SHA-256 by file, None where the seal is none; ``fresh`` is the account of the
    records as they are, None where they cannot be read.
    """
    for name in seal.FORMS:
        path = folder / name
        if not path.is_file():
            if name in _WORDS or name in (sealed or {}):
                yield Problem(name, f"The file is missing in {folder}.")
            continue
        content = path.read_bytes()
        problems = list(_content(name, content, fresh)) if fresh else []
        yield from problems
        if not problems and sealed is not None:
            yield from _digest(name, content, sealed)


def _digest(name: str, content: bytes, sealed: Mapping[str, str]) -> Iterator[Problem]:
    found = digest(content)
    if name in sealed and sealed[name] != found:
        told = (
            f"SHA-256 is {found[:12]}…, the seal's is {sealed[name][:12]}…: the file was changed."
        )
        yield Problem(name, told)
    # What is made again, here or number by number, is known to be right without a seal.
    elif name not in sealed and name not in {*_WORDS, "findings.json"}:
        yield Problem(name, "The file is not sealed, so nobody can say whether it was changed.")


def digest(content: bytes) -> str:
    """What a seal says of a form."""
    return hashlib.sha256(content).hexdigest()


def _content(name: str, content: bytes, fresh: Account) -> Iterator[Problem]:
    if name in _WORDS:
        words = content.decode("utf-8", "replace")
        if (html.without_figures(words) if name == "report.html" else words) != _WORDS[name](fresh):
            yield Problem(name, _EDITED)
    elif name.endswith(".parquet") and find_spec("pyarrow"):
        yield from _rows(name, content, fresh)


def _rows(name: str, content: bytes, fresh: Account) -> Iterator[Problem]:
    from chaos.report import parquet  # noqa: PLC0415 - optional

    try:
        parted = parquet.parted(content, parquet.TABLES[name](fresh.run))
    except ValueError as error:
        yield Problem(name, f"The file is not what the records give: {error}.")
        return
    for row, told in parted[:_MOST_NAMED]:
        yield Problem(f"{name}, record {row + 1:,}", told)
    if len(parted) > _MOST_NAMED:
        yield Problem(name, f"{len(parted) - _MOST_NAMED:,} later records differ as well.")
