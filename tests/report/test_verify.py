"""A run is stored, told and then tampered with, a byte at a time."""

import json
import re
import shutil
from collections.abc import Callable, Iterator
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import pytest

from chaos.analysis import analyse
from chaos.errors import ScenarioError
from chaos.report import document, html, junit, markdown, raw, seal
from chaos.report.account import account
from chaos.report.verify import describe, leaves, verify
from chaos.run import stored
from chaos.run.record import ATTEMPT, FAILURE_CODES, OPERATION, Run
from tests.report import made

ATTEMPTS, OPERATIONS, EVENTS = (
    f"load/{name}" for name in ("attempts.bin", "operations.bin", "events.jsonl")
)


def keep(run: Run, folder: Path) -> None:
    """Store a run as a world would, and write the forms that are words."""
    manifest = stored.Manifest(
        run_id=run.run_id,
        world=run.world,
        policy=run.policy,
        command=run.command,
        seed=run.seed,
        path="region-down-backup-key.yaml",
        overrides=(),
        regions=run.regions,
        started_utc=run.started_utc,
        ended=run.ended,
        aborted="",
    )
    stored.begin(folder, run.scenario, manifest)
    (folder / "load").mkdir()
    (folder / ATTEMPTS).write_bytes(run.attempts.tobytes())
    (folder / OPERATIONS).write_bytes(run.operations.tobytes())
    noted: list[object] = [*run.decisions, *run.changes, *run.ledger, *run.audit]
    lines = [json.dumps({type(event).__name__: asdict(event)}) for event in noted]  # type: ignore[call-overload] # all are dataclasses
    (folder / EVENTS).write_text("".join(f"{line}\n" for line in lines))


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("runs") / "told"
    run = made.run(made.Toy(rate=30.0))
    keep(replace(run, scenario=replace(run.scenario, source=YAML)), folder)
    stored_run = stored.load(folder)
    tale = account(stored_run, analyse(stored_run), raw.files(folder))
    (folder / "findings.json").write_bytes(document.encoded(tale))
    (folder / "junit.xml").write_bytes(junit.xml(tale))
    (folder / "report.md").write_text(markdown.summary(tale))
    drawn = html.words_of(tale, {"wide": "<svg>1</svg>", "narrow": "<svg>2</svg>"})
    (folder / "report.html").write_text(drawn)
    (folder / "seal.json").write_bytes(seal.encoded(seal.strips(folder)))
    return folder


@pytest.fixture
def folder(told: Path, tmp_path: Path) -> Iterator[Path]:
    copy = tmp_path / "copy"
    shutil.copytree(told, copy)
    yield copy
    shutil.rmtree(copy)


YAML = """\
scenario: region-down-backup-key
teaches: A client that holds a duplicate root key outlives the loss of its primary region.
seed: 7
lasts: 70s
regions:
  us-south: {latency: 14ms, jitter: 4ms}
  us-east: {latency: 46ms, jitter: 4ms}
keys:
  orders: [us-south, us-east]
clients: {count: 60, policy: recommended, regions: [us-south, us-east], wrapped: 4}
load: {rate: 30/s, arrivals: poisson, operations: {wrap: 20%, unwrap: 80%}}
faults:
  - {name: us-south-down, kind: down, target: us-south, at: 15s, lasts: 20s}
objectives:
  rto: 10s
  rules:
    - failover.p95 <= rto
    - availability(steady) >= 99.9%
"""


def edit(path: Path, change: Callable[[bytearray], None]) -> None:
    content = bytearray(path.read_bytes())
    change(content)
    path.write_bytes(bytes(content))


def wheres(folder: Path) -> list[str]:
    return [problem.where for problem in verify(folder).problems]


def test_a_report_agrees_with_its_records(told: Path) -> None:
    found = verify(told)
    assert found.problems == ()
    assert found.files == 5
    run = stored.load(told)
    assert found.records > len(run.attempts) + len(run.operations)
    assert found.numbers > 300


@pytest.mark.parametrize(
    ("name", "layout", "column"),
    [(ATTEMPTS, ATTEMPT, "ended"), (OPERATIONS, OPERATION, "ended"), (ATTEMPTS, ATTEMPT, "status")],
)
def test_one_changed_record_is_found_and_named(
    folder: Path, name: str, layout: np.dtype[np.void], column: str
) -> None:
    rows = np.fromfile(folder / name, dtype=layout)
    rows[column][1234] += 1
    rows.tofile(folder / name)
    problems = verify(folder).problems
    (named,) = [p for p in problems if p.where == f"{name}, record 1,235"]
    key = "operation" if name == ATTEMPTS else "number"
    assert f"peration {rows[key][1234]} was changed" in named.told
    assert name in [problem.where for problem in problems]


