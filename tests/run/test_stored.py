"""A run on disk: read back whole, reported though it was killed, and refused where it was bent."""

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from chaos.client.call import Decision
from chaos.errors import ScenarioError, WorldError
from chaos.run import stored
from chaos.run.journal import ATTEMPTS, EVENTS, OPERATIONS, Journal
from chaos.run.record import ATTEMPT, OPERATION
from chaos.run.world import Applied, Audited, Decided, Wrapped
from tests.run.made import attempted, operated, small

REGIONS = ("us-south", "us-east")
DECIDED = Decided(3, Decision("failover", 1.5, 7, "us-east", "us-south", "refused twice"))
APPLIED = Applied(3.0, 3.01, "inject", "south-down", "down", "us-south", {"cut": 3.0})
WRAPPED = Wrapped(7, 3, 1.25, "us-south", "ab" * 32, "Y2lwaGVy", "v1")
AUDITED = Audited(7, "us-east", "lost", "404 KEY_NOT_FOUND_ERR")


def manifest(**changes: object) -> stored.Manifest:
    fields: dict[str, object] = {
        "run_id": "small/sockets-7-0",
        "world": "sockets",
        "policy": "preset:recommended",
        "command": "keychaos run small",
        "seed": 7,
        "path": "small.yaml",
        "overrides": ("load.rate=50/s",),
        "regions": REGIONS,
        "started_utc": "2026-01-01T00:00:00Z",
        "environment": {"python": "3.11"},
    }
    return stored.Manifest(**{**fields, **changes})  # type: ignore[arg-type]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A run that was stored and never said how it ended, as a killed one."""
    path = tmp_path / "run"
    stored.begin(path, small(), manifest())
    load, nemesis = Journal(path / stored.LOAD, REGIONS), Journal(path / stored.NEMESIS, REGIONS)
    for event in (
        attempted(2, sent=2.0),
        attempted(1, sent=1.0),
        operated(2, due=2.0, ended=2.5),
        operated(1, outcome="failed", why="gave up"),
        DECIDED,
    ):
        load.note(event)
    for other in (APPLIED, WRAPPED, AUDITED):
        nemesis.note(other)
    load.close()
    nemesis.close()
    return path


def test_what_was_stored_comes_back_whole(folder: Path) -> None:
    stored.save(folder, manifest(ended=9.0, aborted="", dropped=2, clock_error=0.001))

    run = stored.load(folder)

    assert run.scenario == small("load.rate=50/s", seed=7)
    assert (run.seed, run.world, run.ended, run.aborted) == (7, "sockets", 9.0, "")
    assert (run.dropped, run.clock_error, run.regions) == (2, 0.001, REGIONS)
    assert list(run.attempts["operation"]) == [1, 2], "in the order sent"
    assert list(run.operations["number"]) == [1, 2], "in the order due"
    assert [run.whys[code] for code in run.operations["why"]] == ["gave up", ""]
    assert (run.decisions, run.changes) == ((DECIDED,), (APPLIED,))
    assert (run.ledger, run.audit) == ((WRAPPED,), (AUDITED,))


def test_a_killed_run_is_read_to_where_it_came_and_says_that_it_was_killed(folder: Path) -> None:
    run = stored.load(folder)

    assert run.aborted == stored.KILLED
    assert run.ended == 2.5, "when its last operation ended"


def test_a_run_that_was_killed_before_its_first_record_is_a_run(tmp_path: Path) -> None:
    stored.begin(tmp_path / "run", small(), manifest())

    run = stored.load(tmp_path / "run")

    assert (len(run.attempts), len(run.operations), run.ended) == (0, 0, 0.0)


def test_a_reason_that_was_lost_with_a_killed_run_is_called_lost(folder: Path) -> None:
    lines = (folder / "load" / EVENTS).read_bytes().splitlines(keepends=True)
    (folder / "load" / EVENTS).write_bytes(b"".join(line for line in lines if b"Why" not in line))

    run = stored.load(folder)

    assert run.whys[run.operations["why"].max()] == stored.LOST_WHY


@pytest.mark.parametrize("name", [stored.MANIFEST, stored.SCENARIO])
def test_a_folder_that_lacks_a_file_holds_no_run(folder: Path, name: str) -> None:
    (folder / name).unlink()

    with pytest.raises(ScenarioError, match=rf"holds no stored run: .*{name} cannot be read"):
        stored.load(folder)


Tampering = Callable[[dict[str, object]], object]


@pytest.mark.parametrize(
    ("tamper", "said"),
    [
        (lambda fields: fields.pop("seed"), "seed: field required"),
        (lambda fields: fields.update(seed="7"), "seed: input should be a valid integer"),
        (lambda fields: fields.update(regions="us-south"), "regions: "),
        (lambda fields: fields.update(regions=[1, 2]), r"regions\.0: "),
        (lambda fields: fields.update(verdict="passed"), "verdict: "),
    ],
)
def test_a_manifest_that_was_tampered_with_is_refused_by_its_field(
    folder: Path, tamper: Tampering, said: str
) -> None:
    path = folder / stored.MANIFEST
    fields = json.loads(path.read_text(encoding="utf-8"))
    tamper(fields)
    path.write_text(json.dumps(fields), encoding="utf-8")

    with pytest.raises(ScenarioError, match=rf"run\.json is not a run's manifest: {said}"):
        stored.load(folder)


@pytest.mark.parametrize("raw", [b"", b"{", b"[]", b"null", b"\xff\xfe"])
def test_what_is_no_manifest_at_all_is_said_so(folder: Path, raw: bytes) -> None:
    (folder / stored.MANIFEST).write_bytes(raw)

    with pytest.raises(ScenarioError, match=r"run\.json is not "):
        stored.load(folder)


