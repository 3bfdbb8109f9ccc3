"""The scenario as it was played: what stands in place of the file's words, and all resolved."""

from dataclasses import replace

from chaos.errors import ScenarioError
from chaos.run.record import Run
from chaos.scenario import read
from chaos.scenario.writer import write

_PRESET = "preset:"


def changes(run: Run) -> tuple[str, ...]:
    """What of the file was played otherwise, each as the words of the command that say it."""
    found = [f"--set {word}" for word in run.scenario.overrides]
    if _written_seed(run) not in (None, run.seed):
        found.append(f"--seed {run.seed}")
    if run.policy.removeprefix(_PRESET) != run.scenario.clients.policy:
        found.append(f"--client {run.policy}")
    return tuple(found)


def resolved(run: Run) -> str:
    """The scenario as YAML with every override in place and every default stated.

    A client that is no preset has no place in the file: it stands among the changes.
    """
    scenario, policy = run.scenario, run.policy
    if policy.startswith(_PRESET):
        clients = replace(scenario.clients, policy=policy.removeprefix(_PRESET))
        scenario = replace(scenario, clients=clients)
    return write(replace(scenario, seed=run.seed))


def _written_seed(run: Run) -> int | None:
    """The seed of the file, None where the file cannot be read by itself any more."""
    try:
        return read(run.scenario.source, run.scenario.path, run.scenario.overrides, None).seed
    except ScenarioError:
        return None
