"""Where the run of a test is kept: a folder of the user's, or a temporary one where it failed."""

import contextlib
import re
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from chaos.run.clients import factory_named
from chaos.scenario import Scenario
from chaos.testing.choices import Choices
from chaos.testing.performance import Performance, perform

REPORTED: pytest.StashKey[set[tuple[str, str | None]]] = pytest.StashKey()


def kept(config: pytest.Config, scenario: Scenario, chosen: Choices) -> Performance:
    """Play a scenario; its report is written where one is wanted.

    Without a folder for reports a run that passed leaves nothing, and of a scenario that fails with
    many seeds the first failure is drawn, the others are records from which a report can be made.
    """
    if chosen.client is not None:
        factory_named(chosen.client)
    if chosen.report is not None:
        name = f"{chosen.world}-{scenario.seed}" + _said(chosen.client)
        folder = _free(chosen.report / scenario.name / name)
        played = perform(scenario, chosen.world, chosen.client, folder)
        played.report()
        return played
    with _temporary() as folder:
        played = perform(scenario, chosen.world, chosen.client, folder / scenario.name)
        if not played.passed:
            _draw_once(config, played, chosen.client)
            return played
        shutil.rmtree(folder)
    return played


def _draw_once(config: pytest.Config, played: Performance, client: str | None) -> None:
    reported = config.stash.setdefault(REPORTED, set())
    which = played.run.scenario.name, client
    if which not in reported:
        reported.add(which)
        played.report()


@contextlib.contextmanager
def _temporary() -> Iterator[Path]:
    """A folder that stays, unless nothing could be played."""
    folder = Path(tempfile.mkdtemp(prefix="keychaos-"))
    try:
        yield folder
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise


def _said(client: str | None) -> str:
    return "-" + re.sub(r"[^\w.-]+", "-", client) if client else ""


def _free(folder: Path) -> Path:
    """The folder, or the first with a number that is not there yet: no report is overwritten."""
    number, free = 1, folder
    while free.exists():
        number += 1
        free = folder.with_name(f"{folder.name}-{number}")
    return free
