"""What a scenario file may say, as a page of Markdown, made from what reads the file."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache
from typing import Any

from chaos.scenario.faults import KINDS
from chaos.scenario.schema import schema
from chaos.scenario.vocabulary import VOCABULARY, Term

GRAMMAR = """\
objective  = measure comparison limit
measure    = name [ "(" where { "," where } ")" ] [ "." statistic ]
where      = phase | region | operation | "group" name
           | "after failover" | "after" length | "every" length
phase      = "steady" | "fault" | "recovery"
length     = duration | name of a parameter
comparison = "<=" | ">=" | "<" | ">" | "=="
limit      = quantity with its unit | number | name of a parameter
"""
_HEAD = """\
# What a scenario file may say

This page is what `keychaos reference` prints: it is made from the models that read the file.

Quantities have units: `300ms`, `2s`, `1m`, `1h`, `120/s`, `99.9%`. A key that is not listed here is
a mistake, and `keychaos validate FILE` says where, and what the nearest right word is. Any value
can be overridden as the run starts: `--set load.rate=200/s`, `--set faults.NAME.lasts=30s`,
`--set objectives.rto=5s`.
"""
_RULES = """\
## Objectives

Under `objectives` stand `rules`, and any number of limits with names of your own (`rto: 10s`) that
rules refer to. A rule is one line:

```text
{grammar}```

`steady` is until the first fault takes effect, `fault` until the last one is healed, `recovery` the
rest. `after failover` leaves out what a client's operations suffered before it had failed over,
`after 5s` the first seconds of the phase, and `every 5s` holds the rule for each window of that
length. A rule of one value (`recover <= rto`) asks for being good again in time and staying so; one
with `every` is sustained: it never leaves the objective.

Whatever has no data, or was cut off before its limit was reached, is inconclusive and never passed.

"""
LISTED = 8
TYPES = {"integer": "a number", "boolean": "`true` or `false`", "string": "a word"}
_PARTS = {
    "RegionForm": "A region, under `regions.NAME`",
    "StandbyForm": "Its standby, under `regions.NAME.standby`",
    "ServiceForm": "The key service, under `service`",
    "ClientsForm": "Clients, under `clients`",
    "GroupForm": "A group of clients, under `clients.groups.NAME`",
    "LoadForm": "Load, under `load`",
    "MixForm": "The mix, under `load.operations`",
}
_COMMON = ("name", "kind", "at", "lasts", "target")


def reference() -> str:
    """The whole page."""
    parts = _parts()
    text = [_HEAD, *_fields("The file", schema())]
    for name, title in _PARTS.items():
        text += _fields(title, parts[name])
    text += _faults(parts)
    text.append(_RULES.format(grammar=GRAMMAR))
    text += _measures(VOCABULARY.values())
    return "\n".join(text)


@cache
def _parts() -> Mapping[str, Any]:
    parts: Mapping[str, Any] = schema()["$defs"]
    return parts


def _fields(title: str, form: Mapping[str, Any]) -> Iterator[str]:
    yield f"## {title}\n"
    yield from _table(("key", "value", "meaning"), _rows(form))


def _rows(form: Mapping[str, Any], without: Sequence[str] = ()) -> Iterator[Sequence[str]]:
    required = form.get("required", ())
    for name, field in form["properties"].items():
        if name not in without:
            told = field.get("description") or _of_part(field)
            yield f"`{name}`", _value(field, needed=name in required), told


def _of_part(field: Mapping[str, Any]) -> str:
    """What a field means that says no more than what its part of the schema does."""
    part: Mapping[str, Any] = _parts().get(field.get("$ref", "").rpartition("/")[2], {})
    return str(part.get("description", ""))


def _value(field: Mapping[str, Any], *, needed: bool) -> str:
    """What is written there, and whether it must be or what holds where it is not."""
    shape = _shape(next(each for each in field.get("anyOf", [field]) if each.get("type") != "null"))
    default = field.get("default")
    if needed:
        return f"{shape}, required" if shape else "required"
    if default is None or default in ({}, []):
        return shape
    said = str(default).lower() if isinstance(default, bool) else default
    return f"{shape}, else `{said}`"


def _shape(field: Mapping[str, Any]) -> str:
    """The choices, an example, or the type."""
    if field.get("type") == "array":
        inner = _shape(field["items"])
        return f"a list of {inner}" if inner else "a list"
    if "enum" in field:
        every = [f"`{each}`" for each in field["enum"]]
        return ", ".join(every if len(every) <= LISTED else [every[0], "…", every[-1]])
    if field.get("examples"):
        return "such as " + " or ".join(f"`{each}`" for each in field["examples"][:2])
    return TYPES.get(field.get("type", ""), "")


def _faults(parts: Mapping[str, Any]) -> Iterator[str]:
    yield "## Faults, a list under `faults`\n"
    yield "Every fault has `name`, `kind`, `at` and `lasts`, and but for those of the token service"
    yield "a `target`, which is a region. What else each kind takes:\n"
    rows = []
    for kind, form in KINDS.items():
        own = _rows(parts[form.__name__], _COMMON)
        takes = "<br>".join(f"{name}: {shape}. {told}" for name, shape, told in own)
        rows.append((f"`{kind}`", form.site, (form.__doc__ or "").strip(), takes))
    yield from _table(("kind", "where", "what happens", "takes"), rows)


def _measures(terms: Iterable[Term]) -> Iterator[str]:
    yield "### Measures\n"
    rows = [
        (
            f"`{term.name}`",
            term.unit,
            ", ".join(f"`.{each}`" for each in term.statistics),
            ", ".join(term.wheres),
            term.meaning,
        )
        for term in terms
    ]
    yield from _table(("measure", "unit", "statistics", "may be bounded by", "meaning"), rows)


def _table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[str]:
    yield "| " + " | ".join(heads) + " |"
    yield "| " + " | ".join("---" for _ in heads) + " |"
    for row in rows:
        yield "| " + " | ".join(" ".join(cell.split()).replace("|", "\\|") for cell in row) + " |"
    yield ""
