import io
import json
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner
from rich.console import Console

from chaos.analysis.findings import Measured, Verdict
from chaos.cli import main
from chaos.errors import ScenarioError
from chaos.report import compared
from chaos.report.against import MeasureRow
from chaos.report.compare import compare, folders, load
from chaos.report.document import Document, document, encoded
from chaos.scenario.objective import Unit
from tests.report import made

GOOD, BAD = document(made.told("passed")), document(made.told("failed"))


def side(values: list[float | None], name: str = "failover.p95", unit: Unit = "seconds",
         *, censored: bool = False) -> tuple[Document, ...]:  # fmt: skip
    """Repetitions that differ in one measure only."""
    return tuple(
        replace(
            GOOD,
            identity=replace(GOOD.identity, seed=seed),
            measures={name: Measured(value, unit, 60, censored=censored)},
        )
        for seed, value in enumerate(values)
    )


def seeded(reports: list[Document], start: int = 0) -> tuple[Document, ...]:
    """The same reports as repetitions, each with a seed of its own."""
    return tuple(
        replace(told, identity=replace(told.identity, seed=seed))
        for seed, told in enumerate(reports, start)
    )


def row(before: tuple[Document, ...], after: tuple[Document, ...]) -> MeasureRow:
    (found,) = compare(before, after).measures
    return found


def test_the_same_run_twice_shows_no_regression() -> None:
    found = compare((GOOD,), (GOOD,))
    assert not found.regressed
    assert found.differences == ()
    assert {measure.change for measure in found.measures} <= {
        "too few repetitions",
        "one side only",
    }
    assert "too few to call a difference" in compared.claim(found)


def test_an_objective_that_no_longer_holds_is_a_regression_with_one_run() -> None:
    found = compare((GOOD,), (BAD,))
    assert found.regressed
    assert [o.rule for o in found.objectives if o.worse] == [
        "failover.p95 <= rto",
        "availability(fault, after failover) >= 99%",
    ]
    assert compare((BAD,), (GOOD,)).regressed is False
    assert found.differences == ("policy: recommended against preset:key-protect-docs",)


def test_a_measure_is_worse_only_with_enough_repetitions_and_effect() -> None:
    slow = [2.0, 2.1, 2.2, 2.3, 2.4, 2.5]
    fast = [1.0, 1.1, 1.2, 1.3, 1.4, 1.5]
    assert row(side([*fast]), side([*slow])).change == "worse"
    assert row(side([*slow]), side([*fast])).change == "better"
    assert row(side([*fast[:4]]), side([*slow])).change == "too few repetitions"
    hardly = [value * 1.1 for value in slow]
    assert row(side([*slow]), side([*hardly])).change == "no difference shown"


def test_what_is_missing_to_a_hundred_percent_counts_for_shares() -> None:
    name = "availability"
    before = side([0.9990, 0.9991, 0.9992, 0.9993, 0.9994], name, "share")
    after = side([0.9980, 0.9981, 0.9982, 0.9983, 0.9984], name, "share")
    found = row(before, after)
    assert found.change == "worse"
    assert found.effect == pytest.approx(0.001 / 0.0008, rel=1e-6)


def test_what_was_never_reached_is_worse_than_any_time() -> None:
    found = row(side([1.0] * 5), side([20.0] * 5, censored=True))
    assert found.change == "worse"
    assert found.after.censored == 5
    assert "not reached" in compared.summary(
        compare(side([1.0] * 5), side([20.0] * 5, censored=True))
    )


def test_a_measure_without_a_value_on_one_side_is_not_judged() -> None:
    assert row(side([1.0] * 5), side([None] * 5)).change == "one side only"


def test_an_objective_that_always_held_and_fails_once_is_a_regression_with_any_number() -> None:
    for many in (1, 4, 5, 6, 10, 20):
        good = seeded([GOOD] * many)
        found = compare(good, (*good[:-1], seeded([BAD] * many)[-1]))
        assert found.regressed, many
        assert "no longer held" in compared.claim(found)


def test_a_single_bad_run_proves_nothing_of_an_objective_that_failed_before() -> None:
    before = seeded([BAD, *[GOOD] * 19])
    assert not compare(before, seeded([BAD, BAD, *[GOOD] * 18])).regressed
    assert compare(before, seeded([BAD] * 12 + [GOOD] * 8)).regressed
    assert not compare(seeded([BAD] * 12 + [GOOD] * 8), before).regressed


def test_a_side_is_a_run_or_a_folder_of_runs(tmp_path: Path) -> None:
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "findings.json").write_bytes(encoded(made.told("passed")))
    assert load(tmp_path / "one") == (GOOD,)
    assert len(load(tmp_path)) == 2


@pytest.mark.parametrize("content", [b"", b"{}", b"[1]"])
def test_a_file_that_is_no_report_is_named(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "findings.json").write_bytes(content)
    with pytest.raises(ScenarioError, match="is not a report's findings"):
        load(tmp_path)


def test_a_folder_without_reports_says_how_to_make_one(tmp_path: Path) -> None:
    with pytest.raises(ScenarioError, match="keychaos report"):
        load(tmp_path)


