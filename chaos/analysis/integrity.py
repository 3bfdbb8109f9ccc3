"""Data integrity: which ledger entries still open, where they should, to what was wrapped."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from chaos.analysis.findings import Measured
from chaos.run.record import Run
from chaos.run.world import Audited, Wrapped


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


@dataclass(frozen=True, slots=True, eq=False)
class Audit:
    """The audit's findings by region, each by the number of its ledger entry.

    ``wrapped`` is the ledger and ``regions`` those that should open every entry. ``repeated`` are
    the instants, in order, at which a rotation of the root key was repeated at each backup, and
    ``keys`` is how many root keys there are.
    """

    wrapped: Mapping[int, Wrapped]
    regions: tuple[str, ...]
    found: Mapping[str, Mapping[int, Audited]]
    repeated: Mapping[str, tuple[float, ...]]
    keys: int


def audited(run: Run) -> Audit:
    """The ledger and the audit, sorted for look-ups; what is not in the ledger is left out."""
    wrapped = {entry.number: entry for entry in sorted(run.ledger, key=lambda each: each.number)}
    regions = tuple(dict.fromkeys(name for key in run.scenario.keys for name in key.regions))
    found: dict[str, dict[int, Audited]] = {name: {} for name in regions}
    for each in run.audit:
        if each.number in wrapped and each.region in found:
            found[each.region][each.number] = each
    repeated: dict[str, tuple[float, ...]] = dict.fromkeys(regions, ())
    for decided in sorted(run.decisions, key=lambda each: each.decision.at):
        made = decided.decision
        if made.kind == "rotation_repeated" and made.region in repeated:
            repeated[made.region] += (made.at,)
    return Audit(wrapped, regions, found, repeated, len(run.scenario.keys))


def integrity(audit: Audit, regions: Sequence[str] = ()) -> Integrity:
    """The ledger held against the audit, in ``regions`` or in every region that has the key."""
    asked = [audit.found.get(name, {}) for name in regions or audit.regions]
    complete = set(audit.wrapped).intersection(*asked)
    odd = [each for found in asked for each in found.values() if each.verdict != "right"]
    odd.sort(key=lambda each: (each.number, each.region))
    bad = {each.number for each in odd}
    return Integrity(
        entries=len(audit.wrapped),
        right=len(complete - bad),
        missed=len(audit.wrapped) - len(complete),
        lost=tuple(each for each in odd if each.verdict == "lost"),
        wrong=tuple(each for each in odd if each.verdict == "wrong"),
    )


def key_rpo(audit: Audit, ended: float) -> Measured:
    """The longest time that an acknowledged data key did not open at its backup, in seconds.

    A data key that does not open elsewhere than where it was wrapped has not done so from its
    acknowledgement to the end of the run: a lower bound. One that was wrapped with a new version of
    the root key did not open at the backup until the rotation was repeated there, which the records
    say to the instant. Where the versions and the repetitions cannot be matched, nothing is known.
    """
    found = integrity(audit)
    if not found.entries or (found.missed and not (found.lost or found.wrong)):
        return Measured(None, "seconds", 0)
    bad = [
        audit.wrapped[each.number]
        for each in (*found.lost, *found.wrong)
        if each.region != audit.wrapped[each.number].region
    ]
    waited = _waited(audit)
    if not bad:
        return Measured(waited, "seconds", 0 if waited is None else found.entries)
    longest = max(ended - max(0.0, entry.at) for entry in bad)
    return Measured(max(0.0, longest, waited or 0.0), "seconds", found.entries, censored=True)


@dataclass(frozen=True, slots=True)
class Wait:
    """How long an entry waited for the rotation that made its version to be repeated at a backup.

    ``at`` is when it was repeated there; ``lasted`` is negative where that was before the wrap.
    """

    entry: Wrapped
    region: str
    at: float
    lasted: float


def longest_wait(audit: Audit) -> Wait | None:
    """The wait that was longest; None where there was none or the records do not show it."""
    return max(_waits(audit) or (), key=lambda each: each.lasted, default=None)


def _waited(audit: Audit) -> float | None:
    waits = _waits(audit)
    return None if waits is None else max((0.0, *(each.lasted for each in waits)))


def _waits(audit: Audit) -> list[Wait] | None:
    """Every wait of an entry for a backup; None where versions and repetitions do not match."""
    home, *backups = audit.regions
    own = sorted((e for e in audit.wrapped.values() if e.region == home), key=lambda each: each.at)
    versions = list(dict.fromkeys(entry.key_version for entry in own))
    if len(versions) <= 1:
        return []
    if audit.keys > 1 or any(len(audit.repeated[name]) != len(versions) - 1 for name in backups):
        return None
    # The first version was imported everywhere before time zero; each later one is a rotation's.
    return [
        Wait(entry, name, at, at - max(0.0, entry.at))
        for entry in own
        if entry.key_version != versions[0]
        for name in backups
        for at in (audit.repeated[name][versions.index(entry.key_version) - 1],)
    ]
