"""What whoever runs the tests has chosen: options of the command line over the ini file's."""

from dataclasses import dataclass
from pathlib import Path

import pytest

WORLDS = ("simulated", "sockets")
PATHS = "keychaos_scenarios"


@dataclass(frozen=True, slots=True)
class Choices:
    """How scenarios are played.

    ``seed`` and ``client`` None leave it to the scenario. ``report`` is the folder for reports of
    every run, None for reports of failures alone.
    """

    world: str
    client: str | None
    seed: int | None
    seeds: int
    report: Path | None
    overrides: tuple[str, ...]


def add_options(parser: pytest.Parser) -> None:
    """Declare every option and ini value of ours."""
    group = parser.getgroup("keychaos", "resilience against a key service")
    group.addoption(
        "--keychaos-scenarios",
        action="append",
        default=[],
        metavar="DIR",
        help="Collect the scenario files of this folder too; may be given again.",
    )
    group.addoption(
        "--keychaos-pack",
        action="append",
        default=[],
        metavar="NAME",
        help="Collect the catalogue's scenarios of this pack, e.g. smoke; may be given again.",
    )
    group.addoption(
        "--keychaos-world", choices=WORLDS, help="Where scenarios are played (simulated)."
    )
    group.addoption(
        "--keychaos-client",
        metavar="preset:NAME|mutant:NAME|module:factory",
        help="Who plays them, instead of the scenario's own policy.",
    )
    group.addoption("--keychaos-seed", type=int, metavar="N", help="Instead of the file's seed.")
    group.addoption(
        "--keychaos-seeds", type=int, default=1, metavar="N", help="Play each with N seeds (1)."
    )
    _add_more(group)
    _add_values(parser)


def _add_more(group: pytest.OptionGroup) -> None:
    """What is overridden and what is kept."""
    group.addoption(
        "--keychaos-set",
        action="append",
        default=[],
        metavar="KEY=VALUE",
        help="Override a value of the scenarios, e.g. load.rate=20/s; may be given again.",
    )
    group.addoption(
        "--keychaos-report",
        metavar="DIR",
        help="Keep a report of every run here; without, of failures in a temporary folder.",
    )


def _add_values(parser: pytest.Parser) -> None:
    """The ini file's."""
    parser.addini(PATHS, "Folders in which every YAML file is a scenario.", "paths", [])
    parser.addini("keychaos_world", "As --keychaos-world.", default="simulated")
    parser.addini("keychaos_client", "As --keychaos-client.", default="")
    parser.addini("keychaos_report", "As --keychaos-report.", default="")
    parser.addini(
        "keychaos_regions", "Regions of the fixtures' twin.", "args", ["us-south", "us-east"]
    )


def choices(config: pytest.Config) -> Choices:
    """The choices of this run. Raises UsageError for one that makes no sense."""
    world = config.getoption("--keychaos-world") or config.getini("keychaos_world")
    if world not in WORLDS:
        raise pytest.UsageError(f"keychaos_world must be {' or '.join(WORLDS)}, not {world!r}.")
    seeds, seed = config.getoption("--keychaos-seeds"), config.getoption("--keychaos-seed")
    if seeds < 1 or (seed is not None and seed < 0):
        raise pytest.UsageError("--keychaos-seeds is at least 1, --keychaos-seed at least 0.")
    report = config.getoption("--keychaos-report") or config.getini("keychaos_report")
    return Choices(
        world,
        config.getoption("--keychaos-client") or config.getini("keychaos_client") or None,
        seed,
        seeds,
        config.invocation_params.dir / report if report else None,
        tuple(config.getoption("--keychaos-set")),
    )


def packed(config: pytest.Config) -> tuple[Path, ...]:
    """The catalogue's files of the packs that were asked for. Raises UsageError for an unknown."""
    names = config.getoption("--keychaos-pack")
    if not names:
        return ()
    from chaos import shelf  # noqa: PLC0415 - not before it is asked for
    from chaos.scenario.catalogue import read_packs  # noqa: PLC0415 - as above

    known, where = shelf.catalogue(), shelf.packs()
    packs = read_packs(shelf.text_of(where), str(where), known)
    for name in names:
        if name not in packs:
            near = shelf.nearest(name, packs) or f" There are: {', '.join(packs)}."
            raise pytest.UsageError(f"--keychaos-pack={name}: there is no such pack.{near}")
    return tuple(known[member] for name in names for member in packs[name])


def folders(config: pytest.Config) -> tuple[Path, ...]:
    """The folders in which every YAML file is a scenario."""
    given = config.getoption("--keychaos-scenarios")
    asked = [config.invocation_params.dir / folder for folder in given]
    return tuple(folder.resolve() for folder in (*asked, *config.getini(PATHS)))
