"""pytest's way in: scenario files as tests, and a key service to break inside one's own tests.

Loaded into every test session of whoever has this installed, so nothing here imports more than
pytest until it is asked for.
"""

import contextlib
import inspect
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import pytest

from chaos.testing.choices import add_options, choices, packed

if TYPE_CHECKING:  # loaded when a test asks for it
    from chaos.testing.chaos_clock import ChaosClock
    from chaos.testing.faults import Faults
    from chaos.testing.key_service import KeyServiceUnderTest
    from chaos.testing.performance import Performance
    from chaos.testing.twin import Twin
    from chaos.testing.wire import Wire

WIRE: "pytest.StashKey[Wire]" = pytest.StashKey()
MARK = (
    "keychaos(scenario=None, seeds=1, seed=None, world=None, client=None, overrides=()): play a "
    "scenario, a file or a name of the catalogue, with so many seeds; `keychaos_run` has what came "
    "of it, and a test that does not take it fails unless every objective held."
)


def pytest_addoption(parser: pytest.Parser) -> None:
    """Declare the options."""
    add_options(parser)


def pytest_configure(config: pytest.Config) -> None:
    """Declare the mark, and add what --keychaos-scenarios and --keychaos-pack name."""
    config.addinivalue_line("markers", MARK)
    choices(config)  # a mistake in them is told before anything is collected
    given = [Path(argument).resolve() for argument in config.args]
    for folder in config.getoption("--keychaos-scenarios"):
        asked = config.invocation_params.dir / folder
        if not asked.exists():
            raise pytest.UsageError(f"--keychaos-scenarios={folder}: there is no such folder.")
        if not any(asked.resolve().is_relative_to(path) for path in given):
            config.args.append(str(asked))
    config.args += [str(path) for path in packed(config)]


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> pytest.Collector | None:
    """Collect a scenario file."""
    if file_path.suffix not in {".yaml", ".yml"}:
        return None
    from chaos.testing.items import ScenarioFile, ours  # noqa: PLC0415 - not before a YAML file

    if not ours(file_path, parent.config):
        return None
    # pytest has no name for a file that is outside of its root, as the catalogue's are.
    inside = file_path.is_relative_to(parent.config.rootpath)
    name = None if inside else "/".join(file_path.parts[-2:])
    collected: pytest.Collector = ScenarioFile.from_parent(parent, path=file_path, nodeid=name)
    return collected


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """A marked test becomes one test a seed."""
    mark = metafunc.definition.get_closest_marker("keychaos")
    if mark is None or "scenario" not in mark.kwargs:
        return
    from chaos.testing.marks import parts  # noqa: PLC0415 - reads scenarios

    found = parts(mark, metafunc.config)
    if "keychaos_run" not in metafunc.fixturenames:
        metafunc.fixturenames.append("keychaos_run")
    metafunc.parametrize("keychaos_run", found, indirect=True, ids=[part.name for part in found])


def pytest_itemcollected(item: pytest.Item) -> None:
    """Let the scenario of a marked test be played, also where the test does not take its run."""
    mark = item.get_closest_marker("keychaos")
    if mark is None or "scenario" not in mark.kwargs or not isinstance(item, pytest.Function):
        return
    # Not before: what parametrizing does not find in a signature, it prunes.
    if "keychaos_run" not in item.fixturenames:
        item.fixturenames.append("keychaos_run")


@pytest.fixture
def keychaos_run(request: pytest.FixtureRequest) -> "Performance":
    """What came of the scenario that ``@pytest.mark.keychaos(scenario=…)`` names."""
    from chaos.testing.marks import played  # noqa: PLC0415 - numpy is slow to load

    return played(request)


@pytest.fixture(scope="session")
def keychaos_twin(request: pytest.FixtureRequest) -> Iterator["Twin"]:
    """The twin of the whole session, in a thread of this process."""
    from chaos.testing.twin import Twin  # noqa: PLC0415 - takes a second to load

    with Twin(tuple(request.config.getini("keychaos_regions"))) as twin:
        yield twin


