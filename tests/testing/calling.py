"""Calls of Key Protect as a program of one's own would make them with httpx."""

import ssl

from chaos.testing.key_service import KeyServiceUnderTest, Region

# Without authorities: loading them takes longer than most tests here.
PLAIN = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
WRAP_MEDIA = "application/vnd.ibm.kms.key_action_wrap+json"


def headers(service: KeyServiceUnderTest, region: Region) -> dict[str, str]:
    """Headers of a wrap."""
    return {**service.headers(region), "Content-Type": WRAP_MEDIA}
