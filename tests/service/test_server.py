"""A region as a process."""

import json
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest

from chaos.exchange import Request
from chaos.service.configuration import Configuration
from chaos.service.iam import API_KEY_GRANT
from chaos.service.server import _confess, new_signing_key, part_of
from tests.service.caller import MATERIAL, envelope

SERVER = (sys.executable, "-m", "chaos.service.server")
INSTANCE = "0f4b62ee-8b9a-4c5b-9d5a-a5d4c39c0e0d"
SOMEONE = {"key": "api-key", "iam_id": "IBMid-1", "account": "account"}
TENANT = {"id": INSTANCE, "account": "account"}


def told(**more: object) -> dict[str, object]:
    return {"region": "us-south", "iam": {"api_keys": [SOMEONE]}, "instances": [TENANT], **more}


def test_a_bug_of_ours_is_told_in_the_services_own_words(
    capfd: pytest.CaptureFixture[str],
) -> None:
    asked = Request("GET", "/api/v2/keys", (("Correlation-Id", "mine"),))
    with pytest.raises(ValueError, match="secret") as caught:
        int("what a secret it holds")
    answer = _confess(caught.value, asked)
    assert answer.headers["correlation-id"] == "mine"
    assert answer.headers["content-type"] == "application/vnd.ibm.kms.error+json"
    (resource,) = json.loads(answer.body)["resources"]
    assert resource["errorMsg"].startswith("Internal Server Error: ")
    assert "secret" not in capfd.readouterr().err + answer.body.decode()


