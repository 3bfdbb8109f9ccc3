"""The front door: what people type, what they are told, and the exit code."""

import json
import resource
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from chaos import playing
from chaos.cli import main
from chaos.errors import ScenarioError

NAME = "region-down-backup-key"


def keychaos(*words: str) -> Result:
    return CliRunner().invoke(main, words, prog_name="keychaos")


@pytest.fixture
def scenario_file(tmp_path: Path) -> Path:
    path = tmp_path / "mine.yaml"
    path.write_text(keychaos("show", NAME).output, encoding="utf-8")
    return path


def test_the_catalogue_is_listed_with_what_each_scenario_teaches() -> None:
    listed = keychaos("scenarios")

    assert listed.exit_code == 0
    assert NAME in listed.output


def test_a_name_and_a_path_mean_the_same_scenario(scenario_file: Path) -> None:
    by_name, by_path = keychaos("plan", NAME), keychaos("plan", str(scenario_file))

    assert by_name.exit_code == by_path.exit_code == 0
    assert by_name.output == by_path.output


def test_a_good_file_validates(scenario_file: Path) -> None:
    assert keychaos("validate", str(scenario_file)).exit_code == 0


def test_every_mistake_is_told_with_its_line_and_the_nearest_right_word(
    scenario_file: Path,
) -> None:
    text = scenario_file.read_text(encoding="utf-8")
    text = text.replace("target: us-south", "target: us-suoth").replace("lasts: 70s", "lasts: 70")
    scenario_file.write_text(text, encoding="utf-8")

    told = keychaos("validate", str(scenario_file))

    assert told.exit_code == 2
    line = text[: text.index("us-suoth")].count("\n") + 1
    assert f"{scenario_file}:{line}:" in told.stderr
    assert "us-south" in told.stderr
    assert "Traceback" not in told.output


def test_all_files_are_looked_at_though_the_first_is_wrong(
    scenario_file: Path, tmp_path: Path
) -> None:
    wrong = tmp_path / "wrong.yaml"
    wrong.write_text("scenario: 1\n", encoding="utf-8")

    told = keychaos("validate", str(wrong), str(scenario_file))

    assert told.exit_code == 2
    assert "is in order" in told.stdout


@pytest.mark.parametrize("command", ["run", "plan", "show", "validate"])
def test_an_unknown_scenario_is_the_users_mistake_and_names_the_nearest(command: str) -> None:
    told = keychaos(command, "region-down-backup-kye")

    assert told.exit_code == 2
    assert f"Did you mean {NAME!r}?" in told.stderr


@pytest.mark.parametrize("kind", ["folder", "binary", "missing", "empty"])
def test_what_is_no_scenario_file_is_said_in_a_sentence(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "it.yaml"
    if kind == "folder":
        path.mkdir()
    elif kind == "binary":
        path.write_bytes(b"\xff\xfe\x00\x80")
    elif kind == "empty":
        path.touch()

    told = keychaos("validate", str(path))

    assert told.exit_code == 2
    assert str(path) in told.stderr
    assert told.exception is None or isinstance(told.exception, SystemExit)


def test_the_schema_is_json_that_describes_every_key() -> None:
    described = json.loads(keychaos("schema").output)

    assert "regions" in described["properties"]


def test_an_unknown_command_names_the_nearest() -> None:
    told = keychaos("vaildate")

    assert told.exit_code == 2
    assert "validate" in told.stderr


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--client", "preset:recomended"), "recommended"),
        (("--client", "nomodule:factory"), "nomodule"),
        (("--client", "json:factory"), "no callable"),
        (("--client", "whatever"), "preset:NAME"),
        (("--set", "load.rte=200/s"), "rate"),
        (("--set", "nonsense"), "key=value"),
        (("--world", "sockts"), "sockets"),
        (("--seed", "-1"), "--seed"),
    ],
)
def test_a_bad_option_is_said_before_anything_is_played(
    words: tuple[str, ...], said: str, tmp_path: Path
) -> None:
    told = keychaos("run", NAME, "--out", str(tmp_path / "run"), *words)

    assert told.exit_code == 2
    assert said.lower() in told.stderr.lower()
    assert not (tmp_path / "run").exists()


@pytest.mark.slow
def test_a_simulated_run_passes_writes_its_reports_and_can_be_rebuilt(tmp_path: Path) -> None:
    folder = tmp_path / "run"

    played = keychaos("run", NAME, "--world", "simulated", "--out", str(folder))

    assert played.exit_code == 0, played.output
    assert "passed" in played.output
    assert f"keychaos run {NAME} --world simulated --seed 7" in played.output.replace("\n", " ")
    reports = ("report.html", "findings.json", "junit.xml", "report.md")
    before = {name: (folder / name).read_bytes() for name in reports}
    rebuilt = keychaos("report", str(folder))
    assert rebuilt.exit_code == 0
    assert {name: (folder / name).read_bytes() for name in reports} == before


