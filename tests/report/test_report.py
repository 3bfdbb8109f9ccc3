from pathlib import Path

import pytest

from chaos.analysis import analyse
from chaos.errors import WorldError
from chaos.report import figure, write
from tests.report import made


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