@contextmanager
def process(**more: object) -> Iterator[tuple[subprocess.Popen[bytes], dict[str, Any]]]:
    """A server process and what it said, ended at the end."""
    child = subprocess.Popen(SERVER, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert child.stdin is not None
    assert child.stdout is not None
    try:
        child.stdin.write(json.dumps(told(**more)).encode() + b"\n")
        child.stdin.flush()
        yield child, json.loads(child.stdout.readline())
    finally:
        child.stdin.close()
        child.stdout.close()
        child.wait(10)


def fetch(
    url: str, method: str = "GET", body: bytes | None = None, headers: dict[str, str] | None = None
) -> tuple[int, Any]:
    """Status and document of one call."""
    request = urllib.request.Request(url, body, headers or {}, method=method)  # noqa: S310 (loopback)
    try:
        with urllib.request.urlopen(request, timeout=5) as answer:  # noqa: S310 (loopback)
            return answer.status, json.loads(answer.read() or b"null")
    except urllib.error.HTTPError as refused:
        with refused:
            return refused.code, None


def token(url: str, api_key: str = "api-key") -> str:
    form = urlencode({"grant_type": API_KEY_GRANT, "apikey": api_key}).encode()
    issued: str = fetch(url + "/identity/token", "POST", form)[1]["access_token"]
    return issued


def run(line: bytes) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(SERVER, input=line, capture_output=True, timeout=20, check=False)


def test_a_part_is_a_region_or_iam_alone() -> None:
    pem = new_signing_key()
    region = part_of(Configuration.parse(json.dumps(told()).encode()))
    assert region.told["instances"] == [INSTANCE]
    assert region.told["region"] == "us-south"
    alone = part_of(Configuration.parse(json.dumps({"iam": {"signing_key": pem}}).encode()))
    assert alone.told == {"region": None}


def test_a_seed_makes_two_regions_alike() -> None:
    wish = Configuration.parse(json.dumps({"region": "us-south", "seed": 3}).encode())
    parts = [part_of(wish), part_of(wish)]
    made = [part.receive.__self__.service.add_instance("a").id for part in parts]  # type: ignore[attr-defined] # a bound method
    assert made[0] == made[1]


def test_a_scaled_clock_goes_on_where_it_was_when_a_region_starts_again() -> None:
    line = {"region": "us-south", "scale_time": 3600.0, "scaled_from": 1.8e9}
    part = part_of(Configuration.parse(json.dumps(line).encode()))
    clock = part.receive.__self__.service.clock  # type: ignore[attr-defined] # a bound method
    assert clock.at(1.8e9 + 10.0) == 1.8e9 + 36_000.0


@pytest.mark.slow
def test_a_process_serves_a_region_until_its_lifeline_ends() -> None:
    with process() as (child, said):
        url = said["url"]
        assert said["zones"] == ["us-south-1", "us-south-2", "us-south-3"]
        mine = {"Authorization": "Bearer " + token(url), "Bluemix-Instance": INSTANCE}
        body = json.dumps(envelope({"name": "key", "extractable": False})).encode()
        status, made = fetch(url + "/api/v2/keys", "POST", body, headers=mine)
        assert status == 201
        path = f"{url}/api/v2/keys/{made['resources'][0]['id']}/actions/wrap"
        assert fetch(path, "POST", b"", headers=mine)[0] == 200
        assert fetch(url + "/health")[0] == 200
        assert child.stdin is not None
        child.stdin.close()
        assert child.wait(5) == 0


@pytest.mark.slow
def test_processes_that_share_a_signing_key_take_each_others_tokens() -> None:
    iam = {"api_keys": [SOMEONE], "signing_key": new_signing_key()}
    with process(iam=iam) as (_, south), process(iam=iam, region="us-east") as (_, east):
        with process(iam=iam, region=None, instances=[]) as (_, alone):
            issued = token(alone["url"])
        mine = {"Authorization": "Bearer " + issued, "Bluemix-Instance": INSTANCE}
        for said in (south, east):
            assert fetch(said["url"] + "/api/v2/keys", headers=mine)[0] == 200


@pytest.mark.slow
def test_ctrl_c_is_the_parents_and_sigterm_stops_at_once() -> None:
    with process() as (child, said):
        child.send_signal(signal.SIGINT)
        time.sleep(0.2)
        assert fetch(said["url"] + "/health")[0] == 200
        child.terminate()
        assert child.wait(5) == 0


@pytest.mark.slow
def test_a_killed_process_loses_nothing_that_it_acknowledged(tmp_path: Path) -> None:
    iam = {"api_keys": [SOMEONE], "signing_key": new_signing_key()}
    kept = {"directory": str(tmp_path), "iam": iam}
    with process(**kept) as (child, said):
        mine = {"Authorization": "Bearer " + token(said["url"]), "Bluemix-Instance": INSTANCE}
        resource = {"name": "key", "extractable": False, "payload": MATERIAL}
        body = json.dumps(envelope(resource)).encode()
        url = said["url"] + "/api/v2/keys"
        made = [fetch(url, "POST", body, mine)[1] for _ in range(20)]
        child.kill()
    with process(**kept) as (_, said):
        listed = fetch(said["url"] + "/api/v2/keys", headers=mine)[1]["resources"]
    assert {each["id"] for each in listed} == {each["resources"][0]["id"] for each in made}


@pytest.mark.slow
def test_a_port_in_use_and_a_bad_line_are_one_sentence_each() -> None:
    with process() as (_, said):
        taken = run(json.dumps(told(port=said["port"])).encode() + b"\n")
    assert taken.returncode == 5
    assert taken.stderr.count(b"\n") == 1
    assert b"Address already in use" in taken.stderr
    wrong = run(b'{"regin": "us-south"}\n')
    assert wrong.returncode == 2
    assert b"regin" in wrong.stderr
    assert b"Traceback" not in taken.stderr + wrong.stderr


@pytest.mark.slow
def test_nothing_secret_is_in_what_a_process_says(tmp_path: Path) -> None:
    log = tmp_path / "said"
    with log.open("wb") as said, pytest.MonkeyPatch.context() as patch:
        patch.setattr(subprocess, "Popen", _logging(subprocess.Popen, said))
        with process() as (_, told_by_child):
            url = told_by_child["url"]
            issued = token(url)
            mine = {"Authorization": "Bearer " + issued, "Bluemix-Instance": INSTANCE}
            resource = {"name": "key", "extractable": False, "payload": MATERIAL}
            for body in (json.dumps(envelope(resource)).encode(), b"\xff" + MATERIAL.encode()):
                fetch(url + "/api/v2/keys", "POST", body, headers=mine)
    text = log.read_text() + json.dumps(told_by_child)
    for secret in (issued, MATERIAL, "api-key"):
        assert secret not in text


def _logging(popen: Any, log: Any) -> Any:
    return lambda *args, **options: popen(*args, **options, stderr=log)
