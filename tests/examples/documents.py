"""An application under test: documents in a database, each sealed with a data key of its own."""

from collections.abc import Awaitable, Callable
from typing import Any

from fastapi import FastAPI, HTTPException, Request

from chaos.client.key_client import UnavailableError

Sealing = Callable[[bytes], Awaitable[bytes]]


def application(seal: Sealing, unseal: Sealing, database: Any, mark: str = "?") -> FastAPI:
    """The application; ``seal`` and ``unseal`` reach the key service as they see fit.

    ``database`` is a connection of sqlite3 or psycopg, ``mark`` its sign for a parameter.
    """
    app = FastAPI()
    database.execute("create table documents (name text primary key, envelope bytea)")
    keep = f"insert into documents values ({mark}, {mark}) on conflict (name) do update"  # noqa: S608 - the mark is ours
    find = f"select envelope from documents where name = {mark}"  # noqa: S608 - as above

    @app.put("/documents/{name}", status_code=204)
    async def put(name: str, request: Request) -> None:
        envelope = await _available(seal(await request.body()))
        database.execute(f"{keep} set envelope = excluded.envelope", (name, envelope))

    @app.get("/documents/{name}")
    async def get(name: str) -> dict[str, str]:
        row = database.execute(find, (name,)).fetchone()
        if row is None:
            raise HTTPException(404)
        return {"text": (await _available(unseal(row[0]))).decode()}

    return app


async def _available(sealing: Awaitable[bytes]) -> bytes:
    try:
        return await sealing
    except UnavailableError as error:
        raise HTTPException(503, "no key service answers") from error
