"""The README tells the truth: its commands run as written, its links lead somewhere.

A command is run here, in an empty folder, in the order of the page; or, where it installs the
package, by `.ci/run`. A remark `# exit code N` behind a command says how it ends.
"""

import os
import re
import subprocess
import sys
from dataclasses import dataclass
from importlib.metadata import entry_points
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PAGES = ("README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "CHANGELOG.md")
TEXT = (ROOT / "README.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```(sh|python)\n(.*?)^```$", TEXT, re.MULTILINE | re.DOTALL)
INSTALLS = "python3 -m venv"
SLOW = ("pytest ", "keychaos run", "keychaos report", "keychaos verify", "keychaos compare")


@dataclass(frozen=True)
class Command:
    """One line of the README and how it ends."""

    line: str
    ends: int


def commands() -> list[Command]:
    found = []
    for language, block in BLOCKS:
        for line in block.splitlines() if language == "sh" else []:
            words, _, remark = line.partition("  # exit code ")
            found.append(Command(words.strip(), int(remark or 0)))
    inline = re.findall(r"`(keychaos [^`]+)`", TEXT)
    return found + [Command(line, 0) for line in inline]


HERE = [command for command in commands() if not command.line.startswith(INSTALLS)]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """An empty folder with the README's own Python files and `keychaos` on the path."""
    for language, block in BLOCKS:
        name = re.match(r"# (\w+\.py)\n", block)
        if language == "python" and name:
            (tmp_path / name.group(1)).write_text(block, encoding="utf-8")
    (tmp_path / "bin").mkdir()
    plugin = "" if entry_points(group="pytest11", name="keychaos") else "-p chaos.pytest_plugin"
    for command, words in {"keychaos": "chaos.cli", "pytest": f"pytest {plugin}"}.items():
        front_door = tmp_path / "bin" / command
        front_door.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m {words} "$@"\n')
        front_door.chmod(0o755)
    return tmp_path


def played(line: str, folder: Path) -> subprocess.CompletedProcess[str]:
    path = f"{folder / 'bin'}{os.pathsep}{os.environ['PATH']}"
    return subprocess.run(  # noqa: S602 - the README is written for a shell
        line,
        shell=True,
        cwd=folder,
        env={**os.environ, "PATH": path, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def check(chosen: list[Command], folder: Path) -> None:
    for command in chosen:
        outcome = played(command.line, folder)
        told = f"{command.line}\n{outcome.stdout}{outcome.stderr}"
        assert outcome.returncode == command.ends, told
        assert "Traceback" not in told


def test_there_are_commands_of_each_sort() -> None:
    assert sum(command.line.startswith(INSTALLS) for command in commands()) == 2
    assert len(HERE) >= 8


@pytest.mark.slow
def test_the_quick_commands_do_what_they_say(folder: Path) -> None:
    check([command for command in HERE if not command.line.startswith(SLOW)], folder)
    assert (folder / "mine.yaml").read_text().startswith("#")
    assert (folder / "scenario.schema.json").read_text().startswith("{")


@pytest.mark.slow
def test_every_command_does_what_it_says_in_the_order_of_the_page(folder: Path) -> None:
    check(HERE, folder)
    assert {"report.html", "report.md", "junit.xml", "findings.json"} <= {
        path.name for path in (folder / "results/mine").iterdir()
    }


def parts(script: str) -> set[str]:
    """The simple commands of a script, without what only makes them quieter or moves the output."""
    quiet = re.sub(r' (--quiet|-q)\b| --out "[^"]*"\S*| --out \S+', "", script)
    # The extras are installed on top of the package itself.
    whole = quiet.replace("'.[test]'", ".")
    return {part.strip() for part in re.split(r"&&|\n|;", whole) if part.strip()}


def test_the_commands_that_install_are_run_by_ci() -> None:
    script = parts((ROOT / ".ci/run").read_text(encoding="utf-8"))
    for command in commands():
        if command.line.startswith(INSTALLS):
            assert parts(command.line) <= script


@pytest.mark.parametrize("page", PAGES)
def test_every_link_to_a_file_of_ours_leads_somewhere(page: str) -> None:
    text = (ROOT / page).read_text(encoding="utf-8")
    for target in re.findall(r"\]\((?!https?:)([^)#]+)\)", text):
        assert (ROOT / target).exists(), f"{page} links to {target}, which does not exist"


def test_the_architecture_fits_on_a_hundred_lines() -> None:
    assert len((ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8").splitlines()) <= 100
