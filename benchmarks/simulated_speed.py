"""How long a scenario takes in virtual time: CPU seconds of its play, and how much faster that is.

    python -m benchmarks.simulated_speed [--scenario NAME] [--rounds 7]

Each round plays the whole scenario with the recommended client and keeps its records in memory;
reports are not written. What counts is how many seconds of the scenario one second of the processor
plays; that the play stays under a second is the goal for the default scenario, and where the
machine is too slow or too busy for it, it is said so.
"""

import argparse
import gc
import statistics
import time

from chaos import shelf
from chaos.client.presets import factory_for
from chaos.run.encoding import Memory
from chaos.run.simulation import simulate
from chaos.scenario import Scenario, read

SCENARIO, GOAL = "region-down-backup-key", 1.0
EPOCH = 1.8e9


def played(scenario: Scenario) -> tuple[float, int]:
    """CPU seconds of one play, and how many bytes of records it left."""
    kept = Memory(tuple(region.name for region in scenario.regions))
    gc.collect()
    begun = time.process_time()
    simulate(scenario, factory_for("recommended"), kept.note, EPOCH)
    return time.process_time() - begun, len(kept.attempts) + len(kept.operations)


def main() -> None:
    """Print the fastest and the median round."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--scenario", default=SCENARIO)
    parser.add_argument("--rounds", type=int, default=7)
    asked = parser.parse_args()
    path = shelf.find(asked.scenario)
    scenario = read(shelf.text_of(path), str(path))
    rounds = [played(scenario) for _ in range(asked.rounds)]
    took = [seconds for seconds, _ in rounds]
    least, middle = min(took), statistics.median(took)
    print(f"{asked.scenario}: {scenario.lasts:g} s of {scenario.clients.count} clients")  # noqa: T201 - printing is what a benchmark is for
    print(f"  CPU seconds: least {least:.2f}, median {middle:.2f} of {asked.rounds}")  # noqa: T201 - as above
    print(f"  {scenario.lasts / middle:.0f} x as fast as it happens")  # noqa: T201 - as above
    print(f"  goal < {GOAL:g} s: {'met' if middle < GOAL else 'FELL SHORT'}")  # noqa: T201 - as above


if __name__ == "__main__":
    main()
