"""The quotas of a region: the standing one, and those of faults, of which the newest counts."""

from http import HTTPStatus

from chaos.exchange import Answer
from chaos.service.aim import Aim
from chaos.service.api import KeyService
from chaos.service.faults import QuotaFault
from chaos.service.injected import Injected
from chaos.service.quota import Buckets, Quota
from chaos.service.refusal import Refusal
from chaos.service.suffered import asking, refused


class Quotas:
    """Which quota an instance is under, and how much of it is left."""

    def __init__(self, standing: Quota | None) -> None:
        self.standing = None if standing is None else Buckets(standing)
        self._faults: tuple[tuple[Injected, str, Buckets], ...] = ()
        self.none = standing is None

    def arrange(self, faults: tuple[Injected, ...]) -> None:
        """Have these faults' quotas, the newest last; buckets of those that stay are kept."""
        known = {id(each): buckets for each, _, buckets in self._faults}
        arranged = []
        for each in reversed(faults):
            fault = each.fault
            assert isinstance(fault, QuotaFault)
            arranged.append((each, fault.instance, known.get(id(each)) or Buckets(fault)))
        self._faults = tuple(arranged)
        self.none = self.standing is None and not arranged

    def refuse(
        self, service: KeyService, aim: Aim, headers: dict[str, str], now: float
    ) -> Answer | None:
        """The answer to a request over its instance's quota; None for one that may go on.

        Only who may use an instance uses up its quota.
        """
        if self.none or aim.operation == "token":
            return None
        try:
            service.identify(headers, now)
        except Refusal:
            return None
        for each, instance, buckets in self._faults:
            if instance in ("", aim.instance):
                each.counts.eligible += 1
                each.counts.matched += 1
                answer = _over(buckets, aim, headers, now)
                if answer is not None:
                    each.counts.touch(now)
                return answer
        return None if self.standing is None else _over(self.standing, aim, headers, now)


def _over(buckets: Buckets, aim: Aim, headers: dict[str, str], now: float) -> Answer | None:
    wait = buckets.take(aim.instance, now)
    if wait <= 0.0:
        return None
    quota = buckets.quota
    answer = refused(HTTPStatus.TOO_MANY_REQUESTS, aim, headers["correlation-id"])
    return asking(answer, wait if quota.tells else None, quota.retry_after_form, now)
