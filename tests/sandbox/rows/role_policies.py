"""Rows of `/policies/roleManagementPolicies` and `roleManagementPolicyAssignments`."""

from collections.abc import Mapping

from tests.sandbox.rows.privileged import GLOBAL_ADMINISTRATOR, licensed
from tests.sandbox.rows.scene import Ask, Row, Scene

POLICIES = "/policies/roleManagementPolicies"
ASSIGNMENTS = "/policies/roleManagementPolicyAssignments"
FILTER = "scopeId eq '/' and scopeType eq 'DirectoryRole'"
EXPIRATION = "Expiration_EndUser_Assignment"
RULE = {
    "@odata.type": "#microsoft.graph.unifiedRoleManagementPolicyExpirationRule",
    "id": EXPIRATION,
    "isExpirationRequired": True,
    "maximumDuration": "PT1H45M",
    "target": {
        "caller": "EndUser",
        "enforcedSettings": [],
        "inheritableSettings": [],
        "level": "Assignment",
        "operations": ["All"],
    },
}


def assignment_id(scene: Scene, role: str = GLOBAL_ADMINISTRATOR) -> str:
    """Tell the id of the relation of a role and its policy."""
    query = f"$filter={FILTER} and roleDefinitionId eq '{role}'"
    return str(licensed(scene).act("GET", f"{ASSIGNMENTS}?{query}")["value"][0]["id"])


def policy_id(scene: Scene, role: str = GLOBAL_ADMINISTRATOR) -> str:
    """Tell the id of a role's policy."""
    return assignment_id(scene, role).removesuffix(f"_{role}")


def _list(path: str) -> Row:
    def ask(scene: Scene) -> Ask:
        licensed(scene)
        return Ask(path)

    return ask


ROWS: Mapping[str, Row] = {
    f"GET {POLICIES}": _list(f"{POLICIES}?$filter={FILTER}"),
    f"GET {POLICIES}/{{id}}": lambda scene: Ask(f"{POLICIES}/{policy_id(scene)}"),
    f"GET {POLICIES}/{{id}}/rules": lambda scene: Ask(f"{POLICIES}/{policy_id(scene)}/rules"),
    f"GET {POLICIES}/{{id}}/rules/{{rule_id}}": lambda scene: Ask(f"{POLICIES}/{policy_id(scene)}/rules/{EXPIRATION}"),
    f"PATCH {POLICIES}/{{id}}/rules/{{rule_id}}": lambda scene: Ask(
        f"{POLICIES}/{policy_id(scene)}/rules/{EXPIRATION}", RULE
    ),
    f"GET {ASSIGNMENTS}": _list(f"{ASSIGNMENTS}?$filter={FILTER}"),
    f"GET {ASSIGNMENTS}/{{id}}": lambda scene: Ask(f"{ASSIGNMENTS}/{assignment_id(scene)}"),
}
