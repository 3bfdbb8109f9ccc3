"""The language of objectives: `availability(fault, after failover) >= 99%`.

::

    objective  = measure comparison limit
    measure    = name [ "(" where { "," where } ")" ] [ "." statistic ]
    where      = phase | region | operation | "group" name
               | "after failover" | "after" length | "every" length
    length     = duration | name of a parameter
    comparison = "<=" | ">=" | "<" | ">" | "=="
    limit      = quantity with its unit | number | name of a parameter

A recursive descent over the tokens of one line; every refusal is a ScenarioError that names the
column, what was expected and the nearest right word.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NoReturn, get_args

from chaos.errors import ScenarioError
from chaos.scenario.mistake import did_you_mean
from chaos.scenario.objective import Comparison, Measure, Objective, Unit
from chaos.scenario.quantity import EXAMPLES, PATTERN, Dimension, Quantity, shown
from chaos.scenario.quantity import parse as parse_quantity
from chaos.scenario.quantity import render as render_quantity
from chaos.scenario.sense import senseless
from chaos.scenario.vocabulary import (
    AFTER,
    AFTER_FAILOVER,
    EVERY,
    GROUP,
    OPERATIONS,
    PHASES,
    VOCABULARY,
    Term,
    Where,
)

LONGEST = 200
COMPARISONS: tuple[Comparison, ...] = get_args(Comparison)
DIMENSIONS: dict[Unit, Dimension] = {
    "seconds": "seconds",
    "share": "share",
    "ratio": "number",
    "count": "number",
    "rate": "rate",
}
_TOKEN = re.compile(
    rf" *(?:(?P<quantity>{PATTERN}(?:ms|s|m|h|%|/s)?)(?![\w.])"
    r"|(?P<word>[A-Za-z_][\w-]*)|(?P<comparison><=|>=|==|<|>)|(?P<mark>[(),.]))",
    re.ASCII,
)
# What people write who know other languages, and what it is here.
_INSTEAD = (
    (r"=<", "; did you mean '<='?"),
    (r"=>", "; did you mean '>='?"),
    (r"!?=", f"; a comparison is one of {' '.join(COMPARISONS)}"),
    (r"%|/s", "; a unit follows its number without a space, as in 99%"),
    (r"\t", "; write a space instead of a tab"),
    (r"[0-9.]+[eE][+-]?[0-9]", "; write the number out, as in 1000 or 0.001"),
    (r"[+-]", "; quantities have no sign"),
    (r"[0-9]", "; a quantity is a number and its unit: ms, s, m, h, % or /s"),
)


@dataclass(frozen=True, slots=True)
class _Token:
    kind: str  # a group of the pattern, or "end"
    text: str
    column: int


def parse(
    text: str,
    regions: Sequence[str] = (),
    parameters: Mapping[str, Quantity | None] | None = None,
    line: int = 0,
    groups: Sequence[str] = (),
) -> Objective:
    """Read one objective; ScenarioError says at which column it goes wrong and what is right.

    A parameter whose value is None is known but could not be read; its limit becomes 0.

    >>> rule = parse("failover.p95 <= rto", parameters={"rto": Quantity(10.0, "seconds")})
    >>> rule.measure, rule.comparison, rule.limit
    (Measure(name='failover', where=(), statistic='p95'), '<=', 10.0)
    >>> parse("availability(steady) >= 99.9")
    Traceback (most recent call last):
    ...
    chaos.errors.ScenarioError: 'availability(steady) >= 99.9', column 25: availability needs \
