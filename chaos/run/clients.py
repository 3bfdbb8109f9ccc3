"""Which client plays a scenario: `preset:NAME`, or `module:factory` of the user's own."""

import importlib
import sys
from typing import cast

from chaos.client.call import Factory
from chaos.client.presets import factory_for
from chaos.errors import ScenarioError


def factory_named(word: str) -> Factory:
    """The factory that ``word`` names: `preset:recommended`, `mypackage.client:build`.

    Raises ScenarioError that says what was looked for and where.
    """
    kind, _, rest = word.partition(":")
    if kind == "preset":
        return factory_for(rest)
    if not rest:
        raise ScenarioError(
            f"--client {word}: say preset:NAME or module:factory, e.g. preset:recommended."
        )
    # The console script's own folder is first on the path, not the one the user stands in.
    if "" not in sys.path:
        sys.path.insert(0, "")
    try:
        module = importlib.import_module(kind)
    except ImportError as error:
        sentence = f"--client {word}: module {kind!r} cannot be imported: {error}."
        raise ScenarioError(sentence) from error
    factory = getattr(module, rest, None)
    if not callable(factory):
        raise ScenarioError(f"--client {word}: {kind!r} has no callable named {rest!r}.")
    return cast("Factory", factory)
