"""An application under test: documents in SQLite, each sealed with a data key of its own."""

import sqlite3
from collections.abc import Awaitable, Callable

from fastapi import FastAPI, HTTPException, Request

from chaos.client.key_client import UnavailableError

Sealing = Callable[[bytes], Awaitable[bytes]]


def application(seal: Sealing, unseal: Sealing, database: sqlite3.Connection) -> FastAPI:
    """The application; ``seal`` and ``unseal`` reach the key service as they see fit."""
    app = FastAPI()
    database.execute("create table documents (name text primary key, envelope blob)")

    @app.put("/documents/{name}", status_code=204)
    async def put(name: str, request: Request) -> None:
        envelope = await _available(seal(await request.body()))
        database.execute("insert or replace into documents values (?, ?)", (name, envelope))

    @app.get("/documents/{name}")
    async def get(name: str) -> dict[str, str]:
        row = database.execute("select envelope from documents where name = ?", (name,)).fetchone()
        if row is None:
            raise HTTPException(404)
        return {"text": (await _available(unseal(row[0]))).decode()}

    return app


async def _available(sealing: Awaitable[bytes]) -> bytes:
    try:
        return await sealing
    except UnavailableError as error:
        raise HTTPException(503, "no key service answers") from error
