"""How a standby's process hears of its primary: it asks over the control API, many times a second.

A primary that does not answer is asked again; what it told before still happens in its time.
"""

import asyncio
import http.client
import os
import time
from urllib.parse import urlsplit

from chaos.service.replica import NONCE_SIZE, sealed, unsealed
from chaos.service.replication import Standby

ASKS_EVERY = 0.05
PATIENCE = 2.0
PATH = "/_keychaos/changes"


async def stand_by(standby: Standby, url: str, token: str) -> None:
    """Hear of the primary, and give back to it what is to be returned, until cancelled."""
    while True:
        try:
            if standby.to_return:
                returned = tuple(standby.to_return)
                body = sealed(returned, token, os.urandom(NONCE_SIZE))
                await asyncio.to_thread(_ask, url, token, "POST", PATH, body)
                del standby.to_return[: len(returned)]
            asked = standby.seen
            path = f"{PATH}?after={asked}"
            told = await asyncio.to_thread(_ask, url, token, "GET", path, b"")
            # A failover may have ended meanwhile: then everything is to be told anew.
            if standby.seen == asked and not standby.to_return:
                standby.take(unsealed(told, token))
        except (OSError, http.client.HTTPException, ValueError):
            pass
        standby.settle(time.time())
        await asyncio.sleep(ASKS_EVERY)


def _ask(url: str, token: str, method: str, path: str, body: bytes) -> bytes:
    connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=PATIENCE)
    try:
        connection.request(method, path, body or None, {"Authorization": f"Bearer {token}"})
        answer = connection.getresponse()
        content = answer.read()
        if answer.status != http.HTTPStatus.OK:
            raise ValueError(f"The primary answered {answer.status}.")
        return content
    finally:
        connection.close()
