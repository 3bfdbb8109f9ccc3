"""One scenario, two worlds, one verdict: virtual time and real sockets agree on what matters."""

from pathlib import Path

import pytest
from click.testing import CliRunner

from chaos.analysis import analyse
from chaos.analysis.findings import Analysis
from chaos.cli import main
from chaos.run import stored

NAME = "region-down-backup-key"
PHASES = ("steady", "fault", "recovery")


def played(world: str, folder: Path, *words: str) -> Analysis:
    CliRunner().invoke(main, ["run", NAME, "--world", world, "--out", str(folder), *words])
    return analyse(stored.load(folder))


@pytest.mark.slow
@pytest.mark.parametrize("client", ["preset:recommended", "preset:key-protect-docs"])
def test_the_simulated_and_the_sockets_world_agree(tmp_path: Path, client: str) -> None:
    simulated = played("simulated", tmp_path / "simulated", "--client", client)
    sockets = played("sockets", tmp_path / "sockets", "--client", client)
    ours, theirs = dict(simulated.measures), dict(sockets.measures)

    def pair(measure: str) -> tuple[float, float]:
        first, second = ours[measure].value, theirs[measure].value
        assert first is not None
        assert second is not None
        return first, second

    assert simulated.verdict == sockets.verdict
    assert [each.verdict for each in simulated.findings] == [
        each.verdict for each in sockets.findings
    ]
    for phase in PHASES:
        first, second = pair(f"availability({phase})")
        assert second == pytest.approx(first, abs=0.003), phase
        first, second = pair(f"amplification({phase})")
        assert second == pytest.approx(first, rel=0.05), phase
    first, second = pair("failover.p50")
    assert ours["failover.p50"].censored == theirs["failover.p50"].censored
    assert second == pytest.approx(first, abs=max(0.1, 0.1 * first))
