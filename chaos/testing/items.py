"""Scenario files as test items: one item for a file and a seed, its objectives in the failure."""

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from chaos.errors import ScenarioError, WorldError
from chaos.testing.choices import Choices, choices, folders

if TYPE_CHECKING:  # numpy and pydantic wait until there is a scenario to play
    from chaos.scenario import Scenario
    from chaos.testing.performance import Performance

SUFFIXES = (".yaml", ".yml")
PACKS = "packs.yaml"
LARGEST = 1_000_000
# A scenario's name is a plain word at the top: other programs have mappings of that name.
NAME = re.compile(rb"^scenario:[ \t]+[\w\"'.-]", re.MULTILINE)
PARTS = re.compile(rb"^(?:regions|load|faults|objectives):", re.MULTILINE)


def ours(path: Path, config: pytest.Config) -> bool:
    """Whether a file is to be collected: by its folder where one was named, else by its look."""
    if path.suffix not in SUFFIXES or path.name == PACKS or not path.is_file():
        return False
    if any(path.is_relative_to(folder) for folder in folders(config)):
        return True
    if path.stat().st_size > LARGEST:
        return False
    text = path.read_bytes()
    return bool(NAME.search(text) and PARTS.search(text))


class ScenarioFile(pytest.File):
    """A scenario file: an item a seed."""

    def collect(self) -> Iterator["ScenarioItem"]:
        """Read the file, whose mistakes are told with their lines, and make its items."""
        chosen = choices(self.config)
        try:
            first = _read(_told(self.path, self.config), chosen.overrides, chosen.seed)
        except ScenarioError as error:
            raise self.CollectError(str(error)) from None
        for seed in range(first.seed, first.seed + chosen.seeds):
            item: ScenarioItem = ScenarioItem.from_parent(
                self, name=f"{chosen.world}-seed-{seed}", scenario=replace(first, seed=seed)
            )
            yield item


class ScenarioItem(pytest.Item):
    """A scenario with a seed; passes when every objective held."""

    def __init__(self, *, scenario: "Scenario", **rest: Any) -> None:
        super().__init__(**rest)
        self.scenario = scenario
        self.add_marker(pytest.mark.keychaos)

    def runtest(self) -> None:
        """Play it and judge it."""
        played = play(self.config, self.scenario, choices(self.config))
        self.user_properties += played.properties()
        played.assert_passed()

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:
        """What somebody must act on in its own words, without the frames of ours."""
        if isinstance(excinfo.value, AssertionError | ScenarioError | WorldError):
            return str(excinfo.value)
        return super().repr_failure(excinfo, style)

    def reportinfo(self) -> tuple[Path, int | None, str]:
        """Where it is and how it is headed in the report."""
        return self.path, None, f"{self.scenario.name} ({self.name})"


def play(config: pytest.Config, scenario: "Scenario", chosen: Choices) -> "Performance":
    """Play a scenario as chosen, and keep what the choices say is to be kept."""
    # numpy and what plays a scenario take half a second to load, which other tests need not wait.
    from chaos.testing.keeping import kept  # noqa: PLC0415

    return kept(config, scenario, chosen)


def _told(path: Path, config: pytest.Config) -> Path:
    """The path as whoever runs the tests would type it."""
    stands = config.invocation_params.dir
    return path.relative_to(stands) if path.is_relative_to(stands) else path


def _read(path: Path, overrides: tuple[str, ...], seed: int | None) -> "Scenario":
    from chaos import shelf  # noqa: PLC0415 - the strict reader is slow to load
    from chaos.scenario import read  # noqa: PLC0415 - the strict reader is slow to load

    return read(shelf.text_of(path), str(path), overrides, seed)
