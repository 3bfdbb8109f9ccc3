"""Signals: at once while nothing is lost by it, held from then on, and never green."""

import os
import signal
import subprocess
import sys

import pytest

from chaos import stopping

LEAVING = """
import os, signal, sys
from chaos import stopping
stopping.leave_at_once()
os.kill(os.getpid(), getattr(signal, sys.argv[1]))
print("still here")
"""


def raise_signal(number: signal.Signals) -> None:
    os.kill(os.getpid(), number)


@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM", "SIGHUP"])
def test_a_signal_ends_the_process_with_a_sentence_and_no_traceback(name: str) -> None:
    command = [sys.executable, "-c", LEAVING, name]

    ended = subprocess.run(command, capture_output=True, text=True, check=False)

    assert (ended.returncode, ended.stdout, ended.stderr) == (4, "", "Stopped.\n")


def test_who_was_started_by_nohup_does_not_hear_that_the_terminal_closes() -> None:
    ignoring = f"import signal; signal.signal(signal.SIGHUP, signal.SIG_IGN)\n{LEAVING}"
    command = [sys.executable, "-c", ignoring, "SIGHUP"]

    ended = subprocess.run(command, capture_output=True, text=True, check=False)

    assert (ended.returncode, ended.stdout) == (0, "still here\n")


def test_what_is_held_is_known_by_the_first_that_came_and_ends_nothing() -> None:
    before = signal.getsignal(signal.SIGTERM)

    with stopping.held() as held:
        assert held.came == ""
        raise_signal(signal.SIGTERM)
        raise_signal(signal.SIGINT)

    assert held.came == "SIGTERM"
    assert signal.getsignal(signal.SIGTERM) is before


def test_whoever_is_to_be_told_is_told_once_also_of_what_came_before() -> None:
    told: list[str] = []

    with stopping.held() as held:
        raise_signal(signal.SIGHUP)
        with held.telling(told.append):
            raise_signal(signal.SIGINT)
    with stopping.held() as held, held.telling(told.append):
        raise_signal(signal.SIGINT)
        raise_signal(signal.SIGINT)

    assert told == ["SIGHUP", "Ctrl-C (SIGINT)"]


def test_within_a_stretch_that_can_be_unwound_every_one_unwinds_it() -> None:
    with stopping.held() as held:
        for _ in range(2):
            with pytest.raises(KeyboardInterrupt), held.raising():
                raise_signal(signal.SIGTERM)
        raise_signal(signal.SIGTERM)

    assert held.came == "SIGTERM"


def test_a_stretch_that_can_be_unwound_is_not_begun_once_one_has_come() -> None:
    begun = False

    with stopping.held() as held:
        raise_signal(signal.SIGINT)
        with pytest.raises(KeyboardInterrupt), held.raising():
            begun = True

    assert not begun
