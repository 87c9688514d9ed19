"""Calls on `/roleManagement/directory/roleAssignments` and `roleDefinitions`."""

from collections.abc import Mapping
from typing import Any

from msgraph.generated.models.unified_role_assignment import UnifiedRoleAssignment

from tests.sandbox.rows.privileged import BASE, GLOBAL_ADMINISTRATOR
from tests.sandbox.rows.role_assignments import assigned, assignment_body
from tests.sandbox.rows.scene import Scene
from tests.sandbox.witness.call import Call


async def _assign(client: Any, scene: Scene) -> None:
    body = assignment_body(scene)
    assignment = UnifiedRoleAssignment(
        principal_id=body["principalId"], role_definition_id=body["roleDefinitionId"], directory_scope_id="/"
    )
    await client.role_management.directory.role_assignments.post(assignment)


def _one(client: Any, scene: Scene) -> Any:
    return client.role_management.directory.role_assignments.by_unified_role_assignment_id(assigned(scene))


CALLS: Mapping[str, Call] = {
    f"GET {BASE}/roleAssignments": lambda client, _scene: client.role_management.directory.role_assignments.get(),
    f"POST {BASE}/roleAssignments": _assign,
    f"GET {BASE}/roleAssignments/{{id}}": lambda client, scene: _one(client, scene).get(),
    f"DELETE {BASE}/roleAssignments/{{id}}": lambda client, scene: _one(client, scene).delete(),
    f"GET {BASE}/roleDefinitions": lambda client, _scene: client.role_management.directory.role_definitions.get(),
    f"GET {BASE}/roleDefinitions/{{id}}": lambda client, _scene: (
        client.role_management.directory.role_definitions.by_unified_role_definition_id(GLOBAL_ADMINISTRATOR).get()
    ),
}