def test_a_changed_line_is_found_and_named(folder: Path) -> None:
    lines = (folder / EVENTS).read_text().splitlines(keepends=True)
    lines[7] = lines[7].replace("us-east", "us-west", 1)
    (folder / EVENTS).write_text("".join(lines))
    (named,) = [p for p in verify(folder).problems if p.where == f"{EVENTS}, record 8"]
    assert "(Decided)" in named.told


def test_a_record_taken_out_is_found_where_it_was(folder: Path) -> None:
    size = OPERATION.itemsize
    edit(folder / OPERATIONS, lambda b: b.__delitem__(slice(100 * size, 101 * size)))
    assert f"{OPERATIONS}, record 101" in wheres(folder)


def test_a_file_cut_short_is_told_and_nothing_breaks(folder: Path) -> None:
    edit(folder / ATTEMPTS, lambda b: b.__delitem__(slice(len(b) - 5, len(b))))
    found = verify(folder)
    assert any("cut off" in problem.told for problem in found.problems)


def test_a_better_number_in_the_findings_is_found(folder: Path) -> None:
    path = folder / "findings.json"
    told = json.loads(path.read_text())
    told["measures"]["failover.p95"]["value"] /= 2
    path.write_text(json.dumps(told))
    assert wheres(folder) == ["findings.json, measures.failover.p95.value"]


def test_a_verdict_turned_green_by_hand_is_found_in_every_form(folder: Path) -> None:
    for name in ("report.html", "report.md", "junit.xml"):
        path = folder / name
        text = path.read_text()
        assert "passed" in text
        path.write_text(re.sub("passed", "PERFECT", text, count=1))
    assert wheres(folder) == ["report.html", "junit.xml", "report.md"]


def test_another_drawing_is_no_mismatch(folder: Path) -> None:
    path = folder / "report.html"
    path.write_text(path.read_text().replace("<svg>1</svg>", "<svg>drawn by another version</svg>"))
    assert wheres(folder) == []


def test_a_missing_file_and_a_missing_seal_are_told(folder: Path) -> None:
    (folder / "seal.json").unlink()
    (folder / EVENTS).unlink()
    found = wheres(folder)
    assert "seal.json" in found
    assert EVENTS in found


def test_findings_that_are_no_json_are_damage_where_a_report_was_sealed(folder: Path) -> None:
    (folder / "findings.json").write_text("")
    assert wheres(folder) == ["findings.json"]
    (folder / "seal.json").unlink()
    with pytest.raises(ScenarioError, match="is not a report's findings"):
        verify(folder)


@pytest.mark.parametrize("text", ["[]", '{"format": 99, "files": []}', '{"format": 1}'])
def test_what_is_no_report_is_a_mistake_of_the_user_and_not_a_traceback(
    folder: Path, text: str
) -> None:
    (folder / "findings.json").write_text(text)
    with pytest.raises(ScenarioError):
        verify(folder)


def test_a_folder_without_a_report_says_how_to_make_one(tmp_path: Path) -> None:
    with pytest.raises(ScenarioError, match="keychaos report"):
        verify(tmp_path)


def test_a_seal_survives_its_writing(told: Path) -> None:
    assert seal.read(seal.encoded(seal.strips(told))) == seal.strips(told)


def test_a_record_that_is_cut_off_is_described_as_such() -> None:
    assert describe(ATTEMPTS, b"123") == "The record is cut off."


def test_leaves_name_every_value_by_its_path() -> None:
    assert list(leaves({"a": [1, {"b": 2}], "c": {}})) == [("a[0]", 1), ("a[1].b", 2)]


def test_a_changed_attempt_is_described_in_the_names_of_the_report(folder: Path) -> None:
    rows = np.fromfile(folder / ATTEMPTS, dtype=ATTEMPT)
    rows["region"][1234], rows["status"][1234] = 1, FAILURE_CODES["refused"]
    rows["status"][1235] = 57
    rows.tofile(folder / ATTEMPTS)
    first, second = (p.told for p in verify(folder).problems if ", record" in p.where)
    assert "at us-east, sent" in first
    assert first.endswith("and was refused.")
    assert second.endswith("and has the status 57, which is none.")
    # Without the run's names there is still the number.
    assert "at region 1, sent" in describe(ATTEMPTS, rows[1234].tobytes())
