"""A server for Terraform's http backend: one state, with a lock, in memory."""

import json
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

_LOCKED = 423
_PAUSE_SECONDS = 0.02


class StateServer:
    """The state and its lock; `lock` is what the holder wrote down of itself."""

    def __init__(self) -> None:
        self.state: bytes | None = None
        self.lock: dict[str, Any] | None = None
        self.writes = 0
        self.is_refusing_writes = False

    async def answer(self, request: Request) -> Response:
        """Answer one request of the backend."""
        match request.method:
            case "GET":
                return Response(self.state, media_type="application/json") if self.state else Response(status_code=404)
            case "POST":
                return await self._write(request)
            case "LOCK":
                if self.lock is not None:
                    return Response(json.dumps(self.lock), status_code=_LOCKED, media_type="application/json")
                self.lock = await request.json()
            case "UNLOCK":
                self.lock = None
        return Response()

    async def _write(self, request: Request) -> Response:
        if self.is_refusing_writes:
            return Response(status_code=507)
        if self.lock is None or request.query_params.get("ID") != self.lock["ID"]:
            return Response(status_code=409)
        self.state = await request.body()
        self.writes += 1
        return Response()


@contextmanager
def serve_states() -> Iterator[tuple[StateServer, str]]:
    """Serve until the block ends; yield the server and its address."""
    states = StateServer()
    route = Route("/state", states.answer, methods=["GET", "POST", "LOCK", "UNLOCK"])
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        port = listening.getsockname()[1]
        server = uvicorn.Server(uvicorn.Config(Starlette(routes=[route]), log_level="warning"))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
        thread.start()
        while not server.started:
            time.sleep(_PAUSE_SECONDS)
        try:
            yield states, f"http://127.0.0.1:{port}/state"
        finally:
            server.should_exit = True
            thread.join()
