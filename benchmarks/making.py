"""What making a frozen dataclass costs: as the standard library does it, quickly, and mutable.

    python -m benchmarks.making

Ratios to a mutable dataclass of the same fields, measured in turns in one process; the median of
the rounds.
"""

from dataclasses import make_dataclass
from functools import partial
from statistics import median
from timeit import Timer

from chaos.quick import quick

ROUNDS, NUMBER = 15, 50_000


def main() -> None:
    """Print a row for each number of fields."""
    rows = ["fields  frozen  quick   (times a mutable one)"]
    for count in (3, 6, 9):
        names = [f"field_{number}" for number in range(count)]
        kinds = {
            "mutable": make_dataclass("Mutable", names, slots=True),
            "frozen": make_dataclass("Frozen", names, slots=True, frozen=True),
            "quick": quick(make_dataclass("Quick", names, slots=True, frozen=True)),
        }
        values = tuple(range(count))
        timers = {name: Timer(partial(kind, *values)) for name, kind in kinds.items()}
        ratios: dict[str, list[float]] = {"frozen": [], "quick": []}
        for _ in range(ROUNDS):
            took = {name: timer.timeit(NUMBER) for name, timer in timers.items()}
            for name, found in ratios.items():
                found.append(took[name] / took["mutable"])
        frozen, fast = (median(ratios[name]) for name in ("frozen", "quick"))
        rows.append(f"{count:>6}  {frozen:>5.1f}x  {fast:>5.1f}x")
    print("\n".join(rows))  # noqa: T201 - printing is what a benchmark is for


if __name__ == "__main__":
    main()
