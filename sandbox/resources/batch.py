"""`/$batch`: up to 20 requests in one, each answered with its own permissions, headers and status.

The rules follow "Combine multiple HTTP requests using JSON batching" (learn.microsoft.com, read November 2026); that a
request can depend only on ones before it is from microsoftgraph/msgraph-sdk-dotnet-core, issue 891.
"""

import base64
import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from sandbox.errors import GraphError, malformed
from sandbox.requests import Answer, GraphRequest, Item
from sandbox.routing import BOTH, Route

MOST_REQUESTS = 20
_NAMES = frozenset({"id", "method", "url", "headers", "body", "dependsOn"})
_WRITES = frozenset({"POST", "PATCH", "PUT"})
_METHODS = _WRITES | {"GET", "DELETE"}
_JSON = "application/json"


@dataclass(frozen=True)
class _Step:
    id: str
    item: Item
    depends_on: tuple[str, ...]


class _Batches:
    """The body of a batch, refused as a whole where it is malformed."""

    def check(self, body: Mapping[str, Any], *, beta: bool, object_id: str | None) -> Mapping[str, Any]:  # noqa: ARG002 - the protocol's shape
        """Refuse by name what is no batch."""
        for name in body:
            if name != "requests":
                raise malformed(f"Invalid batch payload format: '{name}' does not belong into a batch.")
        read_steps(body)
        return body

    def names(self) -> tuple[str, ...]:
        """List the one property."""
        return ("requests",)


def read_steps(body: Mapping[str, Any]) -> list[_Step]:
    """Read the requests of a batch in their order."""
    listed = body.get("requests")
    if not isinstance(listed, list) or not listed:
        raise malformed("Invalid batch payload format: 'requests' must be a list with a request in it.")
    if len(listed) > MOST_REQUESTS:
        message = f"Number of batch request steps exceeds the maximum value of {MOST_REQUESTS}."
        raise GraphError(HTTPStatus.BAD_REQUEST, "MaximumValueExceeded", message)
    steps: list[_Step] = []
    for each in listed:
        step = _read_step(each)
        known = {earlier.id for earlier in steps}
        if step.id in known:
            raise malformed(f"Invalid batch payload format: the request id '{step.id}' is not unique.")
        for name in step.depends_on:
            if name not in known:
                raise malformed(f"Invalid dependency for request Id {step.id}: no request '{name}' comes before it.")
        steps.append(step)
    return steps


def _read_step(value: Any) -> _Step:
    if not isinstance(value, dict):
        raise malformed("Invalid batch payload format: every request must be an object.")
    for name, given in value.items():
        # msgraph-core 1.3 writes its dependencies under a name of its own, which Graph does not read; no dependency is
        # lost as long as there is none.
        if name not in _NAMES and not (name == "depends_on" and not given):
            raise malformed(f"Invalid batch payload format: '{name}' does not belong into a request of a batch.")
    step_id, method, url = (_text(value, name) for name in ("id", "method", "url"))
    if method.upper() not in _METHODS:
        raise malformed(f"Invalid batch payload format: the method '{method}' of request '{step_id}' is not supported.")
    headers = value.get("headers") or {}
    if not isinstance(headers, dict) or not all(isinstance(each, str) for each in headers.values()):
        raise malformed(f"Invalid batch payload format: the headers of request '{step_id}' must be texts by name.")
    lowered = {name.lower(): text for name, text in headers.items()}
    if method.upper() in _WRITES and ("content-type" not in lowered or value.get("body") is None):
        raise malformed(f"Write request id : {step_id} does not contain Content-Type header or body.")
    depends_on = value.get("dependsOn") or []
    if not isinstance(depends_on, list) or not all(isinstance(each, str) for each in depends_on):
        raise malformed(f"Invalid batch payload format: 'dependsOn' of request '{step_id}' must be a list of ids.")
    return _Step(step_id, Item(method.upper(), url, lowered, value.get("body")), tuple(depends_on))


def _text(value: Mapping[str, Any], name: str) -> str:
    found = value.get(name)
    if not isinstance(found, str) or not found:
        raise malformed(f"Invalid batch payload format: every request needs '{name}' as text.")
    return found


def answer_batch(request: GraphRequest) -> Answer:
    """Answer the requests one after the other; one that depends on a failed one is not sent (424)."""
    if request.perform is None:
        raise malformed("A batch cannot be sent inside another request.")
    statuses: dict[str, int] = {}
    responses: list[dict[str, Any]] = []
    steps = read_steps(request.body)
    items = {step.id: _below_version(step, request) for step in steps}
    for step in steps:
        failed = [each for each in step.depends_on if statuses[each] >= HTTPStatus.BAD_REQUEST]
        answer = _not_sent(failed[0]) if failed else request.perform(items[step.id])
        statuses[step.id] = answer.status
        responses.append(_shown(step.id, answer))
    return Answer(HTTPStatus.OK, {"responses": responses})


def _below_version(step: _Step, request: GraphRequest) -> Item:
    """Take the address that some clients write in front off a request's url, and refuse another one."""
    prefix = f"{request.base_url}/{request.version}/"
    url = step.item.url.removeprefix(prefix).lstrip("/")
    path = url.partition("?")[0]
    if "://" in path or path.lower().startswith("$batch"):
        raise malformed(
            f"Invalid batch payload format: the url of request '{step.id}' must be a relative resource, no batch and "
            "of the batch's own version."
        )
    return dataclasses.replace(step.item, url=url)


def _not_sent(failed: str) -> Answer:
    message = f"The request was not sent, because request '{failed}', on which it depends, failed."
    return Answer(HTTPStatus.FAILED_DEPENDENCY, {"error": {"code": "FailedDependency", "message": message}})


def _shown(step_id: str, answer: Answer) -> dict[str, Any]:
    shown: dict[str, Any] = {"id": step_id, "status": int(answer.status), "headers": dict(answer.headers)}
    if answer.text is not None:
        shown["body"] = base64.b64encode(answer.text.encode()).decode()
    elif answer.body is not None:
        shown["headers"]["Content-Type"] = _JSON
        shown["body"] = answer.body
    return shown


ROUTES: tuple[Route, ...] = (
    Route(
        "POST",
        "/$batch",
        answer_batch,
        versions=BOTH,
        accepts=_Batches(),
        status=HTTPStatus.OK,
        needs="(none)",
        witness="msgraph-sdk",
        gaps="every order of dependencies is taken, Graph documents three; "
        "of the faults only those with a status and Graph's own error body befall a request inside it",
    ),
)