@pytest.mark.parametrize("line", [b"{}\n", b"not json\n", b'{"Wrapped": {"number": 1}}\n', b"[]\n"])
def test_a_journal_with_a_line_that_no_run_writes_is_damaged(folder: Path, line: bytes) -> None:
    with (folder / "load" / EVENTS).open("ab") as stream:
        stream.write(line)

    with pytest.raises(ScenarioError, match="damaged journal"):
        stored.load(folder)


@pytest.mark.parametrize(
    ("name", "column"),
    [
        (ATTEMPTS, "region"),
        (ATTEMPTS, "why"),
        (OPERATIONS, "region"),
        (OPERATIONS, "outcome"),
        (OPERATIONS, "kind"),
    ],
)
def test_a_record_with_a_code_that_stands_for_nothing_is_named(
    folder: Path, name: str, column: str
) -> None:
    path = folder / "load" / name
    records = np.fromfile(path, ATTEMPT if name == ATTEMPTS else OPERATION)
    records[column][1] = 200
    records.tofile(path)

    with pytest.raises(ScenarioError, match=rf"{name} is damaged: a record has a {column} that"):
        stored.load(folder)


def test_a_scenario_that_was_tampered_with_is_refused(folder: Path) -> None:
    path = folder / stored.SCENARIO
    path.write_text(path.read_text(encoding="utf-8").replace("us-east", "us-esat", 1), "utf-8")

    with pytest.raises(ScenarioError, match=r"small\.yaml:"):
        stored.load(folder)


def test_a_manifest_is_replaced_whole(folder: Path) -> None:
    stored.save(folder, manifest(aborted=""))

    assert sorted(path.name for path in folder.iterdir()) == [
        "load",
        "nemesis",
        "run.json",
        "scenario.yaml",
    ]


def test_a_folder_that_exists_is_never_written_into(tmp_path: Path) -> None:
    (tmp_path / "precious").touch()

    with pytest.raises(WorldError, match=r"cannot be written: File exists\. Name another place"):
        stored.begin(tmp_path, small(), manifest())
    assert [path.name for path in tmp_path.iterdir()] == ["precious"]


def test_a_folder_with_nothing_in_it_is_as_good_as_a_new_one(tmp_path: Path) -> None:
    stored.begin(tmp_path, small(), manifest())

    assert (tmp_path / "run.json").exists()


def test_a_run_that_was_stopped_before_it_had_recorded_anything_blocks_no_other(
    tmp_path: Path,
) -> None:
    (tmp_path / "precious").touch()
    assert not stored.hollow(tmp_path)
    stored.save(tmp_path, manifest(aborted="stopped by SIGTERM before time zero"))
    (tmp_path / "scenario.yaml").touch()
    (tmp_path / "nemesis").mkdir()

    assert stored.hollow(tmp_path)
    stored.begin(tmp_path, small(), manifest())

    assert stored.load(tmp_path).aborted == stored.KILLED
    assert (tmp_path / "precious").exists()


@pytest.mark.parametrize("aborted", ["", stored.KILLED])
def test_a_run_that_may_be_under_way_or_has_ended_keeps_its_folder(
    tmp_path: Path, aborted: str
) -> None:
    stored.save(tmp_path, manifest(aborted=aborted))

    assert not stored.hollow(tmp_path)
    with pytest.raises(WorldError, match="File exists"):
        stored.begin(tmp_path, small(), manifest())


def test_a_run_that_recorded_something_keeps_its_folder(folder: Path) -> None:
    stored.save(folder, manifest(aborted="stopped by SIGTERM 3.1 s into the run"))

    assert not stored.hollow(folder)


def test_a_manifest_that_cannot_be_written_leaves_the_one_before_and_no_half(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = (folder / "run.json").read_bytes()

    def full(*given: object, **more: object) -> int:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", full)

    with pytest.raises(OSError, match="No space"):
        stored.save(folder, manifest(ended=9.0))

    assert (folder / "run.json").read_bytes() == before
    assert not (folder / "run.json.new").exists()


def test_what_is_taken_back_takes_nothing_else_with_it(folder: Path) -> None:
    (folder / "precious").touch()

    stored.discard(folder)

    assert [path.name for path in folder.iterdir()] == ["precious"]


def test_what_never_came_to_time_zero_is_taken_back(folder: Path) -> None:
    stored.discard(folder)

    assert not folder.exists()


def test_the_raw_files_are_listed_in_a_fixed_order(folder: Path) -> None:
    assert [path.relative_to(folder).as_posix() for path in stored.raw_files(folder)] == [
        "run.json",
        "scenario.yaml",
        "load/attempts.bin",
        "load/operations.bin",
        "load/events.jsonl",
        "nemesis/events.jsonl",
    ]


@pytest.mark.parametrize("name", [ATTEMPTS, OPERATIONS])
@pytest.mark.parametrize("cut", [1, ATTEMPT.itemsize, OPERATION.itemsize])
def test_a_file_that_was_cut_after_the_run_is_refused(folder: Path, name: str, cut: int) -> None:
    stored.save(folder, manifest(aborted="", ended=3.0, rows=stored.rows(folder)))
    assert stored.load(folder).planned is not None
    kept = (folder / stored.LOAD / name).read_bytes()
    (folder / stored.LOAD / name).write_bytes(kept[:-cut])

    with pytest.raises(ScenarioError, match=f"{name} holds .* and the run wrote 2: it was changed"):
        stored.load(folder)
