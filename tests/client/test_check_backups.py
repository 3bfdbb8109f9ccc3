"""The check against the twin: every way in which a backup can be worth nothing."""

import os
import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import orjson
import pytest

from chaos.client.backups import Row, exit_code
from chaos.client.check_backups import _Doors, check
from chaos.client.presets import RECOMMENDED
from chaos.client.service_file import ServiceFile, read_service
from chaos.errors import ScenarioError
from tests.client.live import two_regions
from tests.client.twin import API_KEY, MATERIAL, NEWER, Twin, TwinTransport

ENVIRON = {"KP_API_KEY": API_KEY}
ROOT = "application/vnd.ibm.kms.key+json"


class Rig:
    """A twin, the file that describes it, and what the check says of it."""

    def __init__(self) -> None:
        self.twin = Twin()
        self.transport = TwinTransport(self.twin)

    def file(self) -> ServiceFile:
        regions = "".join(
            f"  {target.region}: {{url: '{target.endpoint}', instance: {target.instance}}}\n"
            for target in self.twin.targets
        )
        return read_service(f"api_key_env: KP_API_KEY\niam: http://iam\nregions:\n{regions}", "f")

    def rows(self) -> list[Row]:
        return check(self.file(), ENVIRON, self.transport, deadline=0.5)

    def act(self, region: int, action: str, body: object = None) -> None:
        target = self.twin.targets[region]
        self.twin.ask(target.region, "POST", f"/api/v2/keys/{target.key_id}/actions/{action}", body)

    def create(self, region: str, name: str, material: str = "") -> None:
        key = {"type": ROOT, "name": name, "extractable": False}
        if material:
            key["payload"] = material
        metadata = {"collectionType": ROOT, "collectionTotal": 1}
        self.twin.ask(region, "POST", "/api/v2/keys", {"metadata": metadata, "resources": [key]})


def test_a_duplicate_with_the_same_material_is_in_step() -> None:
    rig = Rig()
    rows = rig.rows()
    assert rows == [Row("root", "us-south", "us-east", "in step", "")]
    assert exit_code(rows) == 0
    assert sum(path == "iam/identity/token" for path in rig.transport.asked) == 2


@pytest.mark.parametrize(
    ("region", "standing"), [(0, "backup is behind"), (1, "original is behind")]
)
def test_a_rotation_that_was_not_repeated_is_found(region: int, standing: str) -> None:
    rig = Rig()
    rig.act(region, "rotate", {"payload": NEWER})
    (row,) = rig.rows()
    assert row.standing == standing
    rig.act(1 - region, "rotate", {"payload": NEWER})
    assert rig.rows()[0].standing == "in step"


def test_keys_without_a_backup_and_namesakes_of_other_material_are_found() -> None:
    rig = Rig()
    rig.create("us-south", "generated")
    rig.create("us-south", "alone", MATERIAL)
    rig.create("us-south", "namesake", MATERIAL)
    rig.create("us-east", "namesake", NEWER)
    rig.create("us-east", "only-east", NEWER)
    found = {row.name: row for row in rig.rows()}
    assert {name: row.standing for name, row in found.items()} == {
        "root": "in step",
        "generated": "no backup",
        "alone": "no backup",
        "namesake": "other material",
        "only-east": "no backup",
    }
    assert "cannot be duplicated" in found["generated"].todo
    assert exit_code(list(found.values())) == 1


def test_a_disabled_backup_is_not_tried() -> None:
    rig = Rig()
    rig.act(1, "disable")
    (row,) = rig.rows()
    assert (row.standing, "suspended" in row.todo) == ("not active", True)


def test_more_keys_than_one_page_lists_are_all_checked() -> None:
    rig = Rig()
    for number in range(205):
        rig.create("us-south", f"key-{number:03d}", MATERIAL)
    assert len(rig.rows()) == 206


def only(fails: str, then: str) -> Callable[[TwinTransport], None]:
    """Requests whose path ends so meet that."""

    def arrange(transport: TwinTransport) -> None:
        transport.meets = lambda _: then if transport.asked[-1].endswith(fails) else "answers"

    return arrange


@pytest.mark.parametrize("path", ["/wrap", "/unwrap"])
def test_a_region_that_lists_and_does_not_serve_is_told_as_not_checked(path: str) -> None:
    rig = Rig()
    only(path, "403")(rig.transport)
    (row,) = rig.rows()
    assert (row.standing, f"{path[1:]} in us-" in row.todo) == ("not checked", True)