def test_the_documented_algorithm_fails_the_scenario_and_every_failure_says_why(
    tmp_path: Path,
) -> None:
    folder = tmp_path / "run"
    words = ("run", NAME, "--world", "simulated", "--out", str(folder))

    played = keychaos(*words, "--client", "preset:key-protect-docs")

    assert played.exit_code == 1
    findings = json.loads((folder / "findings.json").read_text(encoding="utf-8"))["objectives"]
    failed = [each for each in findings if each["verdict"] == "failed"]
    assert failed
    assert all(each["why"] for each in failed)


def test_a_client_that_leaves_the_program_is_never_green(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "leaving.py").write_text(
        "import sys\n"
        "from chaos.client.presets import factory_for\n"
        "def at_once(*given): sys.exit(0)\n"
        "def later(*given):\n"
        "    client = factory_for('recommended')(*given)\n"
        "    class Leaving:\n"
        "        decisions = client.decisions\n"
        "        def begin(self, work, now):\n"
        "            return sys.exit(0) if work.number > 20 else client.begin(work, now)\n"
        "    return Leaving()\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    words = ("run", NAME, "--world", "simulated", "--out", str(tmp_path / "run"))

    refused = keychaos(*words, "--client", "leaving:at_once")
    aborted = keychaos(*words, "--client", "leaving:later")

    assert (refused.exit_code, aborted.exit_code) == (2, 4)
    assert "the client broke: SystemExit" in aborted.output.replace("\n", " ")


@pytest.mark.parametrize(
    ("leaves", "named"),
    [
        ("asyncio.CancelledError()", "CancelledError"),
        ("KeyboardInterrupt()", "KeyboardInterrupt"),
        ("Owned('one line\\nand another')", "Owned: one line and another"),
    ],
)
def test_a_client_that_breaks_by_what_is_no_error_is_named_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, leaves: str, named: str
) -> None:
    name = f"breaking_{leaves[:5].lower()}"
    (tmp_path / f"{name}.py").write_text(
        "import asyncio\n"
        "class Owned(BaseException): ...\n"
        "class Client:\n"
        "    def __init__(self, *given): ...\n"
        "    def decisions(self): return ()\n"
        f"    def begin(self, work, now): raise {leaves}\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    folder = tmp_path / "run"

    told = keychaos(
        *("run", NAME, "--world", "simulated", "--out", str(folder)), "--client", f"{name}:Client"
    )

    assert told.exit_code == 4
    aborted = json.loads((folder / "run.json").read_text(encoding="utf-8"))["aborted"]
    assert aborted.startswith(f"the client broke: {named} (")


def test_what_a_client_prints_is_no_part_of_the_document(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "printing.py").write_text(
        "from chaos.client.presets import factory_for\n"
        "print('it is imported')\n"
        "def client(*given):\n"
        "    print('it is built')\n"
        "    return factory_for('recommended')(*given)\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    words = ("run", NAME, "--world", "simulated", "--out", str(tmp_path / "run"), "--json")

    told = keychaos(*words, "--client", "printing:client")

    assert json.loads(told.stdout)["verdict"] == "passed"
    assert "it is imported" in told.stderr
    assert "it is built" in told.stderr


def test_a_disk_that_fills_up_in_virtual_time_keeps_what_was_recorded(tmp_path: Path) -> None:
    folder = tmp_path / "run"
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, hard))
    try:
        told = keychaos("run", NAME, "--world", "simulated", "--out", str(folder))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))

    assert told.exit_code == 4
    assert f"What was recorded is kept in {folder}; `keychaos report" in told.stderr
    aborted = json.loads((folder / "run.json").read_text(encoding="utf-8"))["aborted"]
    assert aborted == f"{folder / 'load'} cannot be written: File too large"
    assert (folder / "load" / "operations.bin").stat().st_size > 10_000


@pytest.mark.parametrize("words", [("plan", NAME), ("show", NAME), ("scenarios",)])
def test_an_output_that_cannot_be_written_is_said(words: tuple[str, ...]) -> None:
    command = [sys.executable, "-c", "from chaos.cli import main; main()", *words]
    with Path("/dev/full").open("w") as full:
        told = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, check=False)

    assert told.returncode == 5
    assert b"Traceback" not in told.stderr
    assert b"No space left" in told.stderr


@pytest.mark.parametrize("port", ["99999", "x", "0"])
def test_a_proxy_at_a_port_that_is_none_is_a_mistake(port: str) -> None:
    told = keychaos("run", NAME, "--proxy", f"toxiproxy=http://127.0.0.1:{port}")

    assert told.exit_code == 2
    assert "say toxiproxy=http://127.0.0.1:8474" in told.stderr


