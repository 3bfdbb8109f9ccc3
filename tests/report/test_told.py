import json
import shutil
from dataclasses import replace
from html import unescape
from pathlib import Path

import pytest
from pydantic import TypeAdapter

from chaos.analysis import analyse
from chaos.errors import ScenarioError
from chaos.report import document, html, markdown, told
from chaos.report.verify import verify
from chaos.run import stored
from tests.report import made
from tests.report.test_verify import YAML, keep


@pytest.fixture(scope="module")
def baseline(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("baseline")
    (folder / "findings.json").write_bytes(document.encoded(made.told("passed")))
    return folder


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("runs") / "played"
    run = made.run(made.Toy(rate=30.0))
    keep(replace(run, scenario=replace(run.scenario, source=YAML)), folder)
    return folder


def test_a_run_is_told_against_the_baseline_that_lies_beside_its_records(
    played: Path, baseline: Path, tmp_path: Path
) -> None:
    folder = shutil.copytree(played, tmp_path / "run")
    run = stored.load(folder)
    alone = told.tell(run, analyse(run), folder)
    told.keep(baseline, folder)
    held = told.tell(run, analyse(run), folder)

    assert alone.against is None
    assert held.against is not None
    assert held.against.baseline == (made.told("passed").identity.run_id,)
    assert "baseline.json" in {row.name for row in held.files}
    text = document.encoded(held)
    assert TypeAdapter(document.Document).validate_json(text, strict=True).baseline is not None
    assert held.against.claim in unescape(html.words_of(held))
    assert markdown.escape(held.against.claim) in markdown.summary(held)
    assert "was given no baseline" in html.words_of(alone)


def test_a_baseline_that_was_changed_afterwards_is_named(
    played: Path, baseline: Path, tmp_path: Path
) -> None:
    folder = shutil.copytree(played, tmp_path / "run")
    told.keep(baseline, folder)
    run = stored.load(folder)
    tale = told.tell(run, analyse(run), folder)
    (folder / "findings.json").write_bytes(document.encoded(tale))
    assert not [each for each in verify(folder).problems if each.where == "baseline.json"]

    path = folder / "baseline.json"
    (one,) = json.loads(path.read_text())
    one["objectives"][0]["verdict"] = "failed"
    path.write_text(json.dumps([one]))

    where = [problem.where for problem in verify(folder).problems]
    assert "baseline.json" in where
    assert any(place.startswith("findings.json, baseline.objectives") for place in where)


def test_what_is_no_baseline_is_refused(played: Path, tmp_path: Path) -> None:
    folder = shutil.copytree(played, tmp_path / "run")
    (folder / "baseline.json").write_text("[{}]")
    run = stored.load(folder)

    with pytest.raises(ScenarioError, match=r"baseline\.json is not a baseline"):
        told.tell(run, analyse(run), folder)
    with pytest.raises(ScenarioError, match="holds no report"):
        told.keep(tmp_path / "nowhere", folder)