def test_markdown_and_terminal_say_the_same_claim() -> None:
    found = compare((GOOD,), (BAD,))
    text = compared.summary(found)
    stream = io.StringIO()
    compared.show(found, Console(file=stream, width=80, highlight=False))
    said = stream.getvalue()
    assert "no longer held: failover.p95 <= rto" in " ".join(said.split())
    assert "no longer held: failover.p95 \\<= rto" in text
    assert all(len(line) <= 80 for line in said.splitlines())
    assert json.loads(compared.encoded(found))["regressed"] is True


def test_runs_with_the_same_seeds_are_compared_pair_by_pair() -> None:
    # The luck of the seed scatters far more than the change, which is the same for every seed.
    luck = [1.0, 9.0, 3.0, 7.0, 2.0, 8.0, 4.0]
    before, after = side([*luck]), side([value * 1.4 + 0.01 * value**2 for value in luck])
    found = row(before, after)
    assert (found.pairs, found.change) == (7, "worse")
    shuffled = tuple(
        replace(told, identity=replace(told.identity, seed=told.identity.seed + 100))
        for told in after
    )
    assert (row(before, shuffled).pairs, row(before, shuffled).change) == (0, "no difference shown")


def test_a_median_of_nothing_is_no_yardstick() -> None:
    # Nothing was measured in most runs of A: B's shift is held against A's mean.
    mostly = row(side([0.0, 0.0, 0.0, 0.4, 0.6]), side([1.0, 1.0, 1.0, 1.0, 1.0]))
    assert mostly.effect == pytest.approx(1.0 / 0.2)
    # A fifth of a millisecond is no more than nothing, in twelve runs of twelve as well.
    hardly = row(side([0.0] * 12), side([0.0002] * 12))
    assert hardly.p is not None
    assert hardly.p < 0.001
    assert hardly.effect == pytest.approx(0.2)
    assert hardly.change == "no difference shown"
    assert row(side([0.0] * 12), side([0.05] * 12)).change == "worse"


def test_any_share_that_is_lost_from_the_whole_is_infinitely_worse() -> None:
    found = row(side([1.0] * 7, "integrity", "share"), side([0.99999] * 7, "integrity", "share"))
    assert (found.effect, found.change) == (float("inf"), "worse")


def test_pairs_of_which_as_many_lost_as_gained_are_not_worse() -> None:
    never = Measured(20.0, "seconds", 60, censored=True)
    reached = side([1.0] * 8)
    lost = [replace(told, measures={"failover.p95": never}) for told in reached]
    one = (*lost[:4], *reached[4:])
    other = (*reached[:4], *lost[4:])
    assert (row(one, other).effect, row(one, other).change) == (0.0, "no difference shown")


def test_float_dust_is_no_effect() -> None:
    almost = [0.1 + 0.2] * 7
    found = row(side([0.3] * 7), side([*almost]))
    assert (found.effect, found.change) == (0.0, "no difference shown")


def test_an_aborted_run_is_never_held_to_be_no_worse() -> None:
    aborted = document(made.told("aborted"))
    found = compare((GOOD,), (aborted,))
    assert found.verdict == "aborted"
    assert "B is aborted" in found.gaps
    assert compared.claim(found).startswith("B cannot be held against A: B is aborted")


def test_an_inconclusive_run_on_either_side_leaves_the_comparison_open() -> None:
    open_ended = document(made.told("inconclusive"))
    for before, after in ((GOOD, open_ended), (open_ended, GOOD)):
        found = compare((before,), (after,))
        assert (found.regressed, found.verdict) == (False, "inconclusive")
        assert compared.claim(found).startswith("Whether B regressed cannot be said: ")
    assert "1 of 2 runs of B is inconclusive" in compare((GOOD,), (GOOD, open_ended)).gaps


def test_an_aborted_baseline_is_none() -> None:
    found = compare((document(made.told("aborted")),), (GOOD,))
    assert (found.verdict, found.gaps) == ("inconclusive", ("A is aborted",))


def test_an_objective_and_a_measure_that_b_no_longer_tells_are_named() -> None:
    fewer = replace(
        GOOD, objectives=GOOD.objectives[1:], measures={"recover": GOOD.measures["recover"]}
    )
    found = compare((GOOD,), (fewer,))
    lost = GOOD.measures.keys() - {"recover"}
    assert found.verdict == "inconclusive"
    assert found.gaps[0] == f"B does not state {GOOD.objectives[0].rule}"
    assert set(found.gaps[1:]) == {f"B does not measure {name}" for name in lost}
    text = compared.summary(found)
    assert text.startswith("## ? Whether B regressed cannot be said")
    assert "- Not compared: B does not measure failover.p95" in text
    assert json.loads(compared.encoded(found))["verdict"] == "inconclusive"
    # What B tells and A did not is no loss.
    assert compare((fewer,), (GOOD,)).verdict == "passed"