def test_an_override_that_spoils_a_sound_file_is_blamed_itself() -> None:
    told = keychaos("plan", NAME, "--set", "objectives.rto=5")

    assert told.exit_code == 2
    assert told.stderr.startswith("--set 'objectives.rto=5': in order without, but with it")


def test_a_folder_with_nothing_in_it_is_free_and_so_is_one_of_a_run_that_never_began(
    tmp_path: Path,
) -> None:
    playing._free(tmp_path)
    manifest: dict[str, object] = {"seed": 7, "regions": [], "overrides": []}
    manifest |= dict.fromkeys(("run_id", "world", "policy", "command", "path", "started_utc"), "")
    manifest["aborted"] = "stopped by SIGTERM before time zero"
    (tmp_path / "run.json").write_text(json.dumps(manifest), encoding="utf-8")
    playing._free(tmp_path)

    (tmp_path / "run.json").write_text(json.dumps({**manifest, "aborted": ""}), encoding="utf-8")
    with pytest.raises(ScenarioError, match="it is there already and holds a run"):
        playing._free(tmp_path)


def test_a_folder_that_is_taken_is_left_alone_and_said(tmp_path: Path) -> None:
    taken = tmp_path / "run"
    taken.mkdir()
    (taken / "precious").touch()

    told = keychaos("run", NAME, "--world", "simulated", "--out", str(taken))

    assert told.exit_code == 2
    assert f"--out {taken}: it is there already" in told.stderr
    assert (taken / "precious").exists()


def test_a_name_that_no_folder_can_have_is_said() -> None:
    told = keychaos("run", NAME, "--world", "simulated", "--out", "x" * 300)

    assert told.exit_code == 2
    assert "File name too long. Name another place." in told.stderr


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("serve", "--port", "65535"), 2, "--port 65535: 3 ports in a row are needed"),
        (("serve", "--host", "nosuch.invalid"), 5, "--host nosuch.invalid: the name cannot"),
        (("proxy", "--host", "nosuch.invalid"), 5, "--host nosuch.invalid: the name cannot"),
    ],
)
def test_an_address_that_cannot_be_served_at_is_said_once_by_its_option(
    words: tuple[str, ...], code: int, said: str
) -> None:
    told = keychaos(*words)

    assert told.exit_code == code
    assert told.stderr.startswith(said)
    assert told.stderr.count("\n") == 1


def test_a_folder_without_a_run_cannot_be_reported(tmp_path: Path) -> None:
    told = keychaos("report", str(tmp_path))

    assert told.exit_code == 2
    assert str(tmp_path) in told.stderr


def test_the_formats_are_published_as_json_schemas() -> None:
    scenario, findings = keychaos("schema"), keychaos("schema", "--findings")

    assert "objectives" in json.loads(scenario.output)["properties"]
    assert {"verdict", "measures", "baseline"} <= set(json.loads(findings.output)["properties"])


def test_a_scenario_is_shown_as_it_is_read() -> None:
    shown = json.loads(keychaos("show", NAME, "--json").output)

    assert (shown["name"], shown["faults"][0]["lasts"]) == (NAME, 20.0)


@pytest.mark.slow
def test_a_run_that_lost_what_its_baseline_tells_is_not_green(tmp_path: Path) -> None:
    baseline = tmp_path / "before" / "findings.json"
    words = ("run", NAME, "--world", "simulated", "--out")
    assert keychaos(*words, str(baseline.parent)).exit_code == 0
    told = json.loads(baseline.read_text(encoding="utf-8"))
    told["objectives"].append({**told["objectives"][0], "rule": "detect.max <= 1s"})
    baseline.write_text(json.dumps(told), encoding="utf-8")
    against = ("--baseline", str(baseline.parent), "--fail-on", "regression")

    played = keychaos(*words, str(tmp_path / "after"), *against)

    assert played.exit_code == 3
    assert "B does not state detect.max <= 1s" in " ".join(played.output.split())


def test_failing_on_a_regression_needs_something_to_regress_from(tmp_path: Path) -> None:
    told = keychaos("run", NAME, "--fail-on", "regression", "--out", str(tmp_path / "run"))
    missing = ("--baseline", str(tmp_path / "none"), "--out", str(tmp_path / "run"))
    none = keychaos("run", NAME, "--world", "simulated", *missing)

    assert (told.exit_code, none.exit_code) == (2, 2)
    assert "--baseline FOLDER" in told.stderr
    assert "holds no report" in none.stderr
    assert not (tmp_path / "run").exists()


def test_all_that_a_file_may_say_is_one_page() -> None:
    told = CliRunner().invoke(main, ["reference"])
    assert told.exit_code == 0
    assert told.stdout.startswith("# What a scenario file may say")
