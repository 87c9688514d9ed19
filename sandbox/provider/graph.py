"""Microsoft Graph as the provider speaks it: versions, paths, filters, references, paging, retries and refusals.

A type's file asks for a path and gets parsed JSON, or a ``Refusal`` that reads as the real provider's errors read.
``Graph.waited`` is the provider's waiting for the directory to agree with itself.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import Any, Literal
from urllib.parse import urlsplit

from sandbox.provider.transport import (
    NO_ANSWER,
    OUT_OF_TIME,
    UNHURRIED,
    Answer,
    Patience,
    Transport,
    Unreachable,
    patiently,
)

Version = Literal["v1.0", "beta"]
Worth = Callable[[Answer], bool]

# How a wait asks again: after five seconds, longer after each miss up to ten, until five answers in a row agree.
_INTERVAL = 5.0
_LONGEST_INTERVAL = 10.0
_AGREEING = 5
_ACCEPTED = {
    "GET": {200},
    "POST": {200, 201, 202, 204},
    "PUT": {200, 201, 202, 204},
    "PATCH": {200, 202, 204},
    "DELETE": {200, 204},
}
_IDEMPOTENT = frozenset({"GET", "PUT", "DELETE"})
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
        elif answer.text:
            said = f" with response: {answer.text}"
        super().__init__(f"unexpected status {answer.phrase}{said}")
        self.status = answer.status


class Missing(Refusal):
    """The object is not there (404)."""


class Graph:
    """A tenant's Graph, as the signed-in caller sees it."""

    def __init__(
        self,
        transport: Transport,
        base: str,
        token: Callable[[], str],
        *,
        seconds: float = UNHURRIED,
        pace: float = 0.0,
    ) -> None:
        """Speak for one operation, which may take so many seconds; one second of its waiting takes ``pace``."""
        self._transport = transport
        self._token = token
        self._pace = pace
        self._patience = Patience(seconds, pace=pace)
        self.base = base

    def within(self, seconds: float) -> Graph:
        """Return the same Graph for an operation that may take so many seconds."""
        return Graph(self._transport, self.base, self._token, seconds=seconds, pace=self._pace)

    def get(self, path: str, *, version: Version = "v1.0", select: str = "") -> dict[str, Any]:
        """Read one object; raises ``Missing`` for 404."""
        query = {"$select": select} if select else None
        return _object(self._request("GET", self._url(version, path), query=query))

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
            page = _object(self._request("GET", url, query=query))
            found += page.get("value") or []
            url, query = self._same_server(page.get("@odata.nextLink") or ""), None
        return found

    def post(
        self,
        path: str,
        body: Mapping[str, Any],
        *,
        version: Version = "v1.0",
        worth_retrying: Worth | None = None,
    ) -> dict[str, Any]:
        """Create an object or perform an action."""
        url = self._url(version, path)
        return _object(self._request("POST", url, body=body, worth_retrying=worth_retrying))

    def patch(
        self,
        path: str,
        body: Mapping[str, Any],
        *,
        version: Version = "v1.0",
        worth_retrying: Worth | None = None,
    ) -> None:
        """Change an object."""
        self._request("PATCH", self._url(version, path), body=body, worth_retrying=worth_retrying)

    def put(self, path: str, body: Mapping[str, Any]) -> None:
        """Set a reference."""
        self._request("PUT", self._url("v1.0", path), body=body)

    def upload(self, path: str, content: bytes, *, kind: str) -> None:
        """Set a stream property, such as a logo."""
        answer = self._send("PUT", self._url("v1.0", path), content=content, headers={"Content-Type": kind})
        _accept("PUT", answer)

    def delete(self, path: str, *, version: Version = "v1.0") -> None:
        """Delete an object or a reference."""
        self._request("DELETE", self._url(version, path))

    def rest(self, seconds: float) -> None:
        """Wait as long as the provider does whatever the tenant holds; raises ``TimeoutError`` without time for it."""
        if self._patience.left < seconds:
            raise TimeoutError(OUT_OF_TIME)
        self._patience.rest(seconds)

    def waited(self, agrees: Callable[[], bool], *, interval: float = _INTERVAL, agreeing: int = _AGREEING) -> None:
        """Ask until the tenant agrees so many times in a row.

        Raises ``TimeoutError`` when the operation's time is up, ``ValueError`` for a read that fails.
        """
        pause, found = 0.0, 0
        while True:
            try:
                found = found + 1 if agrees() else 0
            except (Refusal, Unreachable) as error:
                raise ValueError(f"retrieving resource: {error}") from error
            if found == agreeing:
                return
            pause = max(interval, pause if found else min(pause * 2, _LONGEST_INTERVAL))
            if self._patience.left < pause:
                raise TimeoutError(OUT_OF_TIME)
            if found:
                self._patience.rest(pause)
            else:
                self._patience.hope(pause)

    def reference(self, object_id: str, *, version: Version = "v1.0") -> str:
        """Return the address by which a body names another directory object."""
        return f"{self.base}/{version}/directoryObjects/{object_id}"

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
    ) -> Answer:
        if self._patience.left <= 0:
            raise Unreachable(f'{method.capitalize()} "{url}": {NO_ANSWER}')
        content = None if body is None else json.dumps(body, sort_keys=True).encode()
        try:
            answer = patiently(
                lambda: self._send(method, url, query=query, content=content),
                repeatable=method in _IDEMPOTENT,
                patience=self._patience,
                worth_retrying=worth_retrying,
            )
        except TimeoutError as error:
            raise TimeoutError(f'{method.capitalize()} "{url}": {error}') from error
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


def _accept(method: str, answer: Answer) -> Answer:
    if answer.status in _ACCEPTED[method]:
        return answer
    raise (Missing if answer.status == HTTPStatus.NOT_FOUND else Refusal)(answer)


def _object(answer: Answer) -> dict[str, Any]:
    if isinstance(answer.body, dict):
        return answer.body
    if answer.status == HTTPStatus.NO_CONTENT:
        return {}
    raise ValueError(f"unmarshaling response body: {_misread(answer.text)}")


def _misread(text: str) -> str:
    """Say what is wrong with a body that is no JSON object."""
    start = text.lstrip()[:1]
    return "unexpected end of JSON input" if start in {"", "{"} else f"invalid character {start!r} looking for a value"
