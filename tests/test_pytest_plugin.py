"""The plugin as others run it: pytest in processes of its own, scenarios and fixtures in them."""

import subprocess
import sys
import textwrap
import xml.etree.ElementTree as ET
from importlib.metadata import entry_points
from importlib.util import find_spec
from pathlib import Path

import pytest

from chaos.testing.choices import choices
from chaos.testing.items import PACKS, ours
from chaos.testing.keeping import kept
from chaos.testing.marks import parts

pytest_plugins = ["pytester"]

INSTALLED = bool(entry_points(group="pytest11", name="keychaos"))
PLUGIN = () if INSTALLED else ("-p", "chaos.pytest_plugin")
ROOT = Path(__file__).parents[1]
SHORT = """\
scenario: {name}
teaches: A short scenario for the tests of the plugin.
seed: 3
lasts: 14s
window: 1s
regions:
  us-south: {{latency: 2ms}}
  us-east: {{latency: 10ms}}
keys: {{orders: [us-south, us-east]}}
clients: {{count: 4, policy: recommended, regions: [us-south, us-east], wrapped: 2}}
load: {{rate: 40/s, arrivals: poisson, operations: {{wrap: 20%, unwrap: 80%}}}}
faults:
  - {{name: south-down, kind: down, target: us-south, at: 3s, lasts: 6s}}
objectives:
  rules: [availability(fault) >= 90%, integrity == 100%]
"""
# What a test of somebody's own may not be: dependent on the settings of this checkout.
INI = "[pytest]\naddopts =\n"


