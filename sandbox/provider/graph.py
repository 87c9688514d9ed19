"""Microsoft Graph as the provider speaks it: versions, paths, filters, references, paging, retries and refusals.

A type's file asks for a path and gets parsed JSON, or a ``Refusal`` that reads as the real provider's errors read.
``waited`` is the provider's waiting for the directory to agree with itself; its repeated reads are not repeated here
once the first one agrees.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import Any, Literal
from urllib.parse import urlsplit

from sandbox.provider.transport import PACE, Answer, Transport, patiently

Version = Literal["v1.0", "beta"]
Worth = Callable[[Answer], bool]

DEADLINE = 300.0
"""Seconds that most operations of most types may take."""

_FIRST_PAUSE = 5.0
_NEXT_PAUSE = 10.0
_ACCEPTED = {
    "GET": {200},
    "POST": {200, 201, 202, 204},
    "PUT": {200, 201, 202, 204},
    "PATCH": {200, 202, 204},
    "DELETE": {200, 204},
}
_HEADERS = {
    "Content-Type": "application/json; charset=utf-8",
    "Accept": "application/json; charset=utf-8; IEEE754Compatible=false",
    "OData-MaxVersion": "4.0",
    "OData-Version": "4.0",
}


class Refusal(Exception):  # noqa: N818  named as what Graph did
    """An answer outside the accepted statuses."""

    def __init__(self, answer: Answer) -> None:
        error = (answer.body or {}).get("error") if isinstance(answer.body, dict) else None
        said = ""
        if isinstance(error, dict):
            said = f" with error: {error.get('code', '')}: {error.get('message', '')}"
        super().__init__(f"unexpected status {answer.phrase}{said}")
        self.status = answer.status


class Missing(Refusal):
    """The object is not there (404)."""


class Graph:
    """A tenant's Graph, as the signed-in caller sees it."""

    def __init__(self, transport: Transport, base: str, token: Callable[[], str]) -> None:
        self._transport = transport
        self._token = token
        self.base = base

    def get(
        self, path: str, *, version: Version = "v1.0", select: str = "", deadline: float = DEADLINE
    ) -> dict[str, Any]:
        """Read one object; raises ``Missing`` for 404."""
        query = {"$select": select} if select else None
        return _object(self._request("GET", self._url(version, path), query=query, deadline=deadline))

    def find(self, path: str, *, version: Version = "v1.0", select: str = "") -> dict[str, Any] | None:
        """Read one object, or nothing when it is not there."""
        try:
            return self.get(path, version=version, select=select)
        except Missing:
            return None

    def list(self, path: str, *, version: Version = "v1.0", filter: str = "") -> list[dict[str, Any]]:  # noqa: A002  the query option's name
        """Read a whole collection, page by page."""
        url, query = self._url(version, path), {"$filter": filter} if filter else None
        found: list[dict[str, Any]] = []
        while url:
            page = _object(self._request("GET", url, query=query, deadline=DEADLINE))
            found += page.get("value") or []
            url, query = self._same_server(page.get("@odata.nextLink") or ""), None
        return found

    def post(
        self, path: str, body: Mapping[str, Any], *, worth_retrying: Worth | None = None, deadline: float = DEADLINE
    ) -> dict[str, Any]:
        """Create an object or perform an action."""
        url = self._url("v1.0", path)
        return _object(self._request("POST", url, body=body, worth_retrying=worth_retrying, deadline=deadline))

    def patch(
        self,
        path: str,
        body: Mapping[str, Any],
        *,
        version: Version = "v1.0",
        worth_retrying: Worth | None = None,
        deadline: float = DEADLINE,
    ) -> None:
        """Change an object."""
        self._request("PATCH", self._url(version, path), body=body, worth_retrying=worth_retrying, deadline=deadline)

    def put(self, path: str, body: Mapping[str, Any]) -> None:
        """Set a reference."""
        self._request("PUT", self._url("v1.0", path), body=body, deadline=DEADLINE)

    def upload(self, path: str, content: bytes, *, kind: str) -> None:
        """Set a stream property, such as a logo."""
        answer = self._send("PUT", self._url("v1.0", path), content=content, headers={"Content-Type": kind})
        _accept("PUT", answer)

    def delete(self, path: str) -> None:
        """Delete an object or a reference."""
        self._request("DELETE", self._url("v1.0", path), deadline=DEADLINE)

    def reference(self, object_id: str) -> str:
        """Return the address by which a body names another directory object."""
        return f"{self.base}/v1.0/directoryObjects/{object_id}"

    def _url(self, version: Version, path: str) -> str:
        return f"{self.base}/{version}{path}"

    def _same_server(self, link: str) -> str:
        if link and urlsplit(link)[:2] != urlsplit(self.base)[:2]:
            raise ValueError(f"Graph's next page {link} is not on {self.base}; the token must not be sent there")
        return link

    def _request(
        self,
        method: str,
        url: str,
        *,
        query: Mapping[str, str] | None = None,
        body: Mapping[str, Any] | None = None,
        worth_retrying: Worth | None = None,
        deadline: float,
    ) -> Answer:
        content = None if body is None else json.dumps(body, sort_keys=True).encode()
        answer = patiently(
            method,
            lambda: self._send(method, url, query=query, content=content),
            deadline=deadline,
            worth_retrying=worth_retrying,
        )
        return _accept(method, answer)

    def _send(
        self,
        method: str,
        url: str,
        *,
        query: Mapping[str, str] | None = None,
        content: bytes | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        sent = {**_HEADERS, **(headers or {}), "Authorization": f"Bearer {self._token()}"}
        return self._transport.send(method, url, query=query, headers=sent, content=content)


def quoted(text: str) -> str:
    """Return a text as a literal of a filter."""
    return "'" + text.replace("'", "''") + "'"


def when_missing(answer: Answer) -> bool:
    """Tell whether the object is not there yet."""
    return answer.status == HTTPStatus.NOT_FOUND


def when_conflicting(answer: Answer) -> bool:
    """Tell whether another write is still on its way."""
    return answer.status == HTTPStatus.CONFLICT


def when_refused_with(pattern: str, status: HTTPStatus = HTTPStatus.BAD_REQUEST) -> Worth:
    """Return a test for a refusal whose text matches, which for a fresh object may mean only: not replicated yet."""
    return lambda answer: answer.status == status and re.search(pattern, answer.text) is not None


def when_any(*tests: Worth) -> Worth:
    """Return a test that any of the given ones satisfies."""
    return lambda answer: any(test(answer) for test in tests)


def waited(agrees: Callable[[], bool], *, what: str, deadline: float = DEADLINE) -> None:
    """Wait until the tenant agrees; raises ``TimeoutError`` when it does not before the deadline (seconds)."""
    pause, spent = _FIRST_PAUSE, 0.0
    while not agrees():
        spent += pause
        if spent > deadline:
            raise TimeoutError(f"timeout while waiting for {what} (timeout: {int(deadline // 60)}m0s)")
        time.sleep(pause * PACE)
        pause = _NEXT_PAUSE


def _accept(method: str, answer: Answer) -> Answer:
    if answer.status in _ACCEPTED[method]:
        return answer
    raise (Missing if answer.status == HTTPStatus.NOT_FOUND else Refusal)(answer)


def _object(answer: Answer) -> dict[str, Any]:
    if isinstance(answer.body, dict):
        return answer.body
    if answer.status == HTTPStatus.NO_CONTENT:
        return {}
    raise ValueError(f"Graph answered {answer.phrase} without a JSON object where one was expected")
