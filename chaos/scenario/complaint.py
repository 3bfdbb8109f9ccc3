"""What pydantic found wrong, said the way the rest of the tool speaks: place, cause, suggestion."""

import re
from collections.abc import Iterable
from typing import Annotated, Any, get_args, get_origin

from pydantic import BaseModel
from pydantic_core import ErrorDetails

from chaos.scenario.document import Leaf, Node, deepest, plain
from chaos.scenario.faults import KINDS
from chaos.scenario.form import ScenarioForm
from chaos.scenario.mistake import Mistake, did_you_mean
from chaos.scenario.quantity import shown

_NEEDS = {
    "int_type": "needs a whole number",
    "int_parsing_size": "needs a smaller number",
    "string_type": "needs text",
    "float_type": "needs a number",
    "bool_type": "needs true or false",
    "list_type": "needs a list",
    "dict_type": "needs a mapping of keys to values",
    "model_type": "needs a mapping of keys to values",
    "model_attributes_type": "needs a mapping of keys to values",
    "too_short": "needs at least one element",
    "string_too_short": "needs at least one letter",
    "string_pattern_mismatch": "needs a name of small letters, digits and dashes",
}


def mistakes(tree: Node, errors: Iterable[ErrorDetails]) -> list[Mistake]:
    """Each of pydantic's errors as a mistake at its place in the file."""
    return [_mistake(tree, error) for error in errors]


def _mistake(tree: Node, error: ErrorDetails) -> Mistake:
    keys = [key for key in error["loc"] if key != "[key]"]
    node = deepest(tree, keys)
    if error["type"] == "union_tag_invalid":
        node = deepest(node, ["kind"])
    return Mistake(node.place, _text(tree, keys, error))


def _text(tree: Node, keys: list[int | str], error: ErrorDetails) -> str:
    name = str(keys[-1]) if keys else "the file"
    given = "nothing" if error["input"] is None else f"'{shown(error['input'])}'"
    match error["type"]:
        case "missing":
            text = f"{_owner(tree, keys[:-1])} needs '{name}'"
        case "extra_forbidden":
            text = f"unknown key '{shown(name)}'{did_you_mean(name, _known_keys(keys[:-1]))}"
        case "value_error":
            text = f"{_subject(tree, keys)}{error['ctx']['error']}"
        case "union_tag_not_found":
            text = f"{_owner(tree, keys)} needs 'kind': one of {', '.join(KINDS)}"
        case "union_tag_invalid":
            kind = str(error["ctx"]["tag"])
            text = f"'{shown(kind)}' is not a kind of fault{did_you_mean(kind, KINDS)}"
        case "literal_error":
            words = re.findall("'([^']*)'", error["ctx"]["expected"])
            text = f"'{name}' cannot be {given}{did_you_mean(shown(error['input']), words)}"
        case _:
            text = f"{_owner(tree, keys)} {_need(error)}; got {given}"
    return text


def _need(error: ErrorDetails) -> str:
    bounds = {
        "greater_than": ("gt", "must be more than"),
        "greater_than_equal": ("ge", "must be at least"),
        "less_than": ("lt", "must be less than"),
        "less_than_equal": ("le", "must be at most"),
        "string_too_long": ("max_length", "must not be longer than"),
        "too_long": ("max_length", "must not have more elements than"),
    }
    if error["type"] in bounds:
        key, words = bounds[error["type"]]
        return f"{words} {error['ctx'][key]}"
    return _NEEDS.get(error["type"], "cannot be read")


def _owner(tree: Node, keys: list[int | str]) -> str:
    """What holds the mistake, in the file's words: 'clients', fault 'a', the scenario."""
    if not keys:
        return "the scenario"
    if isinstance(keys[0], str) and keys[0] == "faults" and len(keys) > 1:
        fault = deepest(tree, keys[:2])
        name = deepest(fault, ["name"])
        named = isinstance(name, Leaf) and name is not fault
        inner = [str(key) for key in keys[2:] if deepest(fault, [key]) is not fault]
        label = f"fault '{shown(plain(name))}'" if named else f"fault {keys[1]}"
        return f"'{'.'.join(inner)}' of {label}" if inner else label
    return f"'{'.'.join(str(key) for key in keys)}'"


def _subject(tree: Node, keys: list[int | str]) -> str:
    """What a message of ours is about; a rule and a region name speak for themselves."""
    if keys[:2] == ["objectives", "rules"] or (keys and isinstance(keys[-1], int)):
        return ""
    if keys and keys[-1] == "target":
        return ""
    return f"{_owner(tree, keys)} "


def _known_keys(keys: Iterable[int | str]) -> list[str]:
    """The keys that the form has at that place; pydantic's path goes by a fault's kind, too."""
    form: Any = ScenarioForm
    for key in keys:
        form = _below(form, key)
    return list(form.model_fields) if _is_model(form) else []


def _below(form: Any, key: int | str) -> Any:
    if _is_model(form):
        field = form.model_fields.get(key)
        return field.annotation if field else None
    while get_origin(form) is Annotated:
        form = get_args(form)[0]
    if get_origin(form) in (dict, list):
        return get_args(form)[-1]
    return KINDS.get(str(key))


def _is_model(form: Any) -> bool:
    return isinstance(form, type) and issubclass(form, BaseModel)
