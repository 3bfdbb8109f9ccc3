"""Where scenario files are found: names of the catalogue, paths, and the nearest right word."""

import os
from pathlib import Path

import pytest

from chaos import shelf
from chaos.errors import ScenarioError, WorldError

NAME = "region-down-backup-key"


def test_every_scenario_of_the_catalogue_is_found_by_the_name_of_its_file() -> None:
    known = shelf.catalogue()

    assert NAME in known
    assert all(shelf.find(name) == path for name, path in known.items())
    assert all(path.stem == name and path.is_file() for name, path in known.items())


def test_the_list_of_packs_is_no_scenario() -> None:
    assert "packs" not in shelf.catalogue()


def test_a_path_is_taken_as_it_is(tmp_path: Path) -> None:
    mine = tmp_path / "mine.yaml"
    mine.touch()

    assert shelf.find(str(mine)) == mine


def test_a_file_wins_over_a_name_and_needs_no_suffix(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path(NAME).touch()

    assert shelf.find(NAME) == Path(NAME)


@pytest.mark.parametrize(
    ("word", "said"),
    [
        ("region-down-backup-kye", f"Did you mean '{NAME}'?"),
        (f"no/such/folder/{NAME}.yaml", "there is no such file."),
        (f"./{NAME}s.yml", f"Did you mean '{NAME}'?"),
        ("x", "`keychaos scenarios` lists them."),
    ],
)
def test_what_is_not_found_is_the_users_mistake_with_the_nearest_name(word: str, said: str) -> None:
    with pytest.raises(ScenarioError) as told:
        shelf.find(word)

    assert said in str(told.value)
    assert word in str(told.value)


def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.yaml")

    with pytest.raises(ScenarioError, match=r"pipe\.yaml: cannot be read: not a regular file\."):
        shelf.text_of(tmp_path / "pipe.yaml")


def test_a_device_is_not_read_for_ever() -> None:
    with pytest.raises(ScenarioError, match=r"/dev/null: cannot be read: not a regular file\."):
        shelf.text_of(Path("/dev/null"))


def test_no_more_is_read_than_a_scenario_file_may_hold(tmp_path: Path) -> None:
    just, larger = tmp_path / "just.yaml", tmp_path / "larger.yaml"
    just.write_bytes(b"x" * shelf.LIMIT)
    larger.write_bytes(b"x" * (shelf.LIMIT + 1))

    assert len(shelf.text_of(just)) == shelf.LIMIT
    with pytest.raises(ScenarioError, match="larger than 1,000,000 bytes"):
        shelf.text_of(larger)


def test_lines_may_end_as_in_any_text_file(tmp_path: Path) -> None:
    (tmp_path / "it.yaml").write_bytes(b"one\r\ntwo\rthree\n")

    assert shelf.text_of(tmp_path / "it.yaml") == "one\ntwo\nthree\n"


def test_nothing_near_is_not_guessed() -> None:
    assert shelf.nearest("zzz", ["region-down"]) == ""


def test_text_is_read_as_it_stands(tmp_path: Path) -> None:
    path = tmp_path / "it.yaml"
    path.write_text("teaches: żółć\n", encoding="utf-8")

    assert shelf.text_of(path) == "teaches: żółć\n"


def test_what_is_no_text_is_said_with_the_byte(tmp_path: Path) -> None:
    path = tmp_path / "it.yaml"
    path.write_bytes(b"abc\xff")

    with pytest.raises(ScenarioError, match=r"it\.yaml: not UTF-8 text \(byte 3\)\."):
        shelf.text_of(path)


@pytest.mark.parametrize(("kind", "said"), [("missing", "No such file"), ("folder", "directory")])
def test_what_cannot_be_read_is_said(tmp_path: Path, kind: str, said: str) -> None:
    path = tmp_path / kind
    if kind == "folder":
        path.mkdir()

    with pytest.raises(ScenarioError, match=f"cannot be read: .*{said}"):
        shelf.text_of(path)


def test_a_file_that_is_far_too_large_is_not_read(tmp_path: Path) -> None:
    path = tmp_path / "it.yaml"
    with path.open("wb") as stream:
        stream.truncate(shelf.LIMIT + 1)

    with pytest.raises(ScenarioError, match="larger than 1,000,000 bytes"):
        shelf.text_of(path)


def test_a_file_that_cannot_be_written_is_said_in_a_sentence(tmp_path: Path) -> None:
    shelf.keep(tmp_path / "a.svg", "<svg/>")

    assert (tmp_path / "a.svg").read_text(encoding="utf-8") == "<svg/>"
    with pytest.raises(WorldError, match="cannot be written"):
        shelf.keep(tmp_path / "nowhere" / "a.svg", "<svg/>")
