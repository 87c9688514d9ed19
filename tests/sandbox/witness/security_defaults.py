"""Calls on the security defaults."""

from collections.abc import Mapping
from typing import Any

from msgraph.generated.models.identity_security_defaults_enforcement_policy import (
    IdentitySecurityDefaultsEnforcementPolicy,
)

from tests.sandbox.rows.scene import Scene
from tests.sandbox.rows.security_defaults import PATH
from tests.sandbox.witness.call import Call


async def _switch(client: Any, _scene: Scene) -> None:
    body = IdentitySecurityDefaultsEnforcementPolicy(is_enabled=True)
    await client.policies.identity_security_defaults_enforcement_policy.patch(body)


CALLS: Mapping[str, Call] = {
    f"GET {PATH}": lambda client, _scene: client.policies.identity_security_defaults_enforcement_policy.get(),
    f"PATCH {PATH}": _switch,
}
