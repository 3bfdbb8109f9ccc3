"""What people and programs are told about a twin that runs: addresses, keys, variables per SDK."""

from collections.abc import Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A region that answers: its URL and the one instance made in it."""

    region: str
    url: str
    instance: str


@dataclass(frozen=True, slots=True)
class Running:
    """A twin that runs: its regions, its IAM, and the API key that may do everything."""

    regions: Sequence[Endpoint]
    iam_url: str
    api_key: str = field(repr=False)
    control_token: str = field(default="", repr=False)


def env_lines(running: Running) -> str:
    """NAME=value lines: the API key, IAM, and URL and instance of each region."""
    lines = [f"KEYCHAOS_API_KEY={running.api_key}", f"KEYCHAOS_IAM_URL={running.iam_url}"]
    for endpoint in running.regions:
        name = "KEYCHAOS_" + endpoint.region.upper().replace("-", "_")
        lines += [f"{name}_URL={endpoint.url}", f"{name}_INSTANCE={endpoint.instance}"]
    if running.control_token:
        lines.append(f"KEYCHAOS_CONTROL_TOKEN={running.control_token}")
    return "\n".join(lines) + "\n"


def briefing(running: Running, scale_time: float = 1.0) -> str:
    """For a terminal: where everything is, and what to set for each SDK."""
    width = max(len(endpoint.region) for endpoint in running.regions)
    lines = ["Key Protect twin, ready. Ctrl-C stops it.", ""]
    lines += [
        f"  {endpoint.region:<{width}}  {endpoint.url}  instance {endpoint.instance}"
        for endpoint in running.regions
    ]
    lines += [f"  {'IAM':<{width}}  {running.iam_url}  API key {running.api_key}"]
    if scale_time != 1.0:
        lines.append(f"  Its clock runs {scale_time:g} times as fast; tokens keep real time.")
    first = running.regions[0]
    lines += ["", f"For the SDKs, {first.region} as an example:", "", *_sdk_lines(running, first)]
    lines += ["", f"Health {first.url}/health   metrics /metrics   description /openapi.json"]
    if running.control_token:
        lines.append(f"Faults {first.url}/_keychaos/faults   Bearer {running.control_token}")
    return "\n".join(lines) + "\n"


def _sdk_lines(running: Running, endpoint: Endpoint) -> list[str]:
    return [
        "  Python (keyprotect 3), Node, Java: environment",
        f"    export IBM_KEY_PROTECT_API_URL={endpoint.url}",
        "    export IBM_KEY_PROTECT_API_AUTH_TYPE=iam",
        f"    export IBM_KEY_PROTECT_API_AUTH_URL={running.iam_url}",
        f"    export IBM_KEY_PROTECT_API_APIKEY={running.api_key}",
        f'    with bluemix_instance / bluemixInstance "{endpoint.instance}"',
        "  Go (keyprotect-go-client): ClientConfig",
        f'    BaseURL: "{endpoint.url}", TokenURL: "{running.iam_url}/oidc/token",',
        f'    APIKey: "{running.api_key}", InstanceID: "{endpoint.instance}"',
        "  Python before 3 (redstone): arguments",
        f'    endpoint_url="{endpoint.url}", service_instance_id="{endpoint.instance}",',
        f'    TokenManager("{running.api_key}", iam_endpoint="{running.iam_url}")',
        "  ibmcloud kp: environment",
        f"    export KP_TARGET_ADDR={endpoint.url} KP_INSTANCE_ID={endpoint.instance}",
    ]
