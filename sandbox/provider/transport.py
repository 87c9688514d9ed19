"""HTTPS as the provider does it: one pool of connections a process, verified TLS, JSON in and out, patient retries.

``Transport`` sends one request and judges nothing; ``patiently`` sends it again for as long as the answer says that
this may help. Waits that are the client's own habit are shortened by ``PACE``; those for a server that
throttles are not.
"""

from __future__ import annotations

import json
import ssl
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlencode

if TYPE_CHECKING:
    import urllib3

PACE: Final = 0.01
"""How long a second of the client's own waiting lasts here."""

_BACKOFF_LIMIT = 61.0
_THROTTLED = 1.0
_ALWAYS_RETRIED = frozenset({HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.FAILED_DEPENDENCY, HTTPStatus.TOO_MANY_REQUESTS})
_IDEMPOTENT = frozenset({"GET", "PUT", "DELETE"})


class Unreachable(Exception):  # noqa: N818  named as what the server is
    """There was no answer at all."""


@dataclass(frozen=True)
class Answer:
    """One HTTP answer, its body parsed where it is JSON."""

    status: int
    headers: Mapping[str, str]
    body: Any
    text: str

    @property
    def phrase(self) -> str:
        """Return the status as people read it: ``404 (404 Not Found)``."""
        try:
            return f"{self.status} ({self.status} {HTTPStatus(self.status).phrase})"
        except ValueError:
            return f"{self.status}"


class Transport:
    """Sends requests over verified TLS; safe to use from several threads."""

    def __init__(self) -> None:
        # Most of the processes that Terraform starts only tell the schema, and are spared loading HTTP.
        import urllib3  # noqa: PLC0415  the reason is above

        self._failure: type[Exception] = urllib3.exceptions.HTTPError
        self._pool: urllib3.PoolManager = urllib3.PoolManager(
            maxsize=10, retries=False, ssl_context=ssl.create_default_context(), timeout=urllib3.Timeout(60)
        )

    def send(
        self,
        method: str,
        url: str,
        *,
        query: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        content: bytes | None = None,
    ) -> Answer:
        """Send one request; raises ``Unreachable`` when there is no answer."""
        target = f"{url}?{urlencode(query)}" if query else url
        try:
            response = self._pool.request(method, target, body=content, headers=dict(headers or {}))
        except self._failure as error:
            raise Unreachable(f"{method} {url} got no answer: {error}") from error
        text = response.data.decode("utf-8-sig", errors="replace")
        return Answer(response.status, dict(response.headers), _parsed(text), text)


def patiently(
    method: str, send: Callable[[], Answer], *, deadline: float, worth_retrying: Callable[[Answer], bool] | None = None
) -> Answer:
    """Return the first answer that another attempt would not change, or the last before the deadline (seconds)."""
    for pause in _backoff(deadline):
        try:
            answer = send()
        except Unreachable:
            if method not in _IDEMPOTENT:
                raise
            time.sleep(pause * PACE)
            continue
        if not (_transient(answer) or (worth_retrying and worth_retrying(answer))):
            return answer
        time.sleep(_wait_after(answer, pause))
    return send()


def _wait_after(answer: Answer, pause: float) -> float:
    asked = answer.headers.get("Retry-After", "")
    if asked.isdigit():
        return float(asked)
    # Conditional access throttles by real seconds and names none, which shortened pauses would only fill with requests.
    return _THROTTLED if answer.status == HTTPStatus.TOO_MANY_REQUESTS else pause * PACE


def _backoff(deadline: float) -> Iterator[float]:
    pause, spent = 1.0, 0.0
    while spent + pause <= deadline:
        yield pause
        spent += pause
        pause = min(pause * 2, _BACKOFF_LIMIT)


def _transient(answer: Answer) -> bool:
    if answer.status in _ALWAYS_RETRIED:
        return True
    return answer.status >= HTTPStatus.INTERNAL_SERVER_ERROR and answer.status != HTTPStatus.NOT_IMPLEMENTED


def _parsed(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return None
