"""The Locust child: one dispatcher user plays the open-loop plan, a greenlet for every arrival.

Locust drives, and counts for people who watch it; every verdict comes from the journal. Run as
`python -m chaos.run.load` by :mod:`chaos.run.stage`, in the way of :mod:`chaos.run.children`.
"""

import sys

# Locust patches the sockets when it is imported: before anything here opens one.
from locust import User, task  # isort: skip
from locust.env import Environment  # isort: skip

import json
import signal
import time
from pathlib import Path
from typing import Any

import gevent
from gevent.fileobject import FileObjectPosix

from chaos.client.call import Credential, Target
from chaos.errors import ScenarioError, WorldError
from chaos.run.blocking import BlockingWorld
from chaos.run.clients import factory_named
from chaos.run.fleet import Supply, fleet, starts
from chaos.run.journal import Journal
from chaos.run.operate import Sealed
from chaos.run.world import Event, Operated, run_blocking
from chaos.scenario import read

FLUSH_EVERY = 0.1
PATIENCE = 30.0


class Load:
    """One child's share of the load: its world, its journal and the plan."""

    def __init__(self, order: dict[str, Any]) -> None:
        plan = order["scenario"]
        self.scenario = read(plan["text"], plan["path"], plan["overrides"], plan["seed"])
        factory = factory_named(order["client"])
        supply = Supply(
            tuple(Target(**target) for target in order["targets"]),
            Credential(**order["credential"]),
            {
                int(client): tuple(Sealed(*pair) for pair in pairs)
                for client, pairs in order["sealed"].items()
            },
        )
        regions = tuple(region.name for region in self.scenario.regions)
        self.journal = Journal(Path(order["folder"]), regions)
        self.environment: Environment | None = None
        self._build = (factory, supply)
        self.world: BlockingWorld | None = None

    def play(self, zero: float, epoch: float) -> None:
        """Play the whole plan; returns when the last operation has ended."""
        self.world = BlockingWorld(zero, epoch, self.note)
        members = fleet(self.scenario, *self._build, epoch)
        run_blocking(self.world.play(starts(self.world, self.scenario, members)))

    def note(self, event: Event) -> None:
        """Journal an event, and let Locust count the operations for those who watch it."""
        self.journal.note(event)
        if isinstance(event, Operated) and self.environment is not None:
            self.environment.events.request.fire(  # type: ignore[no-untyped-call]
                request_type=event.kind,
                name=event.region,
                response_time=(event.ended - event.due) * 1000.0,
                response_length=0,
                exception=None if event.outcome == "ok" else RuntimeError(event.why),
                context={},
            )

    def flush_for_ever(self) -> None:
        """Hand records to the operating system ten times a second: a SIGKILL loses no more."""
        while True:
            gevent.sleep(FLUSH_EVERY)
            self.journal.flush()

    def stop(self) -> None:
        """End early: begin nothing more, keep what was recorded."""
        if self.world is not None:
            self.world.stop()


def run_under_locust(load: Load, zero: float, epoch: float) -> None:
    """Have a Locust runner spawn the one dispatcher user, and wait for its plan to end."""
    done = gevent.event.Event()

    class Dispatcher(User):
        """Plays the plan once; the runner spawns exactly one."""

        @task
        def play(self) -> None:
            """Play every arrival."""
            try:
                load.play(zero, epoch)
            finally:
                done.set()
            gevent.sleep(PATIENCE)

    environment = Environment(user_classes=[Dispatcher])
    load.environment = environment
    runner = environment.create_local_runner()
    environment.events.init.fire(  # type: ignore[no-untyped-call]
        environment=environment, runner=runner, web_ui=None
    )
    runner.start(1, spawn_rate=1)
    done.wait()
    runner.quit()


def main() -> int:
    """Read the order, say ready, wait for time zero, play, say done."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    said = FileObjectPosix(sys.stdin.fileno(), "rb", close=False)
    try:
        load = Load(json.loads(said.readline()))
    except (ScenarioError, WorldError) as error:
        print(error, file=sys.stderr)  # noqa: T201 - the last words that the parent passes on
        return 5
    _say({"ready": True, "monotonic": time.monotonic()})
    line = said.readline()
    if not line:
        return 0
    go = json.loads(line)

    def lifeline() -> None:
        said.read()
        load.stop()

    gevent.spawn(lifeline)
    gevent.spawn(load.flush_for_ever)
    try:
        run_under_locust(load, go["zero"], go["epoch"])
    finally:
        load.journal.close()
        if load.world is not None:
            load.world.close()
    dropped = load.world.dropped if load.world is not None else 0
    _say({"done": True, "dropped": dropped})
    return 0


def _say(line: dict[str, object]) -> None:
    sys.stdout.write(json.dumps(line) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
