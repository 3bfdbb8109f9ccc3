"""Holds a report against its records: hashes, every number computed again, every form rendered.

A changed record is named by its file, its number and what it says now.
"""

import json
import math
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from chaos.analysis import analyse, wording
from chaos.errors import ScenarioError
from chaos.report import document, kept, raw, seal
from chaos.report.agreement import Problem, Verified
from chaos.report.raw import LAYOUTS
from chaos.report.rows import FileRow
from chaos.report.told import tell
from chaos.run import stored
from chaos.run.journal import ATTEMPTS
from chaos.run.record import NOWHERE, WHYS

FINDINGS = "findings.json"
_MOST_NAMED = 20
_UNSEALED = "so neither single records nor drawings can be checked"
_CLOSE = 1e-9


def verify(folder: Path) -> Verified:
    """Verify a run's folder. Raises ScenarioError where it holds no report to verify."""
    found = raw.files(folder)
    try:
        told = _told(folder)
    except ValueError as error:
        if not (folder / seal.SEAL).is_file():
            raise ScenarioError(
                f"{folder / FINDINGS} is not a report's findings: {error}."
            ) from error
        # A report was sealed here, and whoever broke this file of it has changed it.
        told = {"files": [{"name": row.name, "sha256": row.sha256} for row in found]}
        problems = [Problem(FINDINGS, f"The file cannot be read any more: {error}.")]
    else:
        problems = []
    sealed = {row["name"]: row for row in told["files"]}
    intact = {row.name for row in found if sealed.get(row.name, {}).get("sha256") == row.sha256}
    problems += [*_hashes(folder, sealed, found), *_records(folder, intact)]
    numbers, fresh = 0, None
    try:
        run = stored.load(folder)
        fresh = tell(run, analyse(run), folder)
    except (ScenarioError, ValueError, ArithmeticError, LookupError) as error:
        problems.append(Problem(stored.MANIFEST, f"The records cannot be read any more: {error}"))
    else:
        again = json.loads(document.encoded(fresh))
        numbers = sum(1 for _ in leaves(again))
        problems += [] if problems and problems[0].where == FINDINGS else _numbers(told, again)
    named = {problem.where.partition(",")[0] for problem in problems}
    kept_as_made = kept.forms(folder, _digests(folder), fresh)
    # Findings in which a number was named already are known to be changed.
    problems += [one for one in kept_as_made if one.where != FINDINGS or FINDINGS not in named]
    counted = sum(len(strip.sums) for strip in seal.strips(folder))
    return Verified(len(found), counted, numbers, tuple(problems))


def _told(folder: Path) -> dict[str, Any]:
    """What the report says of itself. ValueError where the file is damaged."""
    path = folder / FINDINGS
    try:
        told = json.loads(path.read_text(encoding="utf-8"))
        if told["format"] != document.FORMAT or not isinstance(told["files"], list):
            raise ScenarioError(f"{path} is of another format than this version writes.")
    except OSError as error:
        raise ScenarioError(
            f"{folder} holds no report to verify: {FINDINGS} cannot be read ({error.strerror}). "
            f"`keychaos report {folder}` makes one."
        ) from error
    except (KeyError, TypeError) as error:
        raise ScenarioError(f"{path} is not a report's findings: {error}.") from error
    return dict(told)


def _hashes(folder: Path, sealed: dict[str, Any], found: tuple[FileRow, ...]) -> Iterator[Problem]:
    for row in found:
        before = sealed.pop(row.name, None)
        if before is None:
            yield Problem(row.name, "The file is not among those that the report was made from.")
        elif before["sha256"] != row.sha256:
            yield Problem(
                row.name,
                f"SHA-256 is {row.sha256[:12]}…, the report's was {before['sha256'][:12]}….",
            )
    for name in sealed:
        yield Problem(name, f"The file is missing in {folder}.")


def _records(folder: Path, intact: set[str]) -> Iterator[Problem]:
    """The records that are not as sealed; ``intact`` are the files that are as the report's."""
    path = folder / seal.SEAL
    try:
        before = {strip.name: strip.sums for strip in seal.read(path.read_bytes())}
    except OSError:
        yield Problem(seal.SEAL, f"The file is missing, {_UNSEALED}.")
        return
    except ValueError:
        yield Problem(seal.SEAL, f"The file was changed or is damaged, {_UNSEALED}.")
        return
    for strip in seal.strips(folder):
        if strip.sums == before.get(strip.name):
            continue
        if strip.name in intact:
            told = f"It was changed: its checksums are not those of {strip.name}, which was not."
            yield Problem(seal.SEAL, told)
        elif strip.name in before:
            yield from _changed(folder, strip, before[strip.name])


