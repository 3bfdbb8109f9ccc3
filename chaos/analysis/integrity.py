"""Data integrity: which ledger entries still open, where they should, to what was wrapped."""

from collections.abc import Sequence
from dataclasses import dataclass

from chaos.analysis.findings import Measured
from chaos.run.record import Run
from chaos.run.world import Audited


@dataclass(frozen=True, slots=True)
class Integrity:
    """What the audit of one region, or of all that should open the keys, came to.

    ``entries`` is the number of data keys in the ledger, ``right`` of which open everywhere asked.
    ``missed`` were not audited everywhere. ``lost`` and ``wrong`` are the audit's own words.
    """

    entries: int
    right: int
    missed: int
    lost: tuple[Audited, ...]
    wrong: tuple[Audited, ...]

    def share(self) -> Measured:
        """The share of data keys that are right; nothing where the audit missed some and found no
        fault, since what was not measured is never right."""
        if not self.entries or (self.missed and not (self.lost or self.wrong)):
            return Measured(None, "share", 0)
        return Measured(self.right / self.entries, "share", self.entries)

    def wrong_plaintext(self) -> Measured:
        """How many data keys opened to another plaintext than was wrapped."""
        if not self.entries or (self.missed and not self.wrong):
            return Measured(None, "count", 0)
        return Measured(float(len({each.number for each in self.wrong})), "count", self.entries)


def integrity(run: Run, regions: Sequence[str] = ()) -> Integrity:
    """The ledger held against the audit, in ``regions`` or in every region that has the key."""
    asked = tuple(regions) or tuple({name for key in run.scenario.keys for name in key.regions})
    entries = {entry.number for entry in run.ledger}
    audited = [each for each in run.audit if each.region in asked and each.number in entries]
    seen: dict[int, set[str]] = {}
    for each in audited:
        seen.setdefault(each.number, set()).add(each.region)
    complete = {number for number, where in seen.items() if len(where) == len(asked)}
    order = sorted(audited, key=lambda each: (each.number, each.region))
    lost = tuple(each for each in order if each.verdict == "lost")
    wrong = tuple(each for each in order if each.verdict == "wrong")
    bad = {each.number for each in (*lost, *wrong)}
    return Integrity(
        entries=len(entries),
        right=len(complete - bad),
        missed=len(entries - complete),
        lost=lost,
        wrong=wrong,
    )


def key_rpo(run: Run) -> Measured:
    """The longest time that an acknowledged data key did not open at its backup, in seconds.

    A data key that does not open elsewhere than where it was wrapped has not done so from its
    acknowledgement to the end of the run: a lower bound. Where every one opens the loss is 0; when
    exactly each began to, between its wrap and the audit, no client asked.
    """
    found = integrity(run)
    if not found.entries or (found.missed and not (found.lost or found.wrong)):
        return Measured(None, "seconds", 0)
    wrapped = {entry.number: entry for entry in run.ledger}
    bad = [wrapped[each.number] for each in (*found.lost, *found.wrong)
           if each.region != wrapped[each.number].region]  # fmt: skip
    if not bad:
        return Measured(0.0, "seconds", found.entries)
    longest = max(run.ended - max(0.0, entry.at) for entry in bad)
    return Measured(max(0.0, longest), "seconds", found.entries, censored=True)
