"""The program that injects and heals faults when their time comes."""

from collections.abc import Iterable

from chaos.run.world import World
from chaos.scenario.model import Change


async def nemesis(world: World, changes: Iterable[Change]) -> None:
    """Apply every change at its time, in order, and note what took effect."""
    for change in changes:
        await world.sleep_until(change.at)
        world.note(await world.apply(change))
