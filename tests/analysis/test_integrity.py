from dataclasses import replace

from chaos.analysis.findings import Measured
from chaos.analysis.integrity import audited, integrity, key_rpo
from chaos.scenario.model import RootKey
from tests.analysis.made import BACKUP, HOME, Made, Tried


def ledger() -> Made:
    made = Made()
    made.operation(0, 1.0, Tried(HOME, 1.0, 1.1))
    made.wrapped(1, {HOME: "right", BACKUP: "right"})
    return made


def test_the_first_bad_entry_is_the_one_with_the_least_number() -> None:
    made = ledger()
    made.wrapped(9, {HOME: "right", BACKUP: "lost"}, why="422")
    made.wrapped(3, {HOME: "right", BACKUP: "lost"}, why="410")
    found = integrity(audited(made.run()))

    assert [each.number for each in found.lost] == [3, 9]
    assert (found.entries, found.right, found.missed) == (3, 1, 0)


def test_what_was_audited_but_is_not_in_the_ledger_does_not_count() -> None:
    made = ledger()
    run = made.run()
    stray = replace(run.audit[0], number=77, verdict="wrong")

    assert integrity(audited(replace(run, audit=(*run.audit, stray)))).share().value == 1.0


def test_key_rpo_is_nothing_where_every_key_opens_at_its_backup() -> None:
    assert key_rpo(audited(ledger().run()), 60.0) == Measured(0.0, "seconds", 1)


def test_a_key_that_does_not_open_at_its_backup_has_not_done_so_since_it_was_wrapped() -> None:
    made = ledger()
    made.wrapped(2, {HOME: "right", BACKUP: "lost"})
    # Wrapped at 1 s, and the run ended at 60 s: at least 59 s of keys would have been lost.
    found = key_rpo(audited(made.run()), 60.0)

    assert found == Measured(59.0, "seconds", 2, censored=True)


def test_a_key_that_only_its_own_region_lost_is_no_loss_at_the_backup() -> None:
    made = ledger()
    made.wrapped(2, {HOME: "lost", BACKUP: "right"})

    assert key_rpo(audited(made.run()), 60.0) == Measured(0.0, "seconds", 2)


def test_without_an_audit_of_every_key_there_is_no_key_rpo() -> None:
    made = ledger()
    made.wrapped(2, {HOME: "right"})

    assert key_rpo(audited(made.run()), 60.0) == Measured(None, "seconds", 0)


def rotated(*repeated: float) -> Made:
    """Two rotations, at 10 s and 20 s, and a data key wrapped soon after each."""
    made = ledger()
    both = {HOME: "right", BACKUP: "right"}
    made.wrapped(2, both, at=10.5, version="2")
    made.wrapped(3, both, at=14.0, version="2")
    made.wrapped(4, both, at=20.25, version="3")
    for at in repeated:
        made.decided(0, "rotation_repeated", at, BACKUP)
    return made


def test_a_key_of_a_new_version_waits_at_its_backup_until_the_rotation_is_repeated_there() -> None:
    # Key 2 waited from 10.5 to 13, key 3 not at all, key 4 from 20.25 to 21.
    assert key_rpo(audited(rotated(13.0, 21.0).run()), 60.0) == Measured(2.5, "seconds", 4)
    assert key_rpo(audited(rotated(10.0, 20.0).run()), 60.0) == Measured(0.0, "seconds", 4)


def test_where_a_rotation_was_not_seen_to_be_repeated_the_wait_is_not_known() -> None:
    assert key_rpo(audited(rotated(13.0).run()), 60.0) == Measured(None, "seconds", 0)


def test_a_key_that_never_opened_bounds_the_wait_from_below() -> None:
    made = rotated(13.0, 55.0)
    made.wrapped(5, {HOME: "right", BACKUP: "lost"}, at=50.0, version="3")
    # The fifth waited 10 s at least, and the fourth from 20.25 to 55.
    found = key_rpo(audited(made.run()), 60.0)

    assert found == Measured(34.75, "seconds", 5, censored=True)


def test_without_a_backup_nothing_waits_for_a_rotation() -> None:
    made = Made(faults=())
    made.healthy(0.0, 60.0)
    made.wrapped(1, {HOME: "right"}, version="1")
    made.wrapped(2, {HOME: "right"}, version="2", at=5.0)
    run = made.run()
    alone = replace(run, scenario=replace(run.scenario, keys=(RootKey("orders", (HOME,)),)))

    assert key_rpo(audited(alone), 60.0) == Measured(0.0, "seconds", 2)
