"""What deciding costs: one operation of the recommended policy beside what nobody can do without.

    python benchmarks/client_policy.py [--rounds 7] [--operations 20000]

An operation is begun, asked three times what to do and told of one answer that is read and checked;
no socket is touched. Beside it: parsing the answer's JSON alone, and building the same request as
httpx's object. Rounds alternate, medians of CPU time are printed, and their ratios are what counts.
"""

import argparse
import statistics
import time
from collections.abc import Callable
from random import Random

import httpx
import orjson

from chaos.client.call import Credential, Done, Target, Try, Wiring, Work
from chaos.client.presets import PRESETS, factory
from chaos.exchange import Answer

TARGETS = tuple(
    Target(region, f"http://{region}.invalid", "instance", "key") for region in ("south", "east")
)
WIRING = Wiring("client", TARGETS, Credential("key", "http://iam.invalid", "token", 0.0, 1e9), 0.0)
WORK = Work(1, "unwrap", ciphertext="Y2lwaGVy" * 20)
ANSWER = Answer(200, body=b'{"plaintext":"' + b"cGxh" * 11 + b'","keyVersion":{"id":"v1"}}')
OURS = "recommended"


def deciding(preset: str) -> Callable[[int], None]:
    """Operations of a client with that preset, half a second apart in its own time."""
    client = factory(PRESETS[preset])(WIRING, Random(1))

    def decide(operations: int) -> None:
        for number in range(operations):
            now = 0.5 * number
            call = client.begin(WORK, now)
            step = call.step(now)
            if not isinstance(step, Try):
                raise TypeError(step)
            call.step(now)
            call.observe(step.number, ANSWER, now + 0.02)
            if not isinstance(call.step(now + 0.02), Done):
                raise TypeError(step)

    return decide


def parsing(operations: int) -> None:
    """The JSON of the answers alone."""
    for _ in range(operations):
        orjson.loads(ANSWER.body)


def building(operations: int) -> None:
    """The same requests as httpx builds them."""
    headers = {"Authorization": "Bearer token", "Bluemix-Instance": "instance"}
    url = "http://south.invalid/api/v2/keys/key/actions/unwrap"
    for _ in range(operations):
        httpx.Request("POST", url, headers=headers, content=b'{"ciphertext":"Y2lwaGVy"}')


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--operations", type=int, default=20_000)
    wish = parser.parse_args()
    subjects: dict[str, Callable[[int], None]] = {
        OURS: deciding(OURS),
        "key-protect-docs": deciding("key-protect-docs"),
        "aws-adaptive": deciding("aws-adaptive"),
        "orjson.loads": parsing,
        "httpx.Request": building,
    }
    spent: dict[str, list[float]] = {name: [] for name in subjects}
    for _ in range(wish.rounds):
        for name, act in subjects.items():
            begun = time.process_time()
            act(wish.operations)
            spent[name].append((time.process_time() - begun) / wish.operations)
    costs = {name: statistics.median(each) for name, each in spent.items()}
    for name, cost in costs.items():
        told = f"{name:18} {cost * 1e6:7.2f} us, {cost / costs[OURS]:5.2f} of {OURS}"
        print(told)  # noqa: T201 - printing is what a benchmark is for


if __name__ == "__main__":
    main()
