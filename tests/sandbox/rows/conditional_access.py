"""Rows of `/identity/conditionalAccess`: policies, What If, and authentication contexts."""

from collections.abc import Mapping
from typing import Any

from tests.sandbox.rows.policies import policy
from tests.sandbox.rows.scene import Ask, Row, Scene

_ROOT = "/identity/conditionalAccess"
POLICIES = f"{_ROOT}/policies"
CONTEXTS = f"{_ROOT}/authenticationContextClassReferences"
_DELETED = f"{_ROOT}/deletedItems/policies"
GRAPH = "00000003-0000-0000-c000-000000000000"


def made_policy(scene: Scene) -> str:
    """Make a policy and tell its path."""
    return f"{POLICIES}/{scene.make(POLICIES, policy())['id']}"


def deleted_policy(scene: Scene) -> str:
    """Make a policy, delete it, and tell its path among the deleted ones."""
    path = made_policy(scene)
    scene.act("DELETE", path)
    return f"{_DELETED}/{path.rsplit('/', maxsplit=1)[1]}"


def made_context(scene: Scene) -> str:
    """Describe an authentication context and tell its path."""
    scene.act("PATCH", f"{CONTEXTS}/c7", {"displayName": "Payments", "isAvailable": False})
    return f"{CONTEXTS}/c7"


def sign_in(scene: Scene) -> dict[str, Any]:
    """Describe a sign-in that What If can judge."""
    return {
        "signInIdentity": {"@odata.type": "#microsoft.graph.userSignIn", "userId": scene.user()["id"]},
        "signInContext": {"@odata.type": "#microsoft.graph.applicationContext", "includeApplications": [GRAPH]},
        "signInConditions": {"clientAppType": "browser", "devicePlatform": "windows"},
    }


ROWS: Mapping[str, Row] = {
    f"GET {POLICIES}": lambda _scene: Ask(POLICIES),
    f"POST {POLICIES}": lambda _scene: Ask(POLICIES, policy()),
    f"GET {POLICIES}/{{id}}": lambda scene: Ask(made_policy(scene)),
    f"PATCH {POLICIES}/{{id}}": lambda scene: Ask(made_policy(scene), {"state": "disabled"}),
    f"DELETE {POLICIES}/{{id}}": lambda scene: Ask(made_policy(scene)),
    f"GET {_DELETED}": lambda _scene: Ask(_DELETED),
    f"GET {_DELETED}/{{id}}": lambda scene: Ask(deleted_policy(scene)),
    f"POST {_DELETED}/{{id}}/restore": lambda scene: Ask(f"{deleted_policy(scene)}/restore"),
    f"DELETE {_DELETED}/{{id}}": lambda scene: Ask(deleted_policy(scene)),
    f"POST {_ROOT}/evaluate": lambda scene: Ask(f"{_ROOT}/evaluate", sign_in(scene)),
    f"GET {CONTEXTS}": lambda _scene: Ask(CONTEXTS),
    f"GET {CONTEXTS}/{{id}}": lambda scene: Ask(made_context(scene)),
    f"PATCH {CONTEXTS}/{{id}}": lambda _scene: Ask(f"{CONTEXTS}/c7", {"displayName": "Payments"}),
    f"DELETE {CONTEXTS}/{{id}}": lambda scene: Ask(made_context(scene)),
}