@pytest.fixture(scope="session")
def session_key_service(keychaos_twin: "Twin") -> Iterator["KeyServiceUnderTest"]:
    """One tenant of the twin for all tests: for what is built once, as an application is."""
    with _tenancy(keychaos_twin) as service:
        yield service


@pytest.fixture
def key_service(keychaos_twin: "Twin") -> Iterator["KeyServiceUnderTest"]:
    """A running key service with instances and a duplicate root key that are this test's alone.

    Override it with ``session_key_service`` where an application keeps its keys between tests.
    """
    keychaos_twin.attempts.clear()
    with _tenancy(keychaos_twin) as service:
        yield service


@pytest.fixture
def wire(key_service: "KeyServiceUnderTest", request: pytest.FixtureRequest) -> "Wire":
    """What the test's clients really sent, and what they were answered."""
    return _listening(key_service, request.node)


@pytest.fixture
def faults(
    key_service: "KeyServiceUnderTest", request: pytest.FixtureRequest
) -> Iterator["Faults"]:
    """What a test can break, as context managers; whatever is left in force heals with the test."""
    from chaos.testing.faults import Faults  # noqa: PLC0415 - not before a test asks for it

    _listening(key_service, request.node)
    with contextlib.closing(Faults(key_service)) as breaking:
        yield breaking


@pytest.fixture
def chaos_clock(request: pytest.FixtureRequest) -> Iterator["ChaosClock"]:
    """A key service, faults and a wire in virtual time, for clients on asyncio; nobody waits.

    A coroutine test that takes it and is no other plugin's runs on it; others call its ``run``.
    """
    from chaos.testing.chaos_clock import ChaosClock  # noqa: PLC0415 - not before it is asked for

    clock = ChaosClock(tuple(request.config.getini("keychaos_regions")))
    request.node.stash[WIRE] = clock.wire
    with contextlib.closing(clock):
        yield clock


@contextlib.contextmanager
def _tenancy(twin: "Twin") -> Iterator["KeyServiceUnderTest"]:
    from chaos.testing.key_service import provision, retire, token_of  # noqa: PLC0415 - as above

    service = provision(twin, token_of(twin))
    try:
        yield service
    finally:
        retire(service)


def _listening(service: "KeyServiceUnderTest", node: Any) -> "Wire":
    """The wire of a test, kept at its item so that a failure can tell what was seen."""
    from chaos.testing.wire import Wire  # noqa: PLC0415 - not before a test asks for it

    found: Wire | None = node.stash.get(WIRE, None)
    if found is None:
        found = node.stash[WIRE] = Wire(service.ground.attempts, service.ground.now())
    return found


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, Any, pytest.TestReport]:
    """Below a failure, show what was seen on the wire."""
    report: pytest.TestReport = yield
    heard = item.stash.get(WIRE, None)
    if heard is not None and report.failed:
        report.sections.append(("key service, as seen on the wire", heard.timeline()))
    return report


@pytest.hookimpl(tryfirst=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> bool | None:
    """Hold a marked test to its objectives, unless it looks at the run; run clock tests."""
    run = cast("Performance | None", pyfuncitem.funcargs.get("keychaos_run"))
    if run is not None and "keychaos_run" not in inspect.signature(pyfuncitem.function).parameters:
        run.assert_passed()
    clock = cast("ChaosClock | None", pyfuncitem.funcargs.get("chaos_clock"))
    if clock is None or not inspect.iscoroutinefunction(pyfuncitem.obj) or _others(pyfuncitem):
        return None
    names = inspect.signature(pyfuncitem.function).parameters
    given = pyfuncitem.funcargs
    clock.run(pyfuncitem.obj(**{name: given[name] for name in names if name in given}))
    return True


def _others(item: pytest.Function) -> bool:
    """Whether a coroutine test is another plugin's to run."""
    return any(item.get_closest_marker(name) for name in ("asyncio", "anyio", "trio"))
