"""The service file: strict, and its complaints name the line and what was meant."""

import pytest

from chaos.client.service_file import IAM, RegionEntry, read_service
from chaos.errors import ScenarioError

WHOLE = """\
api_key_env: KP_API_KEY
regions:
  us-south: {url: "https://us-south.kms.cloud.ibm.com/", instance: i-1}
  us-east:
    url: http://127.0.0.1:8081
    instance: i-2
    api_key_env: KP_EAST
    iam: http://127.0.0.1:8082
keys:
  - {us-south: k-1, us-east: k-2}
"""


def test_a_file_tells_regions_in_order_and_which_keys_belong_together() -> None:
    service = read_service(WHOLE, "service.yaml")
    assert service.regions == (
        RegionEntry("us-south", "https://us-south.kms.cloud.ibm.com", "i-1", "KP_API_KEY", IAM),
        RegionEntry("us-east", "http://127.0.0.1:8081", "i-2", "KP_EAST", "http://127.0.0.1:8082"),
    )
    assert service.keys == ({"us-south": "k-1", "us-east": "k-2"},)


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("", "the file is empty"),
        ("- a", ":1: this must be a mapping."),
        ("regions: {", ":1: "),
        ("api_key_env: K", ":1: there are no regions."),
        ("regions: {}", ":1: there are no regions."),
        (WHOLE.replace("instance: i-1", "instnce: i-1"), ":3: 'instnce' .* mean 'instance'\\?"),
        (WHOLE.replace(", instance: i-1", ""), ":3: region us-south has no instance."),
        (WHOLE.replace("api_key_env: KP_API_KEY\n", ""), ":2: region us-south has no api_key_env."),
        (WHOLE.replace("https://us-south", "us-south"), ":3: 'us-south.* is no address"),
        (WHOLE.replace("8081", "8081/api"), ":5: .* is no address"),
        (WHOLE.replace("  - {us-south", "  - {us-sout"), ":10: 'us-sout' .* mean 'us-south'\\?"),
        (WHOLE.replace("  - {us-south: k-1", "  - {zzz: k-1"), ":10: .* Known: us-south, us-east."),
        (WHOLE.replace("  - {us-south: k-1, us-east: k-2}", "  a: b"), ":10: keys must be a list"),
        (WHOLE.replace("k-1", "[k-1]"), ":10: this must be a text."),
        (
            WHOLE.replace("instance: i-2", "instance: i-2\n    instance: i-3"),
            ":7: .* is there twice",
        ),
        (WHOLE.replace("instance: i-1", "instance: ''"), ":3: this must be a text."),
    ],
)
def test_a_mistake_is_told_with_its_line_and_what_would_be_right(text: str, complaint: str) -> None:
    with pytest.raises(ScenarioError, match=complaint) as caught:
        read_service(text, "service.yaml")
    assert str(caught.value).startswith("service.yaml:")
