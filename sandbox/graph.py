"""Graph's front door: authenticates, routes, checks permissions, and turns refusals into Graph's error body.

The HTTP layer hands in a request as it came and gets an answer back; the portal's acts come in by a second
door that skips the token and the permissions, but not the rules.
"""

import base64
import binascii
import dataclasses
import functools
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any
from urllib.parse import parse_qsl

from sandbox.bodies import Content
from sandbox.conditions import Asked
from sandbox.directory.passage import let_time_pass
from sandbox.directory.store import PORTAL, Caller
from sandbox.errors import GraphError, malformed
from sandbox.identifiers import canonical_id, new_id
from sandbox.payloads import read_json
from sandbox.permissions import me_without_user, require, sufficient
from sandbox.queries.options import read_query
from sandbox.requests import Answer, GraphRequest, Item
from sandbox.resources import ROUTES
from sandbox.routing import Router
from sandbox.tenant import Tenant
from sandbox.trouble.faults import Declared
from sandbox.trouble.replicas import Lookup
from sandbox.trouble.selection import Target

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
    sufficient: list[list[str]] | None = None  # the least sets of permissions, each of which would do
    route: str | None = None  # the row of the table of routes that answered
    headers: Mapping[str, str] = field(default_factory=dict)  # what throttling tells of itself
    stale: bool | None = None  # whether a replica that lags answered
    fault: Declared | None = None  # that befalls a request inside a batch
    items: list[tuple[Arrived, "Outcome"]] = field(default_factory=list)  # of a batch, in the order of their answers


@functools.cache
def router() -> Router:
    """Build the router of everything that is emulated, once a process."""
    return Router(ROUTES)


