"""schemathesis against the twin's own description: thousands of requests, good and bad."""

import json
import os
import re
import subprocess
from pathlib import Path

import pytest

from tests.service.caller import envelope
from tests.service.conformance.workshop import python_with
from tests.service.test_server import INSTANCE, fetch, process, token

pytestmark = pytest.mark.slow

RUNS_WITHIN = 240.0
CASES_AT_LEAST = 1000
# Rules between fields (a date must lie ahead, base64 must hold 16, 24 or 32 bytes) are in no
# schema, so what fits the schema may be refused. What is no token is answered 400 as the real one
# does, where the check of tokens knows 401 and 403 alone: tests/service/test_api.py has every route
# refuse who comes without a token or with a bad one.
UNCHECKED = "positive_data_acceptance,ignored_auth"


@pytest.mark.parametrize("known", [False, True], ids=["names drawn", "names of a key"])
def test_nothing_that_is_sent_breaks_the_twin(tmp_path: Path, *, known: bool) -> None:
    python = python_with("schemathesis==4.32.5")
    with process() as (_, said):
        url = said["url"]
        mine = {"Authorization": f"Bearer {token(url)}", "Bluemix-Instance": INSTANCE}
        kept = _name_a_key(url, mine, tmp_path) if known else ()
        headers = [part for name, value in mine.items() for part in ("-H", f"{name}: {value}")]
        ran = subprocess.run(
            [
                *(str(python.parent / "st"), "run", f"{url}/openapi.json", *headers),
                *("--phases", "coverage,fuzzing,stateful", "-n", "10", "--seed", "20261"),
                *("--exclude-checks", UNCHECKED, "--warnings", "off", *kept),
            ],
            cwd=tmp_path,
            env={**os.environ, "NO_COLOR": "1"},
            capture_output=True,
            text=True,
            timeout=RUNS_WITHIN,
            check=False,
        )
        told = fetch(f"{url}/health")[0]
    assert ran.returncode == 0, ran.stdout[-6000:] + ran.stderr[-1000:]
    cases = re.search(r"(\d+) generated", ran.stdout)
    assert cases is not None, ran.stdout[-1000:]
    assert int(cases[1]) >= CASES_AT_LEAST
    assert told == 200


def _name_a_key(url: str, mine: dict[str, str], folder: Path) -> tuple[str, ...]:
    """Have every path name a key that exists, so that what lies behind it is reached.

    Gives the arguments that keep it from being deleted: 410 would hide everything else.
    """
    body = json.dumps(envelope({"name": "key", "extractable": False})).encode()
    made = fetch(f"{url}/api/v2/keys", "POST", body, mine)[1]
    key = made["resources"][0]["id"]
    (folder / "schemathesis.toml").write_text(f'[parameters]\n"path.key" = "{key}"\n')
    return ("--exclude-method", "DELETE")
