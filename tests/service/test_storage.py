"""The storage seam: what is not kept is not acknowledged."""

import pytest

from chaos.service.instance import Instance
from chaos.service.storage import Forgetful
from tests.service.caller import Caller


class Full(Forgetful):
    """A disk without room."""

    def keep(self, instance: Instance, touched: frozenset[str], now: float) -> None:
        raise OSError("no space left")


def test_a_region_without_storage_keeps_nothing(south: Caller) -> None:
    assert Forgetful().load(south.instance.entropy) == {}


def test_what_cannot_be_kept_is_not_acknowledged(south: Caller) -> None:
    south.service._storage = Full()
    with pytest.raises(OSError, match="no space left"):
        south.create()
    south.ok("GET", "keys")
