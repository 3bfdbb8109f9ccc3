import json
from collections.abc import Iterator
from pathlib import Path
from typing import NoReturn

import pytest
from click.testing import CliRunner

from chaos import shelf
from chaos.analysis import analyse
from chaos.cli import main
from chaos.errors import WorldError
from chaos.report import figure, write
from chaos.report.seal import FORMS, SEAL
from tests.report import made

TOY = made.Toy(rate=5.0, stops=20.0)


def breaking(*_: object) -> NoReturn:
    """A form of the report that has a bug of ours."""
    raise ValueError("wider than the page")


def names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir() if path.is_file()}


@pytest.mark.slow
def test_writing_twice_gives_the_same_bytes_and_every_form(tmp_path: Path) -> None:
    run = made.run(made.Toy(rate=20.0))
    analysis = analyse(run)
    paths = write(run, analysis, tmp_path / "once")
    again = write(run, analysis, tmp_path / "twice")
    assert paths[0].name == "report.html"
    assert {path.name for path in paths} >= {
        "report.html", "findings.json", "junit.xml", "report.md", "timeline.svg", "timeline.png",
    }  # fmt: skip
    for one, other in zip(paths, again, strict=True):
        assert one.read_bytes() == other.read_bytes(), one.name


@pytest.mark.slow
def test_drawing_twice_gives_the_same_bytes() -> None:
    run = made.run(made.Toy(rate=5.0, stops=20.0))
    analysis = analyse(run)
    assert figure.draw_narrow(run, analysis) == figure.draw_narrow(run, analysis)


def test_a_folder_that_cannot_be_written_is_said_in_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(WorldError, match="cannot be written"):
        write(*made.case("aborted"), tmp_path / "file")


@pytest.fixture
def cheap(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Forms whose figures are drawn already."""
    wide, narrow = made.picture("failed"), made.narrow("failed")
    with monkeypatch.context() as patched:
        patched.setattr("chaos.report.figure.draw", lambda *_: wide)
        patched.setattr("chaos.report.figure.draw_narrow", lambda *_: narrow)
        yield


def test_a_form_that_cannot_be_kept_loses_no_other_and_is_named(
    cheap: None, tmp_path: Path
) -> None:
    (tmp_path / "report.pdf").mkdir()
    run = made.run(TOY)

    with pytest.raises(WorldError) as told:
        write(run, analyse(run), tmp_path)

    assert "report.pdf cannot be written: Is a directory." in str(told.value)
    assert names(tmp_path) == {*FORMS, SEAL} - {"report.pdf"}


def test_a_bug_in_one_form_loses_no_other_and_leaves_nothing_older_in_its_place(
    cheap: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "report.pdf").write_text("of an earlier report")
    monkeypatch.setattr("chaos.report.pdf.pdf", breaking)
    run = made.run(TOY)

    with pytest.raises(WorldError) as told:
        write(run, analyse(run), tmp_path)

    assert "report.pdf could not be made: ValueError: wider than the page." in str(told.value)
    assert isinstance(told.value.__cause__, ValueError)
    assert names(tmp_path) == {*FORMS, SEAL} - {"report.pdf"}


def test_a_figure_that_cannot_be_drawn_leaves_the_page_and_the_pdf_without_it(
    cheap: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("chaos.report.figure.draw", breaking)
    run = made.run(TOY)

    with pytest.raises(WorldError, match="the timeline could not be made"):
        write(run, analyse(run), tmp_path)

    assert names(tmp_path) == {*FORMS, SEAL} - {"timeline.svg", "timeline.png"}
    assert "This figure could not be drawn." in (tmp_path / "report.html").read_text()


@pytest.mark.slow
def test_a_run_whose_report_lacks_a_form_is_never_green_and_says_its_verdict(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("chaos.report.pdf.pdf", breaking)
    words = ("region-blackhole", "--world", "simulated", "--out", str(tmp_path / "run"), "--json")

    played = CliRunner().invoke(main, ("run", *words))
    again = CliRunner().invoke(main, ("report", str(tmp_path / "run"), "--json"))

    assert (played.exit_code, again.exit_code) == (4, 5)
    for told in (played, again):
        assert json.loads(told.stdout)["verdict"] == "passed"
        assert "PASSED" in told.stderr
        assert "report.pdf could not be made: ValueError" in told.stderr
        assert "Traceback" not in told.output


@pytest.mark.slow
@pytest.mark.parametrize("name", shelf.catalogue())
@pytest.mark.parametrize("client", ["preset:recommended", "preset:key-protect-docs"])
def test_every_form_of_every_scenario_of_the_catalogue_is_written(
    name: str, client: str, tmp_path: Path
) -> None:
    folder = tmp_path / "run"
    words = ("run", name, "--world", "simulated", "--client", client, "--out", str(folder))

    played = CliRunner().invoke(main, words)

    assert played.exit_code in {0, 1, 3}, played.output
    assert names(folder) >= {*FORMS, SEAL}
    assert CliRunner().invoke(main, ("verify", str(folder))).exit_code == 0
