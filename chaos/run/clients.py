"""Which client plays a scenario: `preset:NAME`, `mutant:NAME`, or `module:factory` of one's own."""

import importlib
import sys
import traceback
from collections.abc import Callable
from random import Random
from typing import Any

from chaos.client import mutants, presets
from chaos.client.call import Client, Factory, Wiring
from chaos.errors import ScenarioError

METHODS = ("begin", "decisions")
NAMED = {"preset": presets.factory_for, "mutant": mutants.factory_for}


def factory_named(word: str) -> Factory:
    """The factory that ``word`` names: `preset:recommended`, `mypackage.client:build`.

    Raises ScenarioError that says what was looked for and where; so does the factory where what it
    names breaks or builds no client.
    """
    kind, _, rest = word.partition(":")
    if kind in NAMED:
        return NAMED[kind](rest)
    if not rest or not kind:
        right = "say preset:NAME, mutant:NAME or module:factory, e.g. preset:recommended"
        raise ScenarioError(f"--client {word}: {right}.")
    # The console script's own folder is first on the path, not the one the user stands in.
    if "" not in sys.path:
        sys.path.insert(0, "")
    try:
        module = importlib.import_module(kind)
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # anything may go wrong in a module of the user's own
        sentence = f"--client {word}: module {kind!r} cannot be imported: {told(error)}."
        raise ScenarioError(sentence) from error
    factory = getattr(module, rest, None)
    if not callable(factory):
        raise ScenarioError(f"--client {word}: {kind!r} has no callable named {rest!r}.")
    return _checked(word, factory)


def _checked(word: str, factory: Callable[..., Any]) -> Factory:
    def build(wiring: Wiring, rng: Random) -> Client:
        try:
            client: Client = factory(wiring, rng)
        except KeyboardInterrupt:
            raise
        except BaseException as error:
            sentence = f"--client {word}: no client could be built: {told(error)}."
            raise ScenarioError(sentence) from error
        lacking = [name for name in METHODS if not callable(getattr(client, name, None))]
        if lacking:
            what = type(client).__name__
            raise ScenarioError(f"--client {word}: it built a {what}, which has no {lacking[0]}().")
        return client

    return build


def told(error: BaseException) -> str:
    """What went wrong in code that is not ours, and where, as part of a sentence."""
    if isinstance(error, SyntaxError):
        return f"{type(error).__name__}: {error.msg} ({error.filename}:{error.lineno})"
    places = traceback.extract_tb(error.__traceback__)
    where = f" ({places[-1].filename}:{places[-1].lineno})" if places else ""
    # In one line, as whatever it is told in is one sentence.
    said = " ".join(f"{type(error).__name__}: {error}".split()).rstrip(".: ")
    return f"{said}{'' if isinstance(error, ImportError) else where}"
