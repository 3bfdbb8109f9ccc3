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

# The only modules of the pure parts that touch sockets, clocks, files or unseeded chance.
SHELLS = (
    *("chaos.client.async_driving", "chaos.client.blocking_transport", "chaos.client.connection"),
    *("chaos.client.check_backups", "chaos.client.driving", "chaos.client.flights"),
    "chaos.client.httpx_terms",
    *("chaos.client.key_client", "chaos.client.parsing", "chaos.client.policy_transport"),
    *("chaos.client.telemetry", "chaos.client.transport"),
    *("chaos.service.protocol", "chaos.service.serve", "chaos.service.server"),
    *("chaos.service.standing_by", "chaos.service.vault"),
    *("chaos.proxy.address", "chaos.proxy.alarm", "chaos.proxy.client", "chaos.proxy.connection"),
    *("chaos.proxy.control", "chaos.proxy.engine", "chaos.proxy.gate", "chaos.proxy.http"),
    *("chaos.proxy.bulk", "chaos.proxy.crew", "chaos.proxy.fault_proxy", "chaos.proxy.guardian"),
    *("chaos.proxy.keeper", "chaos.proxy.library", "chaos.proxy.pair", "chaos.proxy.ports"),
    "chaos.proxy.running",
    *("chaos.proxy.serve", "chaos.proxy.server", "chaos.proxy.side", "chaos.proxy.splice"),
    "chaos.proxy.worker",
    *("chaos.run.children", "chaos.run.folder", "chaos.run.journal", "chaos.run.stored"),
    *("chaos.run.surroundings", "chaos.run.sweeper", "chaos.run.tail"),
)
LIVE_WORLDS = (
    *("chaos.run.blocking", "chaos.run.injector", "chaos.run.lifeline", "chaos.run.load"),
    "chaos.run.peers",
    *("chaos.run.region_peer", "chaos.run.service_injector"),
    *("chaos.run.sockets", "chaos.run.stage"),
)

# From the ground up; a module may use what stands below it, and its own package beside it.
FLOORS: tuple[tuple[str, ...], ...] = (
    ("chaos.quick", "chaos.exits"),
    ("chaos.errors", "chaos.exchange", "chaos.stopping"),
    ("chaos",),
    (
        *("chaos.proxy.link", "chaos.proxy.stage", "chaos.proxy.toxics"),
        *("chaos.service.keys", "chaos.service.refusal"),
    ),
    ("chaos.client", "chaos.proxy", "chaos.scenario", "chaos.service"),
    ("chaos.run",),
    SHELLS,
    ("chaos.run.simulated", "chaos.run.simulation", *LIVE_WORLDS),
    ("chaos.analysis",),
    ("chaos.card", "chaos.report"),
    ("chaos.options", "chaos.shelf", "chaos.voice"),
    ("chaos.front", "chaos.playing"),
    ("chaos.replaying",),
    ("chaos.testing",),
    ("chaos.cli", "chaos.pytest_plugin"),
    ("chaos.entry",),
)

PURE = (
    *("chaos.quick", "chaos.exits", "chaos.errors", "chaos.exchange"),
    *(
        "chaos.scenario",
        "chaos.client",
        "chaos.service",
        "chaos.proxy",
        "chaos.run",
        "chaos.analysis",
    ),
)
LIBRARY_NAMES = {
    "data_received": "asyncio.Protocol",
    "LimitData": "Toxiproxy's limit_data",
    "get_extra_info": "asyncio.Transport",
}
EXPORTS = ["ScenarioError", "WorldError"]

