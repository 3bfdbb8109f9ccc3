"""The one seam to whatever keeps a region's instances: memory alone, or a shell's disk."""

from collections.abc import Mapping
from typing import Protocol

from chaos.service.instance import Entropy, Instance


class Storage(Protocol):
    """Where a region's instances come from and are kept."""

    def load(self, entropy: Entropy) -> Mapping[str, Instance]:
        """The instances as they were last kept, by id."""

    def keep(self, instance: Instance, touched: frozenset[str], now: float) -> None:
        """Keep an instance of which these keys may have changed at ``now``, UTC since 1970.

        Called before the answer that acknowledges the change is given; what raises here was not
        acknowledged.
        """


class Forgetful:
    """Keeps nothing: a region's life is its object's."""

    def load(self, entropy: Entropy) -> Mapping[str, Instance]:
        """No instances."""
        return {}

    def keep(self, instance: Instance, touched: frozenset[str], now: float) -> None:
        """Nothing to do."""
