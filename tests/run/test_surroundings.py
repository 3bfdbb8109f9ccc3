import subprocess
from pathlib import Path

import numpy as np
import pytest

from chaos.run import surroundings

COMMIT = ("git", "-c", "user.name=a", "-c", "user.email=a@b.example", "commit", "-q", "-m", "one")


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "client.py").write_text("one\n", encoding="utf-8")
    for command in (("git", "init", "-q"), ("git", "add", "client.py"), COMMIT):
        subprocess.run(command, cwd=tmp_path, check=True)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_the_environment_names_versions_and_no_person() -> None:
    found = surroundings.environment()

    assert found["numpy"] == np.__version__
    assert not {"user", "host", "hostname", "node"} & found.keys()


def test_the_size_of_the_machine_and_what_shapes_the_report_are_named() -> None:
    found = surroundings.environment()

    assert int(found["processors"]) > 0
    assert found["memory"].endswith(" GiB")
    assert {"matplotlib", "fpdf2", "pyarrow", "jinja2", "orjson"} <= found.keys()


def test_the_commit_of_the_users_own_code_is_told_with_whether_it_was_changed(
    checkout: Path,
) -> None:
    before = surroundings.environment()
    (checkout / "client.py").write_text("two\n", encoding="utf-8")
    after = surroundings.environment()

    assert len(before["git commit"]) == 40
    assert after["git commit"] == before["git commit"]
    assert (before["git changes"], after["git changes"]) == ("none", "uncommitted")


def test_a_folder_that_is_no_checkout_has_no_commit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)

    assert "git commit" not in surroundings.environment()


def test_a_machine_without_git_can_be_played_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")

    assert "git commit" not in surroundings.environment()