def test_a_run_with_nothing_to_measure_is_chance_and_many_of_them_are_a_loss() -> None:
    some = side([1.0, None, 1.0, None, 1.0])
    assert compare(side([1.0] * 5), some).verdict == "passed"
    assert compare(side([1.0]), side([None])).verdict == "passed"
    assert compare(side([1.0] * 5), side([None] * 5)).gaps == (
        "failover.p95 is measured in 0 of 5 runs of B, 5 of 5 of A",
    )


@pytest.mark.parametrize(
    ("verdict", "code"), [("passed", 0), ("failed", 1), ("inconclusive", 3), ("aborted", 4)]
)
def test_failing_on_a_regression_is_never_green_where_nobody_can_tell(
    verdict: Verdict, code: int, tmp_path: Path
) -> None:
    for name, told in (("a", made.told("passed")), ("b", made.told(verdict))):
        (tmp_path / name).mkdir()
        (tmp_path / name / "findings.json").write_bytes(encoded(told))
    words = ["compare", str(tmp_path / "a"), str(tmp_path / "b")]

    assert CliRunner().invoke(main, words).exit_code == 0
    assert CliRunner().invoke(main, [*words, "--fail-on", "regression"]).exit_code == code


@pytest.mark.parametrize(("name", "unit"), [("switches.max", "count"),
                                            ("server_amplification", "ratio")])  # fmt: skip
def test_what_is_neither_good_nor_bad_by_itself_is_only_changed(name: str, unit: Unit) -> None:
    lower, higher = side([0.7] * 6, name, unit), side([1.0] * 6, name, unit)
    for before, after in ((lower, higher), (higher, lower)):
        found = compare(before, after)
        assert [row.change for row in found.measures] == ["changed"]
        assert found.verdict == "passed"
        said = compared.summary(found)
        assert "better:" not in said
        assert "worse:" not in said
    assert row(lower, higher).effect == pytest.approx(0.3 / 0.7)


def test_what_a_rule_bounds_is_good_or_bad_on_that_side() -> None:
    rule = replace(GOOD.objectives[0], rule="switches.max <= 3", comparison="<=")
    lower, higher = (
        tuple(replace(told, objectives=(rule,)) for told in side([v] * 6, "switches.max", "count"))
        for v in (1.0, 2.0)
    )
    assert row(lower, higher).change == "worse"
    assert row(higher, lower).change == "better"


def test_what_better_service_costs_is_no_regression() -> None:
    def both(served: float, rest: float) -> tuple[Document, ...]:
        steady = Measured(rest, "seconds", 60)
        return tuple(
            replace(told, measures={**told.measures, "time_to_steady": steady})
            for told in side([served] * 6, "availability", "share")
        )

    stayed, left = both(0.758, 1.8), both(1.0, 15.2)
    found = compare(stayed, left)
    assert [each.change for each in found.measures] == ["better", "changed"]
    assert found.verdict == "passed"
    # Nor does who gives up come to rest any better.
    assert [each.change for each in compare(left, stayed).measures] == ["worse", "changed"]
    # As well served, it is worse.
    assert [e.change for e in compare(both(1.0, 1.8), left).measures][1] == "worse"


def test_a_measure_that_is_neither_good_nor_bad_is_no_loss_where_b_has_none() -> None:
    before, after = (side([v] * 6, "backoff_growth", "ratio") for v in (2.0, None))
    assert compare(before, after).gaps == ()


def test_of_many_names_the_claim_tells_the_first_and_how_many_more() -> None:
    slow = {f"response.p{n}": Measured(float(n), "seconds", 60) for n in range(1, 25)}
    quick = {name: replace(one, value=(one.value or 0.0) / 2) for name, one in slow.items()}
    before, after = (
        tuple(replace(told, measures=found) for told in seeded([GOOD] * 6))
        for found in (quick, slow)
    )
    told = compared.claim(compare(before, after))
    assert told == (
        "B regressed: worse: response.p1, response.p2, response.p3, response.p4 and 20 more."
    )
    assert "`response.p24`" in compared.summary(compare(before, after))


def test_a_folder_held_against_itself_is_said_and_never_green(tmp_path: Path) -> None:
    (tmp_path / "findings.json").write_bytes(encoded(made.told("passed")))
    found = folders(tmp_path, tmp_path / ".." / tmp_path.name)
    assert compared.claim(found).startswith(
        "Whether B regressed cannot be said: A and B are the same folder."
    )
    words = ["compare", str(tmp_path), str(tmp_path), "--fail-on", "regression"]
    assert CliRunner().invoke(main, words).exit_code == 3


def test_sides_of_different_scenarios_are_said_in_the_claim() -> None:
    other = replace(GOOD, identity=replace(GOOD.identity, scenario="a-storm"))
    found = compare((GOOD,), (other,))
    assert "different scenarios, region-down-backup-key and a-storm." in compared.claim(found)


def test_the_terminal_says_at_which_level_and_by_which_method() -> None:
    stream = io.StringIO()
    console = Console(file=stream, width=80, highlight=False)
    compared.show(compare((GOOD,), (BAD,)), console)
    said = " ".join(stream.getvalue().split())
    for words in ("at 95 %", "order statistics", "Wilson", "98%", "Mann-Whitney"):
        assert words in said