# What carries no meaning outside the machine or the registry that it names. The brackets keep this
# file from holding what it forbids.
TRACES = {
    r"(?<![\w.])/(?:work|root|home|Users)/(?!someone\b)": "a path of one machine",
    r"py[p]i\.org|crate[s]\.io|repo\.[m]aven|proxy\.[g]olang\.org": "a registry",
    r"[p]ythonhosted|registry\.[n]pmjs|deb\.[d]ebian\.org": "a registry",
}
# Tests of more than one module, beside those that mirror a module, and what each holds.
WIDER = {
    "tests.architecture.test_rules": "each rule of the house can fail",
    "tests.client.test_conformance": "presets against the libraries that they are named for",
    "tests.client.test_coverage": "every branch of the pure client is taken",
    "tests.client.test_machine": "any client under random faults and clocks",
    "tests.proxy.test_clients": "other people's clients of the API",
    "tests.proxy.test_robust": "the proxy under a thousand connections, floods and resets",
    "tests.examples.test_documents": "a FastAPI application, broken and mended",
    "tests.examples.test_httpx": "a client on plain httpx, broken and mended",
    "tests.examples.test_keyprotect_sdk": "IBM's SDK for Python, as it comes and mended",
    "tests.loadtests.test_open_loop": "the locustfile by the commands of its page",
    "tests.proxy.test_compatible": "the proxy against a real Toxiproxy",
    "tests.proxy.test_defects": "defects of Toxiproxy that ours does not have",
    "tests.proxy.test_differences": "what else ours is meant to do otherwise than Toxiproxy",
    "tests.proxy.test_live": "the proxy as live connections see it",
    "tests.run.test_parity": "two worlds give one verdict",
    "tests.run.test_worlds": "every world passes one conformance kit",
    "tests.service.conformance.test_ibm_tests": "IBM's own tests against the twin",
    "tests.service.test_duplicates": "keys of one material in two regions",
    "tests.service.test_holding": "answers that are not due yet on a connection",
    "tests.service.test_kills": "SIGKILL under load",
    "tests.service.test_overload": "overload that comes out of the model",
    "tests.service.test_region_faults": "faults of a real region process",
    "tests.service.conformance.test_schemathesis": "the twin under fuzz",
    "tests.service.conformance.test_sdks": "IBM's SDKs against the twin",
    "tests.service.test_model": "the twin beside a small model",
    "tests.test_smoke_pack": "every scenario of the smoke pack, from both sides",
    "tests.test_architecture": "this file",
    "tests.test_doctests": "examples in docstrings",
    "tests.test_readme": "the README's commands",
}
# Modules that no test of their part imports, and the test module through which they are seen.
SEEN = {
    "tests.client.test_caller": ["client.region", "client.repeatable", "client.route"],
    "tests.client.test_changing": [
        *("client.errands", "client.retrying", "client.rotations", "client.sending"),
    ],
    "tests.client.test_policy_transport": ["client.async_driving", "client.httpx_terms"],
    "tests.client.test_transport": ["client.connection"],
    "tests.proxy.test_compatible": ["proxy.library", "proxy.metrics", "proxy.proof"],
    "tests.proxy.test_lease": ["proxy.guardian", "proxy.keeper"],
    "tests.proxy.test_robust": ["proxy.bulk", "proxy.side", "proxy.splice", "proxy.traffic"],
    "tests.report.test_compare": ["report.against", "report.compared"],
    "tests.report.test_html": ["report.forms"],
    "tests.test_cli": ["exits", "front"],
    "tests.proxy.test_api": ["proxy.forms"],
    "tests.proxy.test_live": [
        *("proxy.address", "proxy.alarm", "proxy.connection", "proxy.engine"),
        *("proxy.crew", "proxy.fault_proxy", "proxy.http", "proxy.messages", "proxy.ports"),
        *("proxy.running", "proxy.server", "proxy.worker"),
    ],
    "tests.proxy.test_toxics": ["proxy.stage"],
    "tests.report.test_figure": [
        *("report.captions", "report.lanes", "report.masthead", "report.panels"),
        "report.timeline",
    ],
    "tests.report.test_junit": ["report.events", "report.wording"],
    "tests.report.test_report": [
        *("report.cells", "report.columns", "report.conduct", "report.described"),
        *("report.palette", "report.raw", "report.tables", "report.tiles", "report.vector"),
    ],
    "tests.run.test_load": ["run.load"],
    "tests.run.test_wires": ["run.flight"],
    "tests.test_playing": ["report.live"],
    "tests.test_pytest_plugin": [
        *("testing.choices", "testing.items", "testing.keeping", "testing.marks"),
        "testing.performance",
    ],
    "tests.testing.test_chaos_clock": ["testing.virtual_ground", "testing.virtual_network"],
    "tests.testing.test_faults": ["testing.watching"],
}
SEEN_THROUGH = {f"chaos.{name}": test for test, names in SEEN.items() for name in names}


def hold(complaints: Iterable[str]) -> None:
    lines = sorted(complaints)
    assert not lines, "\n" + "\n".join(lines)


def test_every_import_goes_downwards() -> None:
    hold(rules.layers(TREE, FLOORS))


def test_no_import_leads_back_to_where_it_began() -> None:
    hold(rules.circles(TREE))


def test_pure_modules_do_not_reach_the_world() -> None:
    hold(rules.purity(TREE, PURE, {*SHELLS, *LIVE_WORLDS}))


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