a share with a percent sign, such as 99.9%
    """
    return _Parser(text, tuple(regions), parameters or {}, tuple(groups)).objective(line)


def render(measure: Measure) -> str:
    """A measure as it is written in a rule.

    >>> render(Measure("availability", ("fault", "after failover")))
    'availability(fault, after failover)'
    """
    where = f"({', '.join(measure.where)})" if measure.where else ""
    return f"{measure.name}{where}" + (f".{measure.statistic}" if measure.statistic else "")


class _Parser:
    """One objective being read: its tokens and how far it has come."""

    def __init__(
        self,
        text: str,
        regions: tuple[str, ...],
        parameters: Mapping[str, Quantity | None],
        groups: tuple[str, ...],
    ) -> None:
        self._text = text
        self._groups = groups
        self._regions = regions
        self._parameters = parameters
        if len(text) > LONGEST:
            here = _Token("end", "", LONGEST + 1)
            self._refuse(here, f"a rule has at most {LONGEST} characters")
        self._tokens = self._tokenize()
        self._next = 0

    def objective(self, line: int) -> Objective:
        measure, term = self._measure()
        comparison = self._comparison(term)
        named = self._tokens[self._next]
        limit = self._limit(term, comparison)
        rest = self._take()
        if rest.kind != "end":
            self._refuse(rest, f"nothing may follow the limit, but here is '{rest.text}'")
        parameter = named.text if named.kind == "word" else ""
        text = self._text.strip()
        return Objective(text, measure, comparison, limit, term.unit, line, parameter)

    def _tokenize(self) -> list[_Token]:
        tokens: list[_Token] = []
        at, end = 0, len(self._text.rstrip())
        while at < end:
            match = _TOKEN.match(self._text, at)
            if match is None or match.lastgroup is None:
                rest = self._text[at:].lstrip(" ")
                word = re.split(r"[\s(),<>=]", rest, maxsplit=1)[0] or rest[0]
                here = _Token("mark", "", len(self._text) - len(rest) + 1)
                self._refuse(here, f"{shown(word)!r} means nothing here{_instead(rest)}")
            kind = match.lastgroup
            tokens.append(_Token(kind, match.group(kind), match.start(kind) + 1))
            at = match.end()
        tokens.append(_Token("end", "the end of the rule", end + 1))
        return tokens

    def _take(self) -> _Token:
        token = self._tokens[self._next]
        self._next = min(self._next + 1, len(self._tokens) - 1)
        return token

    def _took(self, mark: str) -> bool:
        if self._tokens[self._next].text != mark:
            return False
        self._next += 1
        return True

    def _refuse(self, token: _Token, text: str) -> NoReturn:
        raise ScenarioError(f"'{shown(self._text)}', column {token.column}: {text}")

    def _measure(self) -> tuple[Measure, Term]:
        token = self._take()
        term = VOCABULARY.get(token.text)
        if term is None:
            near = did_you_mean(token.text, VOCABULARY)
            self._refuse(token, f"'{token.text}' is not a measure{near}")
        where = self._where(term) if self._took("(") else ()
        return Measure(term.name, where, self._statistic(term)), term

    def _where(self, term: Term) -> tuple[str, ...]:
        words: dict[Where, str] = {}
        while True:
            token = self._take()
            text = self._phrase(token)
            place = self._place(token, text, term)
            if place in words:
                self._refuse(token, f"a second {place}; '{words[place]}' is one already")
            words[place] = text
            mark = self._take()
            if mark.text == ")":
                break
            if mark.text != ",":
                self._refuse(mark, f"expected ',' or ')', not '{mark.text}'")
        if "after failover" in words and words.get("phase") != "fault":
            self._refuse(token, "'after failover' is a part of the fault phase: name both")
        return tuple(words.values())

    def _phrase(self, token: _Token) -> str:
        """The words of one place: some are two, of which the second may be a length of time."""
        if token.text == AFTER and self._took("failover"):
            return AFTER_FAILOVER
        if token.text == GROUP:
            return self._group(token)
        if token.text not in (AFTER, EVERY):
            return token.text
        of = self._take()
        quantity: Quantity | None = None
        if of.kind == "quantity":
            quantity = parse_quantity(of.text)
        elif of.text in self._parameters:
            # One that could not be read has been complained about where it stands.
            quantity = self._parameters[of.text] or Quantity(1.0, "seconds")
        if quantity is None or quantity.dimension != "seconds" or quantity.value <= 0:
            as_failover = "as 'after failover' or " if token.text == AFTER else ""
            near = did_you_mean(of.text, ["failover"] if token.text == AFTER else [])
            text = f"'{token.text}' goes on {as_failover}with {EXAMPLES['seconds']}{near}"
            self._refuse(token, text)
        return f"{token.text} {render_quantity(quantity.value, 'seconds')}"

    def _group(self, token: _Token) -> str:
        of = self._take()
        if not self._groups:
            self._refuse(token, "the clients have no groups; they are named under 'clients.groups'")
        if of.text not in self._groups:
            near = did_you_mean(of.text, self._groups)
            self._refuse(of, f"'{of.text}' is not a group of clients{near}")
        return f"{GROUP} {of.text}"

    def _place(self, token: _Token, text: str, term: Term) -> Where:
        known: dict[str, Where] = dict.fromkeys(PHASES, "phase")
        known |= dict.fromkeys(OPERATIONS, "operation")
        known |= {AFTER_FAILOVER: "after failover"}
        known |= dict.fromkeys(self._regions, "region")
        known |= dict.fromkeys((f"{GROUP} {name}" for name in self._groups), "group")
        if token.text in (AFTER, EVERY) and text != AFTER_FAILOVER:
            known[text] = "after" if token.text == AFTER else "every"
        allowed = [word for word, place in known.items() if place in term.wheres]
        if text not in known:
            near = did_you_mean(text, allowed)
            self._refuse(token, f"'{text}' is no phase, region or operation here{near}")
        if known[text] not in term.wheres:
            told = text if known[text] == "group" else f"{known[text]} '{text}'"
            only = f"only by {', '.join(term.wheres)}" if term.wheres else "only for the whole run"
            self._refuse(token, f"{term.name} is measured {only}, not by {told}")
        return known[text]

    def _statistic(self, term: Term) -> str | None:
        if not self._took("."):
            if term.statistics:
                one_of = ", ".join(f"{term.name}.{name}" for name in term.statistics)
                self._refuse(self._tokens[self._next], f"{term.name} needs a statistic: {one_of}")
            return None
        token = self._take()
        if not term.statistics:
            self._refuse(token, f"{term.name} is one value and has no statistic '{token.text}'")
        if token.text not in term.statistics:
            near = did_you_mean(token.text, term.statistics)
            self._refuse(token, f"'{token.text}' is not a statistic of {term.name}{near}")
        return token.text

    def _comparison(self, term: Term) -> Comparison:
        token = self._take()
        if token.kind != "comparison":
            self._refuse(token, f"expected one of {' '.join(COMPARISONS)}, not '{token.text}'")
        comparison: Comparison = token.text  # type: ignore[assignment]  # the token's pattern
        right = "<=" if term.better == "lower" else ">="
        if comparison == "==":
            if term.unit in ("seconds", "ratio", "rate"):
                self._refuse(token, f"{term.name} is never exactly a value: write '{right}'")
        elif comparison[0] != right[0]:
            self._refuse(token, f"{term.name} is better when {term.better}: write '{right}'")
        return comparison

    def _limit(self, term: Term, comparison: Comparison) -> float:
        token = self._take()
        if token.kind == "word":
            quantity = self._parameter(token)
            if quantity is None:
                return 0.0
        elif token.kind == "quantity":
            quantity = parse_quantity(token.text)
        else:
            self._refuse(token, f"expected a limit, not '{token.text}'")
        if quantity.dimension != DIMENSIONS[term.unit]:
            self._refuse(token, f"{term.name} needs {EXAMPLES[DIMENSIONS[term.unit]]}")
        if text := senseless(term, comparison, quantity.value, token.text):
            self._refuse(token, text)
        return quantity.value

    def _parameter(self, token: _Token) -> Quantity | None:
        if token.text not in self._parameters:
            near = did_you_mean(token.text, self._parameters)
            self._refuse(token, f"'{token.text}' is not a parameter of the objectives{near}")
        return self._parameters[token.text]


def _instead(rest: str) -> str:
    """The end of a message about text that is no word of the language: what is, in its place."""
    return next((told for pattern, told in _INSTEAD if re.match(pattern, rest, re.ASCII)), "")