@pytest.fixture
def suite(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> pytest.Pytester:
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    monkeypatch.setenv("TMPDIR", str(pytester.mkdir("tmp")))
    pytester.makefile(".ini", pytest=INI)
    return pytester


def scenario(suite: pytest.Pytester, where: str, name: str = "short") -> Path:
    path = suite.path / where
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(SHORT.format(name=name), encoding="utf-8")
    return path


def play(suite: pytest.Pytester, *words: str) -> pytest.RunResult:
    """Play in a process of its own."""
    return suite.runpytest_subprocess(*PLUGIN, *words, timeout=240)


def look(suite: pytest.Pytester, *words: str) -> pytest.RunResult:
    """Play in this process, where nothing is loaded anew: enough for what is only collected."""
    return suite.runpytest_inprocess(*PLUGIN, "-p", "no:asyncio", *words)


def ids(result: pytest.RunResult) -> list[str]:
    return [line for line in result.outlines if "::" in line]


def test_scenario_files_are_collected_by_their_look_and_foreign_yaml_is_left_alone(
    suite: pytest.Pytester,
) -> None:
    scenario(suite, "scenarios/short.yaml")
    (suite.path / "scenarios" / PACKS).write_text("smoke: [short]\n")
    (suite.path / "molecule.yml").write_text("scenario:\n  name: default\nload: 1\n")
    (suite.path / "compose.yaml").write_text("services: {}\n")
    suite.makepyfile("def test_own(): pass")

    found = ids(look(suite, "--collect-only", "-q", "--keychaos-seeds=2"))

    assert sorted(found) == [
        "scenarios/short.yaml::simulated-seed-3",
        "scenarios/short.yaml::simulated-seed-4",
        f"{next(suite.path.glob('test_*.py')).name}::test_own",
    ]


def test_a_named_folder_is_added_to_what_is_collected_and_a_mistake_in_it_has_its_line(
    suite: pytest.Pytester,
) -> None:
    scenario(suite, "elsewhere/short.yaml")
    (suite.path / "elsewhere" / "broken.yaml").write_text("scenarioo: a\nlasts: 5\n")
    suite.makepyfile(test_own="def test_own(): pass")

    result = look(suite, "--collect-only", "-q", "--keychaos-scenarios=elsewhere", "test_own.py")

    assert "elsewhere/short.yaml::simulated-seed-3" in ids(result)
    assert "test_own.py::test_own" in ids(result)
    result.stdout.fnmatch_lines(
        ["elsewhere/broken.yaml:1: unknown key 'scenarioo'; did you mean *"]
    )
    assert "Traceback" not in result.stdout.str()


def test_a_pack_of_the_catalogue_is_collected_by_its_name(suite: pytest.Pytester) -> None:
    suite.makepyfile(test_own="def test_own(): pass")

    found = ids(look(suite, "--collect-only", "-q", "--keychaos-pack=smoke", "test_own.py"))
    missed = look(suite, "--collect-only", "--keychaos-pack=smok")

    assert len([each for each in found if each.endswith("::simulated-seed-7")]) == 5
    assert any("thundering-herd.yaml::simulated-seed-7" in each for each in found)
    assert "test_own.py::test_own" in found
    missed.stderr.fnmatch_lines(["*--keychaos-pack=smok: *Did you mean 'smoke'?*"])


@pytest.mark.slow
def test_the_ini_file_chooses_world_client_and_report_and_options_win(
    suite: pytest.Pytester,
) -> None:
    scenario(suite, "scenarios/short.yaml")
    chosen = "keychaos_world = simulated\nkeychaos_client = preset:key-protect-docs\n"
    suite.makefile(".ini", pytest=f"{INI}{chosen}keychaos_report = kept\n")

    bad = play(suite, "scenarios", "-p", "no:asyncio")
    good = play(
        suite, "scenarios", "-p", "no:asyncio", "--keychaos-client=preset:recommended",
        "--keychaos-seed=5", "--keychaos-report=elsewhere",
    )  # fmt: skip

    bad.assert_outcomes(failed=1)
    good.assert_outcomes(passed=1)
    assert [path.name for path in (suite.path / "kept").rglob("report.html")] == ["report.html"]
    (findings,) = (suite.path / "elsewhere").rglob("findings.json")
    assert "--seed 5" in findings.read_text(encoding="utf-8")


def test_a_world_that_there_is_not_is_a_mistake_of_the_ini_file(suite: pytest.Pytester) -> None:
    suite.makefile(".ini", pytest=f"{INI}keychaos_world = mars\n")

    result = look(suite, "--collect-only")

    result.stderr.fnmatch_lines(["*keychaos_world must be simulated or sockets, not 'mars'*"])


@pytest.mark.slow
def test_a_failure_tells_objective_cause_timeline_report_and_replay(
    suite: pytest.Pytester,
) -> None:
    scenario(suite, "short.yaml")

    result = play(
        suite,
        "-p",
        "no:asyncio",
        "--keychaos-client=preset:key-protect-docs",
        "--junitxml=junit.xml",
    )

    assert result.ret == 1
    told = result.stdout.str()
    assert "availability(fault) >= 90%" in told
    assert "refused at us-south" in told
    result.stdout.fnmatch_lines(["*! fault", "us-south *▃*", "not answered *█*"])
    result.stdout.fnmatch_lines(
        ["replay  keychaos run short.yaml --world simulated --seed 3 *key-protect-docs"]
    )
    # Told once more in the summary, which pytest does not shorten where it runs in CI.
    (report,) = {line.split()[1] for line in result.outlines if line.startswith("report  ")}
    assert Path(report).stat().st_size > 10_000
    properties = {
        str(each.get("name")): str(each.get("value"))
        for each in ET.parse(suite.path / "junit.xml").iter("property")  # noqa: S314 - ours
    }
    assert properties["keychaos.verdict"] == "failed"
    assert properties["keychaos.seed"] == "3"
    assert properties["keychaos.availability(fault) >= 90%"].startswith("failed")


@pytest.mark.slow
def test_marked_tests_play_many_seeds_and_keep_reports_where_asked(
    suite: pytest.Pytester,
) -> None:
    scenario(suite, "short.yaml")
    suite.makepyfile(
        test_own="""
        import pytest

        @pytest.mark.keychaos(scenario="short.yaml", seeds=3)
        def test_survives():
            pass

        @pytest.mark.keychaos(scenario="short.yaml", client="preset:key-protect-docs")
        def test_is_held_to_its_objectives():
            pass

        @pytest.mark.keychaos(scenario="short.yaml", client="preset:key-protect-docs")
        def test_looks_itself(keychaos_run):
            assert not keychaos_run.passed
            assert keychaos_run.measured("availability(fault)").value < 0.9
            with pytest.raises(KeyError, match="was not measured"):
                keychaos_run.measured("speed")
        """
    )

    result = play(
        suite, "-v", "--strict-markers", "--keychaos-set", "load.rate=30/s", "test_own.py"
    )

    result.assert_outcomes(passed=4, failed=1)
    result.stdout.fnmatch_lines(["*::test_survives?short-simulated-seed-5? PASSED*"])
    result.stdout.fnmatch_lines(["*ResilienceError: short (simulated, seed 3) failed: *"])


def test_a_mark_that_makes_no_sense_is_a_mistake_and_not_a_pass(suite: pytest.Pytester) -> None:
    suite.makepyfile(
        """
        import pytest

        @pytest.mark.keychaos(scenario="no-such-scenario")
        def test_one():
            pass
        """
    )

    result = look(suite)

    assert result.ret not in (0, 1)
    assert "There is no scenario named 'no-such-scenario'" in result.stdout.str()


ASYNC = """
    import asyncio
    import os
    import ssl
    import httpx
    import pytest

    PLAIN = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)

    def headers(service):
        media = "application/vnd.ibm.kms.key_action_wrap+json"
        return {**service.headers(), "Content-Type": media}

    async def wrap(service):
        async with httpx.AsyncClient(verify=PLAIN, timeout=30) as client:
            url = service.primary.path("wrap")
            return (await client.post(url, json={}, headers=headers(service))).status_code

    @pytest.mark.asyncio
    async def test_asyncio(key_service, faults, wire):
        with faults.throttle() as throttle:
            assert await wrap(key_service) == 429
        assert await wrap(key_service) == 200
        throttle.assert_bit()
        assert len(wire.attempts()) == 2

    @pytest.mark.anyio
    async def test_anyio(key_service, faults):
        with faults.key_deleted():
            assert await wrap(key_service) == 410

    async def test_clock(chaos_clock):
        with chaos_clock.faults.latency(latency=600.0), pytest.raises(httpx.ReadTimeout):
            await wrap(chaos_clock.key_service)
        assert 30 < chaos_clock.now() < 31

    @pytest.fixture
    def anyio_backend():
        return "asyncio"

    @pytest.mark.parametrize("number", range(4))
    def test_sync(key_service, number):
        url = key_service.primary.path("wrap")
        sent = headers(key_service)
        assert httpx.post(url, json={}, headers=sent, verify=PLAIN).status_code == 200
"""


@pytest.mark.slow
@pytest.mark.skipif(
    not (find_spec("xdist") and find_spec("pytest_asyncio")),
    reason="pytest-xdist and pytest-asyncio are not installed",
)
def test_fixtures_get_along_with_xdist_asyncio_anyio_and_no_cache(suite: pytest.Pytester) -> None:
    suite.makepyfile(textwrap.dedent(ASYNC))

    result = play(
        suite, "-n", "2", "-p", "no:cacheprovider", "-W", "error", "-o",
        "asyncio_default_fixture_loop_scope=function",
    )  # fmt: skip

    result.assert_outcomes(passed=7)
    assert not (suite.path / ".pytest_cache").exists()


@pytest.mark.slow
def test_a_test_that_dies_leaves_a_sound_service_and_its_wire_in_the_failure(
    suite: pytest.Pytester,
) -> None:
    suite.makepyfile(
        """
        import contextlib
        import ssl
        import httpx

        PLAIN = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)

        def status(service):
            url = service.primary.path("wrap")
            sent = {**service.headers(), "Content-Type": "application/json"}
            return httpx.post(url, json={}, headers=sent, verify=PLAIN, timeout=30).status_code

        def test_dies(session_key_service, key_service, faults):
            stays = contextlib.ExitStack()
            stays.enter_context(faults.throttle(retry_after=5.0))
            stays.enter_context(faults.latency("us-east", latency=60.0))
            stays.enter_context(faults.iam_outage("refused"))
            assert status(key_service) == 200, "it was throttled"

        def test_goes_on(key_service, wire):
            assert status(key_service) == 200
            aimed = key_service.backup
            url = f"{aimed.url}/health"
            assert httpx.get(url, verify=PLAIN, timeout=30).status_code == 200
            assert httpx.get(key_service.iam_url, verify=PLAIN, timeout=30).status_code == 404
            assert [one.status for one in wire.attempts("us-south")] == [200]
        """
    )

    result = play(suite, "-W", "error", "-p", "no:asyncio")

    result.assert_outcomes(passed=1, failed=1)
    result.stdout.fnmatch_lines(
        ["*key service, as seen on the wire*", "*us-south   wrap       429 *Retry-After 5 s"]
    )


def test_loading_the_plugin_loads_nothing_heavy() -> None:
    heavy = (
        "numpy pydantic httpx yaml rich asyncio cryptography locust gevent chaos.run chaos.client"
    )
    program = f"""
import sys
import pytest
before = set(sys.modules)
import chaos.pytest_plugin
loaded = set(sys.modules) - before
print(sorted(name for name in {heavy.split()} if name in loaded))
"""
    said = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, cwd=ROOT
    )

    assert said.stdout.strip() == "[]"


def test_the_modules_behind_the_front_door_are_where_the_plugin_looks_for_them() -> None:
    assert all(callable(each) for each in (choices, kept, ours, parts))
