"""Rows of `/roleManagement/directory/roleAssignments` and `roleDefinitions`."""

from collections.abc import Mapping
from typing import Any

from tests.sandbox.rows.privileged import BASE, GLOBAL_ADMINISTRATOR, READERS
from tests.sandbox.rows.scene import Ask, Row, Scene


def assignment_body(scene: Scene) -> dict[str, Any]:
    """Ask for a role for a new user."""
    return {"principalId": scene.user()["id"], "roleDefinitionId": READERS, "directoryScopeId": "/"}


def assigned(scene: Scene) -> str:
    """Assign a role to a new user and tell the assignment's id."""
    return str(scene.make(f"{BASE}/roleAssignments", assignment_body(scene))["id"])


ROWS: Mapping[str, Row] = {
    f"GET {BASE}/roleAssignments": lambda _scene: Ask(f"{BASE}/roleAssignments"),
    f"POST {BASE}/roleAssignments": lambda scene: Ask(f"{BASE}/roleAssignments", assignment_body(scene)),
    f"GET {BASE}/roleAssignments/{{id}}": lambda scene: Ask(f"{BASE}/roleAssignments/{assigned(scene)}"),
    f"DELETE {BASE}/roleAssignments/{{id}}": lambda scene: Ask(f"{BASE}/roleAssignments/{assigned(scene)}"),
    f"GET {BASE}/roleDefinitions": lambda _scene: Ask(f"{BASE}/roleDefinitions"),
    f"GET {BASE}/roleDefinitions/{{id}}": lambda _scene: Ask(f"{BASE}/roleDefinitions/{GLOBAL_ADMINISTRATOR}"),
}
