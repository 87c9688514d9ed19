"""`/policies/roleManagementPolicies`: the rules that Privileged Identity Management has for every role."""

import re
from http import HTTPStatus

from sandbox.bodies import Changes
from sandbox.directory import role_policies, role_schedules
from sandbox.errors import bad_request, not_emulated
from sandbox.exposures.roles import POLICY_RULE, ROLE_POLICY, ROLE_POLICY_ASSIGNMENT
from sandbox.permissions import Service
from sandbox.requests import Answer, GraphRequest
from sandbox.routing import MANY, ONE, Route

_POLICIES = "/policies/roleManagementPolicies"
_ASSIGNMENTS = "/policies/roleManagementPolicyAssignments"
_SDK = "msgraph-sdk"
_READ = "RoleManagement.Read.Directory;RoleManagement.Read.All;RoleManagement.ReadWrite.Directory"
# Learn's page of this call names these two for applications as well, which older pages refused ("Update
# unifiedRoleManagementPolicyRule", read November 2026).
_WRITE = "RoleManagementPolicy.ReadWrite.Directory;RoleManagement.ReadWrite.Directory"
_SCOPE = re.compile(r"\bscopeId\s+eq\s+'", re.IGNORECASE)
_SCOPE_TYPE = re.compile(r"\bscopeType\s+eq\s+'(?P<type>\w+)'", re.IGNORECASE)


def list_policies(request: GraphRequest) -> Answer:
    """List the policies of the roles, by the scope and its type that the filter must name."""
    _require_scope(request)
    return request.page(ROLE_POLICY, role_policies.policies(request.directory))


def read_policy(request: GraphRequest) -> Answer:
    """Show a policy."""
    role_schedules.require_licence(request.directory)
    return request.show(ROLE_POLICY, role_policies.require_policy(request.directory, request.params["id"]))


def list_rules(request: GraphRequest) -> Answer:
    """List the rules of a policy."""
    role_schedules.require_licence(request.directory)
    policy = role_policies.require_policy(request.directory, request.params["id"])
    listed = role_policies.rules(request.directory, policy["roleDefinitionId"])
    return request.page_mixed(listed, base="unifiedRoleManagementPolicyRule")


def read_rule(request: GraphRequest) -> Answer:
    """Show a rule of a policy."""
    role_schedules.require_licence(request.directory)
    return request.show_mixed(
        *role_policies.require_rule(request.directory, request.params["id"], request.params["rule_id"])
    )


def change_rule(request: GraphRequest) -> Answer:
    """Change a rule of a policy."""
    role_policies.change_rule(
        request.directory, request.params["id"], request.params["rule_id"], request.body, request.caller
    )
    return Answer(HTTPStatus.NO_CONTENT)


def list_assignments(request: GraphRequest) -> Answer:
    """List which policy each role has, by the scope and its type that the filter must name."""
    _require_scope(request)
    return request.page(ROLE_POLICY_ASSIGNMENT, role_policies.assignments(request.directory))


def read_assignment(request: GraphRequest) -> Answer:
    """Show which policy a role has."""
    role_schedules.require_licence(request.directory)
    found = role_policies.require_assignment(request.directory, request.params["id"])
    return request.show(ROLE_POLICY_ASSIGNMENT, found)


def _require_scope(request: GraphRequest) -> None:
    role_schedules.require_licence(request.directory)
    text = request.query.get("$filter", "")
    scope_type = _SCOPE_TYPE.search(text)
    if _SCOPE.search(text) is None or scope_type is None:
        raise bad_request("The filter must name a scopeId and a scopeType.", code="InvalidFilter")
    if scope_type["type"] not in role_policies.SCOPE_TYPES:
        raise not_emulated(f"role management policies of the scope type '{scope_type['type']}'")


ROUTES: tuple[Route, ...] = (
    Route(
        "GET",
        _POLICIES,
        list_policies,
        query=MANY,
        service=Service.ROLE_SCHEDULES,
        witness=_SDK,
        gaps="no policies of groups; effectiveRules are not expanded",
    ),
    Route("GET", f"{_POLICIES}/{{id}}", read_policy, query=ONE, service=Service.ROLE_SCHEDULES, witness=_SDK),
    Route(
        "GET",
        f"{_POLICIES}/{{id}}/rules",
        list_rules,
        query=ONE,
        needs=_READ,
        service=Service.ROLE_SCHEDULES,
        witness=_SDK,
    ),
    Route(
        "GET",
        f"{_POLICIES}/{{id}}/rules/{{rule_id}}",
        read_rule,
        query=ONE,
        needs=_READ,
        service=Service.ROLE_SCHEDULES,
        witness=_SDK,
    ),
    Route(
        "PATCH",
        f"{_POLICIES}/{{id}}/rules/{{rule_id}}",
        change_rule,
        accepts=Changes(POLICY_RULE),
        needs=_WRITE,
        service=Service.ROLE_SCHEDULES,
        witness=_SDK,
        gaps="notifications are kept, not sent",
    ),
    Route(
        "GET",
        _ASSIGNMENTS,
        list_assignments,
        query=MANY,
        service=Service.ROLE_SCHEDULES,
        witness=_SDK,
        gaps="no policies of groups",
    ),
    Route(
        "GET",
        f"{_ASSIGNMENTS}/{{id}}",
        read_assignment,
        query=ONE,
        service=Service.ROLE_SCHEDULES,
        witness=_SDK,
    ),
)
