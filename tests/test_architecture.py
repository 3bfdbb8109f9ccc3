"""The house keeps its rules: layers, purity, size, names, and a test for every module.

The rules themselves, and that each can fail, are in `tests/architecture/`.
"""

import subprocess
from collections.abc import Iterable
from pathlib import Path

import chaos
from tests.architecture import rules
from tests.architecture.tree import load

ROOT = Path(__file__).parents[1]
TREE = load(ROOT / "chaos")
TESTS = load(ROOT / "tests")

# From the ground up; a module may use what stands below it, and its own package beside it.
FLOORS: tuple[tuple[str, ...], ...] = (
    ("chaos.errors", "chaos.exchange"),
    ("chaos",),
    (
        *("chaos.proxy.toxics", "chaos.proxy.stage", "chaos.proxy.link"),
        *("chaos.service.keys", "chaos.service.refusal"),
    ),
    ("chaos.scenario", "chaos.client", "chaos.service", "chaos.proxy"),
    ("chaos.run",),
    (
        *("chaos.client.connection", "chaos.client.transport", "chaos.client.key_client"),
        *("chaos.service.server", "chaos.service.protocol"),
        *("chaos.proxy.server", "chaos.proxy.engine", "chaos.proxy.gate", "chaos.proxy.connection"),
        *("chaos.proxy.address", "chaos.proxy.alarm", "chaos.proxy.http"),
        *("chaos.proxy.client", "chaos.proxy.control"),
        *("chaos.run.journal", "chaos.run.tail", "chaos.run.stored", "chaos.run.children"),
    ),
    (
        *("chaos.run.simulated", "chaos.run.simulation", "chaos.run.sockets"),
        *("chaos.run.blocking", "chaos.run.load", "chaos.run.stage"),
        *("chaos.run.injector", "chaos.run.peers"),
    ),
    ("chaos.analysis",),
    ("chaos.report", "chaos.card"),
    ("chaos.playing", "chaos.shelf"),
    ("chaos.cli", "chaos.pytest_plugin"),
)

PURE = (
    *("chaos.errors", "chaos.exchange", "chaos.scenario", "chaos.client", "chaos.service"),
    *("chaos.proxy", "chaos.run", "chaos.analysis"),
)
# The only modules in there that touch sockets, clocks, files or unseeded chance.
SHELLS = (
    *("chaos.client.connection", "chaos.client.transport"),
    *("chaos.service.server", "chaos.service.protocol"),
    *("chaos.proxy.server", "chaos.proxy.engine", "chaos.proxy.gate", "chaos.proxy.connection"),
    *("chaos.proxy.address", "chaos.proxy.alarm", "chaos.proxy.http"),
    *("chaos.proxy.client", "chaos.proxy.control"),
    *("chaos.run.journal", "chaos.run.tail", "chaos.run.stored", "chaos.run.children"),
    *("chaos.run.injector", "chaos.run.peers"),
    *("chaos.run.sockets", "chaos.run.blocking", "chaos.run.load", "chaos.run.stage"),
)

LIBRARY_NAMES = {
    "data_received": "asyncio.Protocol",
    "LimitData": "Toxiproxy's limit_data",
}
EXPORTS = ["ScenarioError", "WorldError"]

# What carries no meaning outside the machine or the registry that it names. The brackets keep this
# file from holding what it forbids.
TRACES = {
    r"(?<![\w.])/(?:work|root|home|Users)/": "a path of one machine",
    r"py[p]i\.org|crate[s]\.io|repo\.[m]aven|proxy\.[g]olang\.org": "a registry",
    r"[p]ythonhosted|registry\.[n]pmjs|deb\.[d]ebian\.org": "a registry",
}
# Tests of more than one module, beside those that mirror a module, and what each holds.
WIDER = {
    "tests.architecture.test_rules": "each rule of the house can fail",
    "tests.proxy.test_compatible": "the proxy against a real Toxiproxy",
    "tests.proxy.test_defects": "defects of Toxiproxy that ours does not have",
    "tests.proxy.test_live": "the proxy as live connections see it",
    "tests.run.test_parity": "two worlds give one verdict",
    "tests.run.test_worlds": "every world passes one conformance kit",
    "tests.test_architecture": "this file",
    "tests.test_doctests": "examples in docstrings",
    "tests.test_readme": "the README's commands",
}
# Modules that no test of their part imports, and the test module through which they are seen.
SEEN_THROUGH: dict[str, str] = {}


def hold(complaints: Iterable[str]) -> None:
    lines = sorted(complaints)
    assert not lines, "\n" + "\n".join(lines)


def test_every_import_goes_downwards() -> None:
    hold(rules.layers(TREE, FLOORS))


def test_pure_modules_do_not_reach_the_world() -> None:
    hold(rules.purity(TREE, PURE, SHELLS))


def test_modules_and_functions_are_short() -> None:
    hold(rules.size(TREE))


def test_nothing_is_named_by_a_word_that_says_nothing() -> None:
    hold(rules.names(TREE, LIBRARY_NAMES))


def test_every_module_has_its_tests() -> None:
    hold(rules.mirror(TREE, TESTS, SEEN_THROUGH))


def test_every_test_module_mirrors_a_module_or_is_listed() -> None:
    hold(rules.strays(TREE, TESTS, WIDER))


def test_the_front_of_the_package_is_pinned() -> None:
    assert chaos.__all__ == EXPORTS
    assert len(EXPORTS) <= rules.MOST_EXPORTS


def test_no_tracked_file_names_a_machine_or_a_registry() -> None:
    found = [
        f"{path}: {trace}"
        for path in tracked()
        for trace in rules.traces((ROOT / path).read_text("utf-8", "replace"), TRACES)
    ]
    hold(found)


def tracked() -> list[str]:
    """What git would ship; without git (an unpacked source distribution), every file of ours."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],  # noqa: S607 - whichever git is installed
        cwd=ROOT,
        capture_output=True,
        check=False,
    )
    if listed.returncode:
        folders = ("chaos", "tests", "scenarios")
        found = [path for folder in folders for path in (ROOT / folder).rglob("*")]
        names = [path.relative_to(ROOT).as_posix() for path in found]
    else:
        names = listed.stdout.decode().strip("\0").split("\0")
    return [name for name in names if (ROOT / name).is_file() and "__pycache__" not in name]
