"""What is said to people goes on being said, or to nobody, and never ends what goes on."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from chaos import voice

TALKING = """
import sys
from chaos import voice
console = voice.console()
for number in range(3000):
    console.print("a line that nobody reads", number)
voice.complain("It is over.")
sys.exit(7)
"""


def talk(stdout: int, stderr: int = subprocess.PIPE) -> "subprocess.CompletedProcess[bytes]":
    command = [sys.executable, "-c", TALKING]
    return subprocess.run(command, stdout=stdout, stderr=stderr, check=False)


def test_a_reader_who_leaves_ends_nothing() -> None:
    reading, writing = os.pipe()
    os.close(reading)

    told = talk(writing)
    os.close(writing)

    assert (told.returncode, told.stderr) == (7, b"It is over.\n")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full on this system")
def test_a_full_disk_ends_nothing_either_even_where_no_complaint_can_be_written() -> None:
    with Path("/dev/full").open("w") as full:
        assert talk(full.fileno(), full.fileno()).returncode == 7


def test_whoever_listens_hears_all_of_it(capsys: pytest.CaptureFixture[str]) -> None:
    voice.console().print("a line")
    voice.console(stderr=True).print("another")
    voice.complain("A sentence.")

    assert capsys.readouterr() == ("a line\n", "another\nA sentence.\n")
