"""`/auditLogs`: what changed in the directory and who signed in, the latest first, once the logs have it."""

import re
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from sandbox.directory import premium, sign_ins
from sandbox.directory.store import Record
from sandbox.errors import not_found
from sandbox.exposures.logs import DIRECTORY_AUDIT, SIGN_IN
from sandbox.permissions import Service
from sandbox.requests import Answer, GraphRequest
from sandbox.routing import BOTH, MANY, ONE, Route

_SDK = "msgraph-sdk"
_LONGEST_PAGE = 1000  # Learn, "List signIns", read November 2026
_PLAIN = MANY - {"$expand", "$search", "$count"}
_POLICIES = "appliedConditionalAccessPolicies"
_MAY_READ_POLICIES = frozenset(
    {"Policy.Read.All", "Policy.Read.ConditionalAccess", "Policy.ReadWrite.ConditionalAccess"}
)


def list_audits(request: GraphRequest) -> Answer:
    """List audit entries."""
    return request.page(DIRECTORY_AUDIT, _audits(request))


def read_audit(request: GraphRequest) -> Answer:
    """Show an audit entry."""
    return request.show(DIRECTORY_AUDIT, _find(_audits(request), request.params["id"]))


def list_sign_ins(request: GraphRequest) -> Answer:
    """List sign-ins: those of people at a page, or in beta the kinds that the filter asks for."""
    premium.require_reports(request.directory)
    shown = list(_sign_ins(request))
    if not (request.beta and re.search(r"\bsignInEventTypes\b", request.query.get("$filter", ""))):
        shown = [each for each in shown if each["isInteractive"]]
    return _without_policies(request, request.page(SIGN_IN, shown))


def read_sign_in(request: GraphRequest) -> Answer:
    """Show a sign-in of any kind."""
    premium.require_reports(request.directory)
    return _without_policies(request, request.show(SIGN_IN, _find(_sign_ins(request), request.params["id"])))


def _audits(request: GraphRequest) -> Iterable[Record]:
    directory = request.directory
    return sign_ins.readable(directory, directory.audit_entries, stamp="activityDateTime")


def _sign_ins(request: GraphRequest) -> Iterable[Record]:
    directory = request.directory
    return sign_ins.readable(directory, directory.sign_in_entries, stamp="createdDateTime")


def _find(entries: Iterable[Record], entry_id: str) -> Record:
    found = next((each for each in entries if each["id"] == entry_id), None)
    if found is None:
        raise not_found(entry_id)
    return found


def _without_policies(request: GraphRequest, answer: Answer) -> Answer:
    """Leave the applied policies out for a caller that may not read conditional access."""
    caller = request.caller
    if caller.unrestricted or _MAY_READ_POLICIES & (caller.permissions | caller.scopes) or answer.body is None:
        return answer
    body: dict[str, Any] = {name: value for name, value in answer.body.items() if name != _POLICIES}
    if "value" in body:
        body["value"] = [{name: value for name, value in each.items() if name != _POLICIES} for each in body["value"]]
    return replace(answer, body=body)


ROUTES: tuple[Route, ...] = (
    Route("GET", "/auditLogs/directoryAudits", list_audits, BOTH, _PLAIN, service=Service.AUDIT, witness=_SDK),
    Route("GET", "/auditLogs/directoryAudits/{id}", read_audit, BOTH, ONE, service=Service.AUDIT, witness=_SDK),
    Route(
        "GET",
        "/auditLogs/signIns",
        list_sign_ins,
        BOTH,
        _PLAIN,
        service=Service.AUDIT,
        longest_page=_LONGEST_PAGE,
        witness=_SDK,
        gaps="no risk, no location; sign-ins of managed identities do not occur",
    ),
    Route("GET", "/auditLogs/signIns/{id}", read_sign_in, BOTH, ONE, service=Service.AUDIT, witness=_SDK),
)