@pytest.mark.parametrize("meets", ["refuses", "403"])
def test_a_region_that_cannot_be_asked_is_told_and_leaves_the_others_keys_open(meets: str) -> None:
    rig = Rig()
    rig.transport.meets = lambda host: meets if host == "us-east" else "answers"
    region, key = rows = rig.rows()
    assert (region.region, region.standing) == ("us-east", "not asked")
    assert "http://us-east does not list its keys" in region.todo
    assert key == Row("root", "us-south", "", "not checked", "Ask again when us-east can be asked.")
    assert exit_code(rows) == 5


def test_an_api_key_that_gets_no_token_is_told_by_the_name_of_its_variable() -> None:
    rig = Rig()
    rows = check(rig.file(), {"KP_API_KEY": "wrong"}, rig.transport, deadline=0.5)
    assert [row.standing for row in rows] == ["not asked", "not asked"]
    told = "http://iam gives no token for the API key in KP_API_KEY"
    assert all(told in row.todo and "(400)" in row.todo for row in rows)
    assert "wrong" not in repr(rows)


GRANTED = b'{"access_token":"t","expires_in":3600}'


@pytest.mark.parametrize(
    ("token", "listed", "told"),
    [
        (b"[1]", b"{}", "no token"),
        (GRANTED, b"[1]", "as Key Protect does"),
        (GRANTED, b'{"resources":[1]}', "as Key Protect does"),
        (GRANTED, b'{"resources":[{"name":"k"}]}', "as Key Protect does"),
        (GRANTED, b"<html>", "as Key Protect does"),
    ],
)
def test_something_else_at_the_address_is_told_as_such(
    token: bytes, listed: bytes, told: str
) -> None:
    def answers(request: httpx.Request) -> httpx.Response:
        iam = request.url.path.startswith("/identity")
        return httpx.Response(200, content=token if iam else listed)

    rows = check(Rig().file(), ENVIRON, httpx.MockTransport(answers), deadline=0.5)
    assert [row.standing for row in rows] == ["not asked"] * 2
    assert all(told in row.todo for row in rows)


def test_a_service_that_knows_no_pages_is_not_asked_for_ever() -> None:
    page = [{"id": f"k-{n}", "name": f"k-{n}", "state": 1, "imported": True} for n in range(200)]

    def answers(request: httpx.Request) -> httpx.Response:
        iam = request.url.path.startswith("/identity")
        return httpx.Response(200, content=GRANTED if iam else orjson.dumps({"resources": page}))

    doors = _Doors(Rig().file(), ENVIRON, httpx.MockTransport(answers), RECOMMENDED)
    assert len(list(doors.root_keys(Rig().file().regions[0]))) == 200


def test_a_missing_api_key_is_the_users_to_set() -> None:
    with pytest.raises(ScenarioError, match="KP_API_KEY, which is not set"):
        check(Rig().file(), {})


class Operator:
    """Somebody at a shell with `keychaos serve` running, its addresses in an environment file."""

    def __init__(self, told: dict[str, str], folder: Path) -> None:
        self.told = told
        self.folder = folder
        form = {
            "grant_type": "urn:ibm:params:oauth:grant-type:apikey",
            "apikey": told["KEYCHAOS_API_KEY"],
        }
        granted = httpx.post(f"{told['KEYCHAOS_IAM_URL']}/identity/token", data=form)
        self.token = granted.json()["access_token"]

    def ask(self, region: str, method: str, path: str, body: object = None) -> dict[str, Any]:
        """One request to the key service."""
        name = region.upper().replace("-", "_")
        headers = {
            "Authorization": f"Bearer {self.token}",
            "Bluemix-Instance": self.told[f"KEYCHAOS_{name}_INSTANCE"],
        }
        url = f"{self.told[f'KEYCHAOS_{name}_URL']}/api/v2/keys{path}"
        answer = httpx.request(method, url, headers=headers, json=body)
        assert answer.status_code < 300, answer.text
        return dict(answer.json()) if answer.content else {}

    def create(self, region: str, name: str, material: str) -> str:
        """Import a root key; its id."""
        key = {"type": ROOT, "name": name, "extractable": False, "payload": material}
        envelope = {"metadata": {"collectionType": ROOT, "collectionTotal": 1}, "resources": [key]}
        return str(self.ask(region, "POST", "", envelope)["resources"][0]["id"])

    def check(self, api_key: str = "", **addresses: str) -> tuple[int, str, str]:
        """`keychaos check-backups`: exit code, the table and what is said beside it."""
        told = {**self.told, **addresses}
        regions = "".join(
            f"  {region}: {{url: '{told[f'KEYCHAOS_{name}_URL']}', "
            f"instance: {told[f'KEYCHAOS_{name}_INSTANCE']}}}\n"
            for region, name in (("us-south", "US_SOUTH"), ("us-east", "US_EAST"))
        )
        file = self.folder / "service.yaml"
        file.write_text(f"api_key_env: KP\niam: {told['KEYCHAOS_IAM_URL']}\nregions:\n{regions}")
        ran = subprocess.run(
            [sys.executable, "-m", "chaos.cli", "check-backups", "--service", str(file)],
            env={**os.environ, "KP": api_key or told["KEYCHAOS_API_KEY"]},
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )
        return ran.returncode, ran.stdout, ran.stderr


