"""Calls on `/servicePrincipals`, but for app role assignments."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from msgraph.generated.models.service_principal import ServicePrincipal
from msgraph.generated.service_principals.item.add_password.add_password_post_request_body import (
    AddPasswordPostRequestBody,
)
from msgraph.generated.service_principals.item.remove_password.remove_password_post_request_body import (
    RemovePasswordPostRequestBody,
)

from tests.sandbox.rows.registrations import new_application, new_principal
from tests.sandbox.rows.scene import Scene
from tests.sandbox.witness.call import Call
from tests.sandbox.witness.memberships import action_calls, list_calls
from tests.sandbox.witness.owners import owner_calls


def _one(client: Any, scene: Scene) -> Any:
    return client.service_principals.by_service_principal_id(new_principal(scene)["id"])


async def _remove_password(client: Any, scene: Scene) -> None:
    principal = _one(client, scene)
    added = await principal.add_password.post(AddPasswordPostRequestBody())
    await principal.remove_password.post(RemovePasswordPostRequestBody(key_id=UUID(str(added.key_id))))


_ONE = "/servicePrincipals/{id}"

CALLS: Mapping[str, Call] = {
    "GET /servicePrincipals": lambda client, _scene: client.service_principals.get(),
    "POST /servicePrincipals": lambda client, scene: client.service_principals.post(
        ServicePrincipal(app_id=new_application(scene)["appId"])
    ),
    f"GET {_ONE}": lambda client, scene: _one(client, scene).get(),
    f"PATCH {_ONE}": lambda client, scene: _one(client, scene).patch(ServicePrincipal(notes="kept")),
    f"DELETE {_ONE}": lambda client, scene: _one(client, scene).delete(),
    **owner_calls("servicePrincipals", _one),
    f"POST {_ONE}/addPassword": lambda client, scene: _one(client, scene).add_password.post(
        AddPasswordPostRequestBody()
    ),
    f"POST {_ONE}/removePassword": _remove_password,
    **list_calls("servicePrincipals", "memberOf", _one),
    **list_calls("servicePrincipals", "transitiveMemberOf", _one),
    **action_calls("servicePrincipals", _one),
    f"GET {_ONE}/ownedObjects": lambda client, scene: _one(client, scene).owned_objects.get(),
    f"GET {_ONE}/oauth2PermissionGrants": lambda client, scene: _one(client, scene).oauth2_permission_grants.get(),
}
