"""Limits that a rule can be written with but that no run could break, or none could hold."""

from chaos.scenario.objective import Comparison
from chaos.scenario.vocabulary import Term

# Of these there must be none at all: what the rule would be with any other limit.
_NEVER = {
    "wrong_plaintext": "a data key that opens to another plaintext is never tolerated",
    "metastable": "a run is metastable, which is 1, or it is not",
}


def senseless(term: Term, comparison: Comparison, limit: float, shown: str) -> str | None:
    """Why a limit makes no sense and what would; None where it makes some.

    ``shown`` is the limit as it was written: a quantity, or a parameter's name.
    """
    written, is_share = f"'{comparison} {shown}'", term.unit == "share"
    whole = f"{term.name} is a count: write a whole number"
    fractional = term.unit == "count" and not limit.is_integer()
    more = "'> 0%', or more" if is_share else "more"
    checks = (
        (fractional, whole),
        (
            term.name in _NEVER and (comparison, limit) != ("==", 0),
            f"{_NEVER.get(term.name)}: write '{term.name} == 0'",
        ),
        (is_share and limit > 1, f"{term.name} is never above 100%"),
        (is_share and (comparison, limit) == (">", 1), f"no run can hold {written}"),
        ((comparison, limit) == ("<", 0), f"no run can hold {written}"),
        (
            (comparison, limit) == (">=", 0),
            f"every run holds {written}, whatever the clients do: write {more}",
        ),
        (
            is_share and comparison == "==" and limit != 1,
            f"{term.name} is never exactly {shown}: write '>='",
        ),
    )
    return next((text for wrong, text in checks if wrong), None)
