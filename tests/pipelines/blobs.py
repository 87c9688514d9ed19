"""A stand-in for one container of Azure's blob service: who may add and who may read, by the sandbox's own tokens.

Put Blob, Get Blob and their error codes are those of learn.microsoft.com/rest/api/storageservices; a role with
add/action alone creates a blob and neither overwrites nor reads one.
"""

import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import jwt
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

RESOURCE = "https://storage.azure.com"


@dataclass
class Container:
    """Blobs by name, and what each caller may do, by client id."""

    keys_url: str
    ca_file: Path
    roles: dict[str, frozenset[str]] = field(default_factory=dict)
    blobs: dict[str, bytes] = field(default_factory=dict)

    def application(self) -> Starlette:
        """Return what answers, at `/plans`."""
        return Starlette(routes=[Route("/plans/{name:path}", self._answer, methods=["PUT", "GET"])])

    async def _answer(self, request: Request) -> Response:
        name = request.path_params["name"]
        content = await request.body()
        try:
            caller = self._caller(request)
        except jwt.PyJWTError as error:
            challenge = (
                f'Bearer authorization_uri="{self.keys_url.partition("/discovery")[0]}", resource_id="{RESOURCE}"'
            )
            return _error(
                401, "InvalidAuthenticationInfo", {"www-authenticate": challenge, "x-why": type(error).__name__}
            )
        may = self.roles.get(str(caller["appid"]), frozenset())
        if request.method == "GET":
            return self._get(request, name) if "read" in may else _error(403, "AuthorizationPermissionMismatch")
        return self._put(request, name, content, may)

    def _put(self, request: Request, name: str, content: bytes, may: frozenset[str]) -> Response:
        if request.headers.get("x-ms-blob-type") != "BlockBlob" or request.query_params:
            return _error(400, "UnsupportedHeader")
        if "add" not in may or (name in self.blobs and request.headers.get("if-none-match") != "*"):
            return _error(403, "AuthorizationPermissionMismatch")
        if name in self.blobs:
            return _error(409, "BlobAlreadyExists")
        self.blobs[name] = content
        return Response(status_code=201, headers={"etag": '"1"', "last-modified": _MOMENT})

    def _get(self, request: Request, name: str) -> Response:
        if name not in self.blobs:
            return _error(404, "BlobNotFound")
        content = self.blobs[name]
        headers = {"etag": '"1"', "last-modified": _MOMENT, "x-ms-blob-type": "BlockBlob"}
        if request.headers.get("x-ms-range"):
            headers["content-range"] = f"bytes 0-{len(content) - 1}/{len(content)}"
        return Response(content, 206 if request.headers.get("x-ms-range") else 200, headers=headers)

    def _caller(self, request: Request) -> Mapping[str, Any]:
        token = request.headers.get("authorization", "").removeprefix("Bearer ")
        context = ssl.create_default_context(cafile=str(self.ca_file))
        key = jwt.PyJWKClient(self.keys_url, ssl_context=context).get_signing_key_from_jwt(token)
        # The sandbox's clock may be ahead of this machine's, where a test has moved it.
        return dict(jwt.decode(token, key.key, algorithms=["RS256"], audience=RESOURCE, leeway=_AHEAD_SECONDS))


_AHEAD_SECONDS = 3600
_MOMENT = "Mon, 23 Nov 2026 15:00:00 GMT"


def _error(status: int, code: str, headers: Mapping[str, str] | None = None) -> Response:
    text = f'<?xml version="1.0" encoding="utf-8"?><Error><Code>{code}</Code><Message>{code}</Message></Error>'
    return Response(text, status, media_type="application/xml", headers={"x-ms-error-code": code, **(headers or {})})
