"""The load under Locust: one dispatcher user plays the open-loop plan, a greenlet for each arrival.

Locust drives, and counts for people who watch it; every verdict comes from the journal. Run as
`python -m chaos.run.load` by :mod:`chaos.run.stage`, in the way of :mod:`chaos.run.children`; a
locustfile of one's own plays the same :class:`Load` by a :class:`Dispatcher` (`loadtests/`).
"""

import sys

# Locust patches the sockets when it is imported: before anything here opens one.
from locust import User, task  # isort: skip
from locust.env import Environment  # isort: skip

import contextlib
import json
import os
import signal
import time
from abc import abstractmethod
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, ClassVar

import gevent
from gevent import GreenletExit
from gevent.fileobject import FileObjectPosix

from chaos.client.call import Credential, Factory, Target
from chaos.errors import ScenarioError, WorldError
from chaos.run.blocking import BlockingWorld
from chaos.run.clients import factory_named, told
from chaos.run.fleet import Supply, fleet, starts
from chaos.run.journal import Journal
from chaos.run.lifeline import end_with_parent
from chaos.run.operate import Sealed
from chaos.run.world import Event, Operated, run_blocking
from chaos.scenario import Scenario, read

STDIN, STDOUT, STDERR = 0, 1, 2
FLUSH_EVERY = 0.1
PATIENCE = 30.0


class Load:
    """One process's share of the load: the plan, who plays it, its world and its journal.

    ``journal`` None keeps nothing. Set ``environment`` to have Locust count the operations.
    """

    def __init__(self, scenario: Scenario, factory: Factory, journal: Journal | None) -> None:
        self.scenario = scenario
        self.environment: Environment | None = None
        self.dropped = 0
        self._factory = factory
        self._journal = journal
        self._world: BlockingWorld | None = None

    def play(self, supply: Supply, zero: float, epoch: float) -> None:
        """Play the whole plan; returns when the last operation has ended.

        ``zero`` is time zero on the monotonic clock, ``epoch`` its UTC time in seconds since 1970.
        Raises what broke a client's own code, and WorldError where the journal cannot be kept.
        """
        world = self._world = BlockingWorld(zero, epoch, self.note)
        flusher = gevent.spawn(self._flush_for_ever, world)
        try:
            members = fleet(self.scenario, self._factory, supply, epoch)
            run_blocking(world.play(starts(world, self.scenario, members)))
        finally:
            flusher.kill()
            self.dropped = world.dropped
            world.close()

    def note(self, event: Event) -> None:
        """Journal an event, and let Locust count the operations for those who watch it."""
        if self._journal is not None:
            self._journal.note(event)
        if isinstance(event, Operated) and self.environment is not None:
            self.environment.events.request.fire(  # type: ignore[no-untyped-call]
                request_type=event.kind,
                name=event.region or "none asked",
                response_time=(event.ended - event.due) * 1000.0,
                response_length=0,
                exception=None if event.outcome == "ok" else RuntimeError(event.why),
                context={},
            )

    def stop(self) -> None:
        """End early: begin nothing more, keep what was recorded."""
        if self._world is not None:
            self._world.stop()

    def _flush_for_ever(self, world: BlockingWorld) -> None:
        """Hand records to the operating system ten times a second: a SIGKILL loses no more."""
        while self._journal is not None:
            gevent.sleep(FLUSH_EVERY)
            try:
                self._journal.flush()
            except WorldError as error:
                world.fail(error)
                return


class Dispatcher(User):
    """The one user that Locust spawns: `drive`, of a subclass, plays the plan; then Locust quits.

    What `drive` raised is kept in ``broken``, since Locust would log it and begin again.
    """

    abstract = True
    fixed_count = 1
    broken: ClassVar[BaseException | None] = None

    @task
    def play(self) -> None:
        """Play once."""
        try:
            self.drive()
        except GreenletExit:
            raise
        except BaseException as error:  # noqa: BLE001 - whoever started Locust tells it
            type(self).broken = error
        runner = self.environment.runner
        assert runner is not None
        # By another greenlet, because quitting kills this one.
        gevent.spawn(runner.quit)
        gevent.sleep(PATIENCE)

    @abstractmethod
    def drive(self) -> None:
        """Play the plan to its end."""


def run_under_locust(load: Load, play: Callable[[], None]) -> None:
    """Have a Locust runner spawn the one dispatcher, and wait until ``play`` has ended."""

    class Playing(Dispatcher):
        def drive(self) -> None:
            play()

    environment = load.environment = Environment(user_classes=[Playing])
    runner = environment.create_local_runner()
    environment.events.init.fire(  # type: ignore[no-untyped-call]
        environment=environment, runner=runner, web_ui=None
    )
    runner.start(1, spawn_rate=1)
    runner.greenlet.join()
    if Playing.broken is not None:
        raise Playing.broken


def main() -> int:
    """Read the order, say ready, wait for time zero, play, say done."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    hears, says = _apart()
    end_with_parent(hears)
    try:
        return _played(FileObjectPosix(hears, "rb", close=False), says)
    except (ScenarioError, WorldError) as error:
        sentence = str(error)
    except BaseException as error:  # noqa: BLE001 - a user's client may raise it
        sentence = f"the client broke: {told(error)}"
    # Behind all that the client printed: the last words are what the parent passes on.
    sys.stdout.flush()
    print(sentence, file=sys.stderr)  # noqa: T201 - as the parent expects it
    return 5


def _apart() -> tuple[int, int]:
    """Descriptors of the parent's own; what a client prints is no word of the protocol."""
    hears, says = os.dup(STDIN), os.dup(STDOUT)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, STDIN)
    os.close(nothing)
    os.dup2(STDERR, STDOUT)
    return hears, says


def _played(said: Any, says: int) -> int:
    order = json.loads(said.readline())
    with _ordered(order) as load:
        _say(says, {"ready": True, "monotonic": time.monotonic()})
        line = said.readline()
        if not line:
            return 0
        go = json.loads(line)

        def lifeline() -> None:
            said.read()
            load.stop()

        gevent.spawn(lifeline)
        supply = _supply(order).moved(go["moved"])
        run_under_locust(load, lambda: load.play(supply, go["zero"], go["epoch"]))
    _say(says, {"done": True, "dropped": load.dropped})
    return 0


@contextlib.contextmanager
def _ordered(order: dict[str, Any]) -> Iterator[Load]:
    plan = order["scenario"]
    scenario = read(plan["text"], plan["path"], plan["overrides"], plan["seed"])
    regions = tuple(region.name for region in scenario.regions)
    factory = factory_named(order["client"])
    with contextlib.closing(Journal(Path(order["folder"]), regions)) as journal:
        yield Load(scenario, factory, journal)


def _supply(order: dict[str, Any]) -> Supply:
    return Supply(
        tuple(Target(**target) for target in order["targets"]),
        Credential(**order["credential"]),
        {
            int(client): tuple(Sealed(*pair) for pair in pairs)
            for client, pairs in order["sealed"].items()
        },
    )


def _say(says: int, line: dict[str, object]) -> None:
    os.write(says, json.dumps(line).encode() + b"\n")


if __name__ == "__main__":
    sys.exit(main())
