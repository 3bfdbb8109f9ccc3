"""What a refusal said, for tests of messages and for properties over any input."""

from collections.abc import Callable
from typing import ParamSpec

from chaos.errors import ScenarioError

P = ParamSpec("P")


def refusal(action: Callable[P, object], *args: P.args, **kwargs: P.kwargs) -> str:
    """The message of the ScenarioError that the call raises; empty where it raises none."""
    try:
        action(*args, **kwargs)
    except ScenarioError as error:
        return str(error)
    return ""
