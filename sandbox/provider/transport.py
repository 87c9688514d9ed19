"""HTTPS as the provider does it: one pool of connections a process, verified TLS, JSON in and out, patient retries.

``Transport`` sends one request and judges nothing; ``patiently`` sends it again for as long as the answer says that
this may help and ``Patience`` lasts. Waits that are the client's own habit take as long as the pace says, nothing in a
rehearsal; those for a server that throttles are not shortened.
"""

from __future__ import annotations

import json
import math
import ssl
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlencode, urlsplit

if TYPE_CHECKING:
    import urllib3

_BACKOFF_LIMIT = 61.0
# Pauses double from one second until the limit.
_DOUBLINGS = 6
# What the real provider has spent of an operation's time before its first request.
_MOMENT = 0.01
# What has not happened yet needs some time at any pace: replicas agree, and faults end, after real seconds.
_SHORTEST = 0.01
# Without a deadline a request is sent again 16 times at most.
UNHURRIED: Final = 673.0
OUT_OF_TIME: Final = "context deadline exceeded"
NO_ANSWER: Final = "HTTP response was nil; connection may have been reset"
_THROTTLED = 1.0
_ALWAYS_RETRIED = frozenset({HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.FAILED_DEPENDENCY, HTTPStatus.TOO_MANY_REQUESTS})


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


class Patience:
    """What is left of an operation's time, in the client's own seconds; one of them takes ``pace`` real ones."""

    def __init__(self, seconds: float, *, pace: float) -> None:
        self._pace = pace
        self.left = seconds

    def rest(self, seconds: float) -> None:
        """Wait as long as a habit of the client takes."""
        self.left -= seconds
        time.sleep(seconds * self._pace)

    def hope(self, seconds: float, *, at_least: float = 0.0) -> None:
        """Wait for what has not happened yet, for some real seconds at least."""
        self.left -= seconds
        time.sleep(max(seconds * max(self._pace, _SHORTEST), at_least))

    def obey(self, seconds: float) -> None:
        """Wait as long as the server asks for."""
        self.left -= seconds
        time.sleep(seconds)


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
            raise Unreachable(f'{method.capitalize()} "{target}": {_cause(error, target)}') from error
        text = response.data.decode("utf-8-sig", errors="replace")
        return Answer(response.status, dict(response.headers), _parsed(text), text)


def _cause(error: Exception, url: str) -> str:
    """Say why there is no answer, as the real provider's users know it."""
    reason = getattr(error, "reason", error)
    if isinstance(reason, ssl.SSLCertVerificationError) or "CERTIFICATE_VERIFY_FAILED" in str(reason):
        return "tls: failed to verify certificate: x509: certificate signed by unknown authority"
    if isinstance(getattr(reason, "__cause__", None), ConnectionRefusedError) or "refused" in str(reason):
        address = urlsplit(url).netloc.replace("localhost", "127.0.0.1")
        return f"dial tcp {address}: connect: connection refused"
    return NO_ANSWER


def patiently(
    send: Callable[[], Answer],
    *,
    repeatable: bool,
    patience: Patience,
    worth_retrying: Callable[[Answer], bool] | None = None,
) -> Answer:
    """Return the first answer that another attempt would not change, or the last one that patience allows.

    Without any answer only a repeatable request is sent again.
    """
    for pause in _backoff(patience.left):
        try:
            answer = send()
        except Unreachable:
            if not repeatable:
                raise
            patience.hope(pause)
            continue
        if not (_transient(answer) or (worth_retrying and worth_retrying(answer))):
            return answer
        _wait_after(answer, pause, patience)
    if patience.left < 0:
        raise TimeoutError(OUT_OF_TIME)
    return send()


def _wait_after(answer: Answer, pause: float, patience: Patience) -> None:
    asked = answer.headers.get("Retry-After", "")
    if asked.isdigit():
        if float(asked) > patience.left:
            raise TimeoutError(OUT_OF_TIME)
        patience.obey(float(asked))
    elif answer.status == HTTPStatus.TOO_MANY_REQUESTS:
        # Conditional access throttles by real seconds and names none; shortened pauses would only fill them.
        patience.hope(pause, at_least=_THROTTLED)
    else:
        patience.hope(pause)


def _backoff(deadline: float) -> Iterator[float]:
    """Yield the pauses of as many attempts as the real provider takes the time until the deadline to allow."""
    pause = 1.0
    for _ in range(_attempts(deadline - _MOMENT)):
        yield pause
        pause = min(pause * 2, _BACKOFF_LIMIT)


def _attempts(seconds: float) -> int:
    doubling = 2**_DOUBLINGS - 1
    if seconds >= doubling:
        return _DOUBLINGS + int((seconds - doubling) // _BACKOFF_LIMIT)
    # Seen with timeouts from 4 to 70 seconds: one attempt less than there is time for while pauses still double.
    return max(0, int(math.log2(max(seconds, 0) + 1)) - 1)


def _transient(answer: Answer) -> bool:
    if answer.status in _ALWAYS_RETRIED:
        return True
    return answer.status >= HTTPStatus.INTERNAL_SERVER_ERROR and answer.status != HTTPStatus.NOT_IMPLEMENTED


def _parsed(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return None