@pytest.fixture
def operator(tmp_path: Path) -> Iterator[Operator]:
    """`keychaos serve` with two regions, until the test is over."""
    env_file = tmp_path / "twin.env"
    command = [sys.executable, "-m", "chaos.cli", "serve", "--env-file", str(env_file)]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL) as serving:
        try:
            waited_until = time.monotonic() + 60.0
            while not (env_file.exists() and env_file.read_text().endswith("\n")):
                assert serving.poll() is None
                assert time.monotonic() < waited_until
                time.sleep(0.05)
            lines = env_file.read_text().splitlines()
            yield Operator(dict(line.split("=", 1) for line in lines), tmp_path)
        finally:
            serving.terminate()
            serving.wait(60)


@pytest.mark.slow
def test_an_operator_is_told_what_to_do_and_the_exit_code_says_who_must_act(
    operator: Operator,
) -> None:
    operator.create("us-south", "equal", MATERIAL)
    operator.create("us-east", "equal", MATERIAL)
    code, table, beside = operator.check()
    assert (code, beside) == (0, "")
    assert re.search(r"^equal +us-south +us-east +in step +-$", table, re.MULTILINE)

    ids = {}
    for name in ("behind", "ahead", "unequal", "missing"):
        ids[name] = operator.create("us-south", name, MATERIAL)
    for name, material in (("behind", MATERIAL), ("ahead", MATERIAL), ("unequal", NEWER)):
        ids[f"{name} there"] = operator.create("us-east", name, material)
    rotated = {"payload": NEWER}
    operator.ask("us-south", "POST", f"/{ids['behind']}/actions/rotate", rotated)
    operator.ask("us-east", "POST", f"/{ids['ahead there']}/actions/rotate", rotated)
    code, table, beside = operator.check()
    assert (code, beside) == (1, "")
    for line in (
        r"behind +us-south +us-east +backup is behind +Rotate it in us-east with the material",
        r"ahead +us-south +us-east +original is behind +Rotate it in us-south with the material",
        r"unequal +us-south +us-east +other material +Neither opens what the other wraps",
        r"missing +us-south +- +no backup +Import its material in another region",
        r"equal +us-south +us-east +in step +-$",
    ):
        assert re.search(f"^{line}", table, re.MULTILINE), table

    code, table, _ = operator.check(KEYCHAOS_US_EAST_URL="http://127.0.0.1:1")
    assert code == 5
    assert "http://127.0.0.1:1 does not list its keys" in table
    assert re.search(
        r"^equal +us-south +- +not checked +Ask again when us-east", table, re.MULTILINE
    )

    code, table, _ = operator.check(api_key="not-the-one")
    assert code == 5
    assert "gives no token for the API key in KP" in table

    code, _, beside = operator.check(KEYCHAOS_US_EAST_URL="localhost")
    assert code == 2
    assert "service.yaml:5: 'localhost' is no address" in beside


@pytest.mark.slow
def test_real_processes_are_checked_by_the_same_file() -> None:
    with two_regions() as live:
        regions = "".join(
            f"  {target.region}: {{url: '{target.endpoint}', instance: {target.instance}}}\n"
            for target in live.targets
        )
        iam = live.credential.endpoint
        service = read_service(f"api_key_env: KP_API_KEY\niam: {iam}\nregions:\n{regions}", "f")
        assert [row.standing for row in check(service, ENVIRON)] == ["in step"]
        live.rotate(0, NEWER)
        assert [row.standing for row in check(service, ENVIRON)] == ["backup is behind"]
        live.rotate(1, NEWER)
        assert [row.standing for row in check(service, ENVIRON)] == ["in step"]
        live.processes["us-south"].kill()
        live.processes["us-south"].wait()
        rows = check(service, ENVIRON)
        assert [row.standing for row in rows] == ["not asked", "not checked"]
        assert exit_code(rows) == 5
