"""What people and programs are told about a twin that runs."""

from chaos.service.briefing import Endpoint, Running, briefing, env_lines

RUNNING = Running(
    [Endpoint("us-south", "http://south", "i-1"), Endpoint("us-east", "http://east", "i-2")],
    "http://iam",
    "the-key",
)


def test_the_env_file_names_everything() -> None:
    assert env_lines(RUNNING).splitlines() == [
        "KEYCHAOS_API_KEY=the-key",
        "KEYCHAOS_IAM_URL=http://iam",
        "KEYCHAOS_US_SOUTH_URL=http://south",
        "KEYCHAOS_US_SOUTH_INSTANCE=i-1",
        "KEYCHAOS_US_EAST_URL=http://east",
        "KEYCHAOS_US_EAST_INSTANCE=i-2",
    ]


def test_people_are_told_addresses_and_the_variables_of_each_sdk() -> None:
    told = briefing(RUNNING)
    for part in (
        "us-south  http://south  instance i-1",
        "us-east   http://east  instance i-2",
        "IBM_KEY_PROTECT_API_URL=http://south",
        "IBM_KEY_PROTECT_API_AUTH_URL=http://iam",
        'TokenURL: "http://iam/oidc/token"',
        'iam_endpoint="http://iam"',
        "KP_INSTANCE_ID=i-1",
    ):
        assert part in told
    assert "times as fast" not in told
    assert "runs 3600 times as fast" in briefing(RUNNING, 3600.0)


def test_the_api_key_is_not_in_the_repr() -> None:
    assert "the-key" not in repr(RUNNING)
