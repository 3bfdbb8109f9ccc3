"""``@pytest.mark.keychaos(scenario=…)``: a test of one's own around the run of a scenario."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import cast

import pytest

from chaos import shelf
from chaos.errors import ScenarioError
from chaos.scenario import Scenario, read
from chaos.testing.choices import WORLDS, Choices, choices
from chaos.testing.items import play
from chaos.testing.performance import Performance

KNOWN = frozenset({"scenario", "seeds", "seed", "world", "client", "overrides"})


@dataclass(frozen=True, slots=True)
class Part:
    """One play of a marked test: the scenario with its seed, and how it is played."""

    scenario: Scenario
    chosen: Choices

    @property
    def name(self) -> str:
        """The part of the test's id that is ours."""
        return f"{self.scenario.name}-{self.chosen.world}-seed-{self.scenario.seed}"


def parts(mark: pytest.Mark, config: pytest.Config) -> list[Part]:
    """The plays that a mark asks for. Raises UsageError where it makes no sense."""
    chosen = choices(config)
    unknown = sorted(set(mark.kwargs) - KNOWN)
    if unknown or mark.args:
        right = ", ".join(sorted(KNOWN))
        raise pytest.UsageError(f"@pytest.mark.keychaos takes {right} by name, not {unknown}.")
    world = mark.kwargs.get("world") or chosen.world
    if world not in WORLDS:
        raise pytest.UsageError(f"@pytest.mark.keychaos: world is {' or '.join(WORLDS)}.")
    overrides = (*mark.kwargs.get("overrides", ()), *chosen.overrides)
    seed = chosen.seed if chosen.seed is not None else mark.kwargs.get("seed")
    try:
        path = _found(str(mark.kwargs["scenario"]), config)
        first = read(shelf.text_of(path), str(path), overrides, seed)
    except ScenarioError as error:
        raise pytest.UsageError(f"@pytest.mark.keychaos: {error}") from None
    chosen = replace(chosen, world=world, client=mark.kwargs.get("client") or chosen.client)
    seeds = range(first.seed, first.seed + mark.kwargs.get("seeds", chosen.seeds))
    return [Part(replace(first, seed=number), chosen) for number in seeds]


def _found(word: str, config: pytest.Config) -> Path:
    """A scenario by a path from the root of the tests, or by its name in the catalogue."""
    beside = config.rootpath / word
    return beside if beside.is_file() else shelf.find(word)


def played(request: pytest.FixtureRequest) -> Performance:
    """The run of the part that the test was made for."""
    part = cast("Part | None", getattr(request, "param", None))
    if part is None:
        sentence = 'keychaos_run needs @pytest.mark.keychaos(scenario="…") on the test'
        raise pytest.UsageError(sentence)
    run = play(request.config, part.scenario, part.chosen)
    request.node.user_properties.extend(run.properties())
    return run
