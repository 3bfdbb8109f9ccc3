"""The folder of a run: nobody else's, whoever begins at the same time."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from chaos.errors import WorldError
from chaos.run.folder import reserve, vacant, writing


def test_a_name_that_is_taken_gets_a_number(tmp_path: Path) -> None:
    wanted = tmp_path / "results" / "run-7"

    assert [reserve(wanted).name for _ in range(3)] == ["run-7", "run-7-2", "run-7-3"]


def test_two_that_reserve_at_once_get_two_folders(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        places = list(pool.map(reserve, [tmp_path / "run"] * 40))

    assert len(set(places)) == 40


def test_what_cannot_be_made_is_said(tmp_path: Path) -> None:
    (tmp_path / "results").touch()

    with pytest.raises(WorldError, match=r"cannot be written: Not a directory\. Name another"):
        reserve(tmp_path / "results" / "run")


def test_only_a_folder_with_nothing_in_it_is_vacant(tmp_path: Path) -> None:
    assert vacant(tmp_path)
    (tmp_path / "a").touch()
    assert not vacant(tmp_path)
    assert not vacant(tmp_path / "a")
    assert not vacant(tmp_path / "none")


def test_a_name_that_is_too_long_is_told(tmp_path: Path) -> None:
    with pytest.raises(WorldError, match="File name too long"), writing(tmp_path):
        (tmp_path / ("x" * 300)).mkdir()
