"""Calls on `/policies/roleManagementPolicies` and `roleManagementPolicyAssignments`."""

from collections.abc import Mapping
from typing import Any

from kiota_abstractions.base_request_configuration import RequestConfiguration
from msgraph.generated.models.unified_role_management_policy_enablement_rule import (
    UnifiedRoleManagementPolicyEnablementRule,
)
from msgraph.generated.policies.role_management_policies.role_management_policies_request_builder import (
    RoleManagementPoliciesRequestBuilder,
)
from msgraph.generated.policies.role_management_policy_assignments import (
    role_management_policy_assignments_request_builder as assignments_builder,
)

from tests.sandbox.rows.privileged import licensed
from tests.sandbox.rows.role_policies import ASSIGNMENTS, EXPIRATION, FILTER, POLICIES, assignment_id, policy_id
from tests.sandbox.rows.scene import Scene
from tests.sandbox.witness.call import Call

_ENABLEMENT = "Enablement_EndUser_Assignment"
_PoliciesQuery = RoleManagementPoliciesRequestBuilder.RoleManagementPoliciesRequestBuilderGetQueryParameters
_AssignmentsBuilder = assignments_builder.RoleManagementPolicyAssignmentsRequestBuilder
_AssignmentsQuery = _AssignmentsBuilder.RoleManagementPolicyAssignmentsRequestBuilderGetQueryParameters


async def _list_policies(client: Any, scene: Scene) -> None:
    licensed(scene)
    query = _PoliciesQuery(filter=FILTER, expand=["rules"])
    found = await client.policies.role_management_policies.get(RequestConfiguration(query_parameters=query))
    assert len(found.value[0].rules) == 17


async def _list_assignments(client: Any, scene: Scene) -> None:
    licensed(scene)
    query = _AssignmentsQuery(filter=FILTER, expand=["policy($expand=rules)"])
    builder = client.policies.role_management_policy_assignments
    found = await builder.get(RequestConfiguration(query_parameters=query))
    assert len(found.value[0].policy.rules) == 17


async def _change_rule(client: Any, scene: Scene) -> None:
    rule = UnifiedRoleManagementPolicyEnablementRule(id=_ENABLEMENT, enabled_rules=["Ticketing"])
    await _rule(client, scene, _ENABLEMENT).patch(rule)


def _policy(client: Any, scene: Scene) -> Any:
    return client.policies.role_management_policies.by_unified_role_management_policy_id(policy_id(scene))


def _rule(client: Any, scene: Scene, rule_id: str = EXPIRATION) -> Any:
    return _policy(client, scene).rules.by_unified_role_management_policy_rule_id(rule_id)


CALLS: Mapping[str, Call] = {
    f"GET {POLICIES}": _list_policies,
    f"GET {POLICIES}/{{id}}": lambda client, scene: _policy(client, scene).get(),
    f"GET {POLICIES}/{{id}}/rules": lambda client, scene: _policy(client, scene).rules.get(),
    f"GET {POLICIES}/{{id}}/rules/{{rule_id}}": lambda client, scene: _rule(client, scene).get(),
    f"PATCH {POLICIES}/{{id}}/rules/{{rule_id}}": _change_rule,
    f"GET {ASSIGNMENTS}": _list_assignments,
    f"GET {ASSIGNMENTS}/{{id}}": lambda client, scene: (
        client.policies.role_management_policy_assignments.by_unified_role_management_policy_assignment_id(
            assignment_id(scene)
        ).get()
    ),
}
