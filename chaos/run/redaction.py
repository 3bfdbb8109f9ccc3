"""Takes secrets out of the words of a user's client before they reach a disk or a report.

A client of the user's own says in its own words why an operation failed, and such words often hold
an exception's text, with the header or the key that it choked on. What looks like a secret is
replaced; what is lost of an innocent word is a lesser evil.
"""

import re
from functools import lru_cache

MARK = "[redacted]"
_NAMED = re.compile(
    r"(?i)((?:api[_-]?key|token|secret|password|authorization|payload|plaintext)"
    r"[\"']?\s*[:=]\s*[\"']?(?:bearer\s+|basic\s+)?)[^\s\"',;&}\]]{4,}"
)
_BEARER = re.compile(r"(?i)\b(bearer|basic)\s+[a-z0-9+/_.~-]{8,}=*")
_PEM = re.compile(r"-----BEGIN [A-Z ]+-----.*?(?:-----END [A-Z ]+-----|$)", re.DOTALL)
_JWT = re.compile(r"\beyJ[\w-]+(?:\.[\w-]+){1,4}")
_HEX = re.compile(r"\b[0-9a-fA-F]{32,}\b")
# Base64 of 16 bytes and more. Lower-case words, constants and UUIDs lack one of the three.
_BASE64 = re.compile(
    r"(?<![\w+/-])(?=[\w+/-]*[a-z])(?=[\w+/-]*[A-Z])(?=[\w+/-]*[0-9])[\w+/-]{22,}={0,2}"
)


@lru_cache(maxsize=4096)
def redacted(text: str) -> str:
    """The text with a mark in place of whatever looks like a key, a token or a password.

    >>> redacted("401: Authorization: Bearer eyJhbGciOi.eyJzdWIi.c2lnbmF0dXJl was refused")
    '401: Authorization: Bearer [redacted] was refused'
    >>> redacted("gave up after 3 attempts at us-south (429)")
    'gave up after 3 attempts at us-south (429)'
    """
    text = _PEM.sub(MARK, text)
    text = _NAMED.sub(rf"\g<1>{MARK}", text)
    text = _BEARER.sub(rf"\g<1> {MARK}", text)
    for pattern in (_JWT, _HEX, _BASE64):
        text = pattern.sub(MARK, text)
    return text