def _digests(folder: Path) -> dict[str, str] | None:
    """The SHA-256 of each form as it was sealed; None where the seal says nothing."""
    try:
        content = (folder / seal.SEAL).read_bytes()
        seal.read(content)
    except (OSError, ValueError):
        return None
    return seal.forms(content)


def _changed(folder: Path, strip: seal.Strip, before: tuple[int, ...]) -> Iterator[Problem]:
    if len(strip.sums) != len(before):
        told = f"The file holds {len(strip.sums):,} records; {len(before):,} were sealed."
        yield Problem(strip.name, told)
    pairs = enumerate(zip(strip.sums, before, strict=False))
    changed = [index for index, (now, then) in pairs if now != then]
    if not changed:
        return
    kept = seal.records(folder / strip.name)
    # After a record was taken out all later ones differ; the first says where.
    shown = changed[:1] if len(strip.sums) != len(before) else changed[:_MOST_NAMED]
    for index in shown:
        told = describe(strip.name, kept[index], _regions(folder))
        yield Problem(f"{strip.name}, record {index + 1:,}", told)
    if len(changed) > len(shown):
        rest = len(changed) - len(shown)
        yield Problem(strip.name, f"{rest:,} later records differ as well.")


def _regions(folder: Path) -> list[str]:
    """The names of the regions, none where the manifest does not say them any more."""
    try:
        return list(map(str, json.loads((folder / stored.MANIFEST).read_bytes())["regions"]))
    except (OSError, ValueError, LookupError, TypeError):
        return []


def describe(name: str, record: bytes, regions: Sequence[str] = ()) -> str:
    """What a record says now, in a sentence; ``regions`` are those of the run by their number."""
    layout = LAYOUTS.get(Path(name).name)
    if layout is None:
        words = record.decode("utf-8", "replace").strip()
        kind = re.match(r'\{"(\w+)"', words)
        return f"The line was changed{f' ({kind[1]})' if kind else ''}; it is {words[:120]}"
    if len(record) != layout.itemsize:
        return "The record is cut off."
    (row,) = np.frombuffer(record, dtype=layout)
    if Path(name).name != ATTEMPTS:
        return (
            f"Operation {row['number']} was changed; it is of client {row['client']}, due at "
            f"{row['due']:.3f} s and ended at {row['ended']:.3f} s."
        )
    place = "no region" if row["region"] == NOWHERE else _region(int(row["region"]), regions)
    why = WHYS[row["why"]] if row["why"] < len(WHYS) else "unknown"
    return (
        f"Attempt {row['number']} of operation {row['operation']} was changed; it is a {why} at "
        f"{place}, sent at {row['sent']:.3f} s, ended at {row['ended']:.3f} s, and "
        f"{_reply(int(row['status']))}."
    )


def _region(number: int, names: Sequence[str]) -> str:
    return names[number] if number < len(names) else f"region {number}"


def _reply(status: int) -> str:
    """What came of the attempt; a changed record may say what no attempt can come to."""
    try:
        return wording.reply(status)
    except KeyError:
        return f"has the status {status}, which is none"


def leaves(value: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """Every value of a JSON document with the path to it."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from leaves(inner, f"{path}.{key}" if path else key)
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from leaves(inner, f"{path}[{index}]")
    else:
        yield path, value


def _numbers(told: dict[str, Any], again: dict[str, Any]) -> Iterator[Problem]:
    before, after = dict(leaves(told)), dict(leaves(again))
    for path in {**before, **after}:
        # The files' own rows are checked by their hashes already.
        if not path.startswith("files[") and not _same(before.get(path), after.get(path)):
            was, now = (json.dumps(values.get(path)) for values in (before, after))
            yield Problem(f"{FINDINGS}, {path}", f"It says {was}; the records give {now}.")


def _same(one: object, other: object) -> bool:
    if isinstance(one, float) and isinstance(other, float):
        # Another numpy or processor may differ in the last digit.
        return math.isclose(one, other, rel_tol=_CLOSE, abs_tol=_CLOSE)
    return one == other
