"""Graph's front door: authenticates, routes, checks permissions, and turns refusals into Graph's error body.

The HTTP layer hands in a request as it came and gets an answer back; the portal's acts come in by a second
door that skips the token and the permissions, but not the rules.
"""

import functools
import json
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any
from urllib.parse import unquote

from sandbox.directory.passage import let_time_pass
from sandbox.directory.store import PORTAL, Caller
from sandbox.errors import GraphError, malformed
from sandbox.identifiers import new_id
from sandbox.permissions import Asked, require
from sandbox.requests import Answer, GraphRequest, read_query
from sandbox.resources import ROUTES
from sandbox.routing import Router
from sandbox.tenant import Tenant

_WITH_BODY = frozenset({"POST", "PATCH", "PUT"})


@dataclass
class Arrived:
    """A request as it came over the wire."""

    method: str
    version: str
    path: str
    query_text: str
    body: bytes
    headers: Mapping[str, str]


@dataclass
class Outcome:
    """An answer with what the journal wants to know about it."""

    answer: Answer
    caller: Caller | None
    request_id: str
    client_request_id: str
    error: Mapping[str, str] | None = None
    needs: str | None = None
    route: str | None = None  # the row of the table of routes that answered


@functools.cache
def router() -> Router:
    """Build the router of everything that is emulated, once a process."""
    return Router(ROUTES)


class Graph:
    """The emulated Microsoft Graph of one tenant."""

    def __init__(self, tenant: Tenant) -> None:
        self._tenant = tenant

    def answer(self, arrived: Arrived) -> Outcome:
        """Answer a request that carries a token."""
        request_id = new_id()
        outcome = Outcome(Answer(HTTPStatus.OK), None, request_id, arrived.headers.get("client-request-id", request_id))
        try:
            tenant = self._tenant
            outcome.caller = tenant.authority.authenticate(
                tenant.directory, arrived.headers.get("authorization"), base_url=tenant.base_url
            )
            outcome.answer = self._perform(arrived, outcome.caller, outcome)
        except GraphError as refusal:
            outcome.answer = self._refuse(refusal, outcome)
        return outcome

    def act(self, method: str, path: str, body: Mapping[str, Any] | None) -> Outcome:
        """Do as somebody in the portal would: no token and no permissions, but every rule of the directory."""
        target, _, query_text = path.lstrip("/").partition("?")
        version, _, rest = target.partition("/")
        content = b"" if body is None else json.dumps(body).encode()
        arrived = Arrived(method.upper(), version, rest, query_text, content, {})
        request_id = new_id()
        outcome = Outcome(Answer(HTTPStatus.OK), PORTAL, request_id, request_id)
        try:
            outcome.answer = self._perform(arrived, PORTAL, outcome)
        except GraphError as refusal:
            outcome.answer = self._refuse(refusal, outcome)
        return outcome

    def _perform(self, arrived: Arrived, caller: Caller, outcome: Outcome) -> Answer:
        if arrived.version not in {"v1.0", "beta"}:
            raise malformed(f"Invalid version: {arrived.version}")
        directory = self._tenant.directory
        let_time_pass(directory)
        match = router().match(arrived.version, arrived.method, arrived.path, directory)
        outcome.route = match.route.key
        params = {name: unquote(value) for name, value in match.params.items()}
        body = _read_body(arrived)
        outcome.needs = match.requirement.text
        require(match.requirement, Asked(directory, caller, params, body), match.route.service)
        outcome.needs = None
        request = GraphRequest(
            directory=directory,
            caller=caller,
            base_url=self._tenant.base_url,
            version=arrived.version,
            method=arrived.method,
            path=arrived.path,
            params=params,
            query=read_query(arrived.query_text, match.route.query),
            body=match.route.accepts.check(body, beta=arrived.version == "beta", object_id=params.get("id")),
            paged="$skiptoken" in match.route.query,
            eventual=arrived.headers.get("consistencylevel", "").lower() == "eventual",
        )
        return match.route.handler(request)

    def _refuse(self, refusal: GraphError, outcome: Outcome) -> Answer:
        outcome.error = {"code": refusal.code, "message": refusal.message}
        error: dict[str, Any] = {
            "code": refusal.code,
            "message": refusal.message,
            "innerError": {
                "date": self._tenant.clock.now().strftime("%Y-%m-%dT%H:%M:%S"),
                "request-id": outcome.request_id,
                "client-request-id": outcome.client_request_id,
            },
        }
        if refusal.details:
            error["details"] = list(refusal.details)
        return Answer(refusal.status, {"error": error}, refusal.headers)


def _read_body(arrived: Arrived) -> Mapping[str, Any]:
    if arrived.method not in _WITH_BODY or not arrived.body:
        return {}
    kind = arrived.headers.get("content-type", "application/json")
    if not kind.startswith("application/json"):
        raise malformed(f"The content type '{kind}' is not supported; send application/json.")
    try:
        body = json.loads(arrived.body)
    except ValueError as fault:
        raise malformed(
            "Unable to read JSON request payload. "
            "Please ensure Content-Type header is set and payload is of valid JSON format."
        ) from fault
    if not isinstance(body, dict):
        raise malformed("The request payload must be a JSON object.")
    return body
