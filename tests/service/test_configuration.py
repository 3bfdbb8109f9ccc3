"""The first line of a server process."""

import pytest

from chaos.errors import ScenarioError
from chaos.service.configuration import Configuration
from chaos.service.roles import OWNER

SOMEONE = '"key": "secret", "iam_id": "IBMid-1", "account": "a"'


def parse(line: str) -> Configuration:
    return Configuration.parse(line.encode())


def test_everything_has_a_default() -> None:
    told = parse("{}")
    assert (told.region, told.host, told.port, told.scale_time) == (None, "127.0.0.1", 0, 1.0)


def test_an_api_key_without_grants_may_do_everything_in_its_account() -> None:
    entry = f"{{{SOMEONE}}}"
    told = parse(f'{{"region": "us-south", "iam": {{"api_keys": [{entry}]}}}}')
    identity = told.iam.identities()["secret"]
    assert tuple(identity.grants["*"]) == OWNER
    assert "secret" not in repr(told)


@pytest.mark.parametrize(
    ("line", "where"),
    [
        ("", "the line"),
        ("{", "the line"),
        ("[]", "the line"),
        ('{"regin": "us-south"}', "regin"),
        ('{"port": -1}', "port"),
        ('{"port": "80"}', "port"),
        ('{"scale_time": 0}', "scale_time"),
        ('{"instances": [{"id": "x"}]}', "instances.0.account"),
        (
            f'{{"iam": {{"api_keys": [{{{SOMEONE}, "grants": {{"*": ["King"]}}}}]}}}}',
            "iam.api_keys.0.grants.*.0",
        ),
        ('{"iam": {"signing_key": "no key"}}', "iam.signing_key"),
    ],
)
def test_a_mistake_is_told_with_its_place_and_without_its_value(line: str, where: str) -> None:
    with pytest.raises(ScenarioError) as caught:
        parse(line)
    assert where in str(caught.value)
    assert "no key" not in str(caught.value)
