"""A whole report is written and then tampered with, file by file: each is found and named."""

import json
import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner

from chaos.analysis import analyse
from chaos.cli import main
from chaos.report import seal, write
from chaos.report.verify import verify
from chaos.run import stored
from tests.report import made
from tests.report.test_verify import YAML, keep

pq = pytest.importorskip("pyarrow.parquet", reason="pyarrow is an extra")

RAW = ("run.json", "scenario.yaml", "load/attempts.bin", "load/operations.bin", "load/events.jsonl")


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("runs") / "told"
    wide, narrow = made.picture("failed"), made.narrow("failed")
    run = made.run(made.Toy(rate=10.0))
    keep(replace(run, scenario=replace(run.scenario, source=YAML)), folder)
    run = stored.load(folder)
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr("chaos.report.figure.draw", lambda *_: wide)
        patched.setattr("chaos.report.figure.draw_narrow", lambda *_: narrow)
        write(run, analyse(run), folder)
    return folder


@pytest.fixture
def folder(told: Path, tmp_path: Path) -> Iterator[Path]:
    copy = tmp_path / "copy"
    shutil.copytree(told, copy)
    yield copy
    shutil.rmtree(copy)


def wheres(folder: Path) -> list[str]:
    return [problem.where for problem in verify(folder).problems]


def turn(content: bytes, at: int) -> bytes:
    """The same with one bit turned at a place."""
    return content[:at] + bytes([content[at] ^ 1]) + content[at + 1 :]


def change(path: Path, table: Callable[[dict[str, list[object]]], None]) -> None:
    """Write a Parquet file again with other values."""
    found = pq.read_table(path)
    values = found.to_pydict()
    table(values)
    pq.write_table(found.from_pydict(values, schema=found.schema), path)


def reseal(folder: Path, **digests: str) -> None:
    """What somebody would do who knows the seal."""
    path = folder / seal.SEAL
    known = {**seal.forms(path.read_bytes()), **digests}
    path.write_bytes(seal.encoded(seal.read(path.read_bytes()), known))


def test_a_whole_report_follows_from_its_records_and_everything_of_it_is_sealed(told: Path) -> None:
    assert wheres(told) == []
    files = {path.relative_to(told).as_posix() for path in told.rglob("*") if path.is_file()}
    assert files == {*RAW, *seal.FORMS, seal.SEAL}
    assert seal.forms((told / seal.SEAL).read_bytes()).keys() == set(seal.FORMS)


@pytest.mark.parametrize("name", [*RAW, *seal.FORMS, seal.SEAL])
def test_one_bit_in_the_middle_of_any_file_is_found_and_its_file_named(
    name: str, folder: Path
) -> None:
    path = folder / name
    content = path.read_bytes()
    # A digit, where there is one: such a change does not even break the file.
    digits = [at for at in range(len(content) // 2, len(content)) if chr(content[at]).isdigit()]
    path.write_bytes(turn(content, digits[0] if digits else len(content) // 2))

    told = CliRunner().invoke(main, ["verify", str(folder)])

    assert told.exit_code == 1, told.output
    assert name in told.stderr
    assert "Traceback" not in told.output


@pytest.mark.parametrize("name", [name for name in seal.FORMS if name != "findings.json"])
def test_a_form_that_was_taken_away_is_missed(name: str, folder: Path) -> None:
    (folder / name).unlink()
    assert wheres(folder) == [name]


def test_a_changed_row_of_parquet_is_named_by_its_record_also_under_a_new_seal(
    folder: Path,
) -> None:
    def faster(values: dict[str, list[object]]) -> None:
        values["ended"][41] = 0.25

    change(folder / "attempts.parquet", faster)
    (named,) = verify(folder).problems
    assert named.where == "attempts.parquet, record 42"
    assert named.told.startswith("ended is 0.25, the record gives ")
    reseal(folder, **{"attempts.parquet": "0" * 64})
    assert wheres(folder) == [named.where]


def test_rows_that_were_taken_out_or_renamed_are_told(folder: Path) -> None:
    path = folder / "operations.parquet"
    pq.write_table(pq.read_table(path).slice(1), path)
    assert wheres(folder) == [path.name]
    table = pq.read_table(path)
    pq.write_table(table.rename_columns(table.column_names[::-1]), path)
    assert "its columns" in verify(folder).problems[0].told


def test_many_changed_rows_are_counted(folder: Path) -> None:
    def failed(values: dict[str, list[object]]) -> None:
        values["outcome"] = ["failed"] * len(values["outcome"])

    change(folder / "operations.parquet", failed)
    found = verify(folder).problems
    assert len(found) == 21
    assert "later records differ as well" in found[-1].told


def test_a_changed_seal_is_named_and_no_record_blamed(folder: Path) -> None:
    path = folder / seal.SEAL
    content = path.read_bytes()
    path.write_bytes(content.replace(b'"format": 2', b'"format": 3'))
    assert wheres(folder) == [seal.SEAL]
    path.write_bytes(content)
    # Sealed again, with a wrong checksum of one record: its file is the report's all the same.
    strips = seal.strips(folder)
    wrong = tuple(replace(each, sums=(0, *each.sums[1:])) for each in strips[-1:])
    path.write_bytes(seal.encoded((*strips[:-1], *wrong), seal.forms(content)))
    (named,) = verify(folder).problems
    assert named.where == seal.SEAL
    assert strips[-1].name in named.told


def test_a_form_that_no_seal_knows_cannot_be_checked(folder: Path) -> None:
    path = folder / seal.SEAL
    known = seal.forms(path.read_bytes())
    del known["report.pdf"]
    path.write_bytes(seal.encoded(seal.strips(folder), known))
    (named,) = verify(folder).problems
    assert named.where == "report.pdf"
    assert "not sealed" in named.told


def test_forms_are_checked_though_the_records_cannot_be_read(folder: Path) -> None:
    (folder / "run.json").write_text("{}")
    (folder / "timeline.svg").write_text("<svg/>")
    assert {"run.json", "timeline.svg"} <= set(wheres(folder))


def test_findings_that_are_only_written_otherwise_are_not_what_was_sealed(folder: Path) -> None:
    path = folder / "findings.json"
    path.write_text(json.dumps(json.loads(path.read_text())))
    assert wheres(folder) == [path.name]