def row_of(version: str, method: str, path: str) -> str:
    """Tell the row of the table of routes that a request is for, whoever asks; empty where there is none."""
    own = _after_me(path)
    return router().row_of(version, method, path if own is None else f"users/me{own}")


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
            caller = tenant.authority.authenticate(
                tenant.directory, arrived.headers.get("authorization"), base_url=tenant.base_url
            )
            outcome.caller = tenant.faults.weakened(caller)
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
        if arrived.method == "GET":
            with directory.lookups.steady():
                return self._dispatch(arrived, caller, outcome)
        try:
            return self._dispatch(arrived, caller, outcome)
        finally:
            directory.lookups.forget()

    def _dispatch(self, arrived: Arrived, caller: Caller, outcome: Outcome) -> Answer:
        directory = self._tenant.directory
        match = router().match(arrived.version, arrived.method, _addressed(arrived.path, caller), directory)
        outcome.route = match.route.key
        if not caller.unrestricted:
            self._tenant.access_rate.admit(match.route.template)
            outcome.headers = self._tenant.meter.charge(
                caller.client_id,
                match.route.key,
                dict(parse_qsl(arrived.query_text)),
                users=len(directory.users),
                now=directory.clock.now(),
            )
        params = {name: canonical_id(value) for name, value in match.params.items()}
        accepts = match.route.accepts
        content = ("", b"")
        if isinstance(accepts, Content):
            content = accepts.read(arrived.headers.get("content-type", ""), arrived.body)
        body = {} if isinstance(accepts, Content) else _read_body(arrived)
        asked = Asked(directory, caller, params, body, dict(parse_qsl(arrived.query_text)))
        requirement = match.requirements.of(caller)
        outcome.sufficient = [sorted(each) for each in sufficient(requirement, asked)]
        outcome.needs = match.requirements.text_for(caller)
        require(match.requirements, asked, match.route.service)
        outcome.needs = None
        # The portal's acts are done where all replicas are up to date.
        if not caller.unrestricted:
            lookup = Lookup(match.route.key, f"{arrived.version}/{arrived.path}", params, body)
            if lagging := self._tenant.replicas.find_lagging(lookup, directory):
                outcome.stale = True
                directory = lagging.serve(lookup, directory)
        request = GraphRequest(
            directory=directory,
            caller=caller,
            base_url=self._tenant.base_url,
            version=arrived.version,
            method=arrived.method,
            path=arrived.path,
            params=params,
            query=read_query(arrived.query_text, match.route.query),
            content=content,
            # The last placeholder of the path names the object that the request is about.
            body=accepts.check(body, beta=arrived.version == "beta", object_id=next(reversed(params.values()), None)),
            paged="$skiptoken" in match.route.query,
            eventual=arrived.headers.get("consistencylevel", "").lower() == "eventual",
            longest_page=match.route.longest_page,
            perform=lambda item: self._perform_item(item, arrived, caller, outcome),
            counts=match.route.counts,
        )
        return match.route.handler(request)

    def _perform_item(self, item: Item, outer: Arrived, caller: Caller, whole: Outcome) -> Answer:
        """Answer a request inside a batch as if it had come by itself, but for the token, which is the batch's."""
        path, _, query_text = item.url.lstrip("/").partition("?")
        headers = {"content-type": "application/json", **item.headers}
        arrived = Arrived(item.method, outer.version, path, query_text, b"", headers)
        request_id = new_id()
        outcome = Outcome(Answer(HTTPStatus.OK), caller, request_id, headers.get("client-request-id", request_id))
        row = row_of(arrived.version, arrived.method, arrived.path)
        outcome.fault = self._tenant.faults.meet_inside(Target(item.method, f"/{outer.version}/{path}", row))
        fault = outcome.fault.fault if outcome.fault else None
        if fault is None or fault.is_performed:
            try:
                arrived.body = _item_content(item)
                outcome.answer = self._perform(arrived, caller, outcome)
            except GraphError as refusal:
                outcome.answer = self._refuse(refusal, outcome)
        whole.items.append((arrived, outcome))
        if fault is not None and fault.status is not None:
            stated = GraphError(fault.status, fault.code, fault.message, headers=fault.headers)
            return self._refuse(stated, dataclasses.replace(outcome))
        own = {"request-id": request_id, "client-request-id": outcome.client_request_id}
        return dataclasses.replace(outcome.answer, headers={**outcome.headers, **outcome.answer.headers, **own})

    def _refuse(self, refusal: GraphError, outcome: Outcome) -> Answer:
        outcome.error = {"code": refusal.code, "message": refusal.message}
        error: dict[str, Any] = {
            "code": refusal.code,
            "message": refusal.message,
            "innerError": {
                **refusal.inner,
                "date": self._tenant.clock.now().strftime("%Y-%m-%dT%H:%M:%S"),
                "request-id": outcome.request_id,
                "client-request-id": outcome.client_request_id,
            },
        }
        if refusal.details:
            error["details"] = list(refusal.details)
        return Answer(refusal.status, {"error": error}, refusal.headers)


def _item_content(item: Item) -> bytes:
    """Write the body of a request inside a batch as bytes: JSON stands there as it is, anything else as base64."""
    if item.body is None:
        return b""
    if item.headers.get("content-type", "").startswith("application/json"):
        return json.dumps(item.body).encode()
    try:
        return base64.b64decode(str(item.body), validate=True)
    except binascii.Error:
        raise malformed("The body of a request that is no JSON must be base64.") from None


def _addressed(path: str, caller: Caller) -> str:
    """Put the signed-in user's own address in the place of its alias `/me`."""
    own = _after_me(path)
    if own is None:
        return path
    if caller.user_id is None:
        raise me_without_user()
    return f"users/{caller.user_id}{own}"


def _after_me(path: str) -> str | None:
    """Tell what follows the alias `/me`, which stands first or nowhere."""
    first, slash, rest = path.partition("/")
    return f"{slash}{rest}" if first.lower() == "me" else None


def _read_body(arrived: Arrived) -> Mapping[str, Any]:
    if arrived.method not in _WITH_BODY or not arrived.body:
        return {}
    kind = arrived.headers.get("content-type", "application/json")
    if kind.partition(";")[0].strip().lower() != "application/json":
        raise malformed(f"The content type '{kind}' is not supported; send application/json.")
    try:
        body = read_json(arrived.body)
    except ValueError as fault:
        raise malformed(
            "Unable to read JSON request payload. Please ensure Content-Type header is set and payload is of valid "
            f"JSON format: {fault}."
        ) from fault
    if not isinstance(body, dict):
        raise malformed("The request payload must be a JSON object.")
    return body
