"""Calls on `/applications`, on federated credentials, and on the policy for both."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from msgraph.generated.applications.item.add_password.add_password_post_request_body import AddPasswordPostRequestBody
from msgraph.generated.applications.item.remove_password.remove_password_post_request_body import (
    RemovePasswordPostRequestBody,
)
from msgraph.generated.models.application import Application
from msgraph.generated.models.federated_identity_credential import FederatedIdentityCredential
from msgraph.generated.models.password_credential import PasswordCredential

from tests.sandbox.rows.registrations import (
    FEDERATED,
    new_application,
    new_federated_credential,
)
from tests.sandbox.rows.scene import Scene
from tests.sandbox.witness.call import Call
from tests.sandbox.witness.owners import owner_calls


def _one(client: Any, scene: Scene) -> Any:
    return client.applications.by_application_id(new_application(scene)["id"])


def _credential(client: Any, scene: Scene) -> Any:
    application_id, credential_id = new_federated_credential(scene)
    held = client.applications.by_application_id(application_id).federated_identity_credentials
    return held.by_federated_identity_credential_id(credential_id)


async def _remove_password(client: Any, scene: Scene) -> None:
    application = _one(client, scene)
    added = await application.add_password.post(AddPasswordPostRequestBody())
    await application.remove_password.post(RemovePasswordPostRequestBody(key_id=UUID(str(added.key_id))))


_ONE = "/applications/{id}"
_CREDENTIALS = f"{_ONE}/federatedIdentityCredentials"

CALLS: Mapping[str, Call] = {
    "GET /applications": lambda client, _scene: client.applications.get(),
    "POST /applications": lambda client, _scene: client.applications.post(Application(display_name="Portal")),
    f"GET {_ONE}": lambda client, scene: _one(client, scene).get(),
    f"PATCH {_ONE}": lambda client, scene: _one(client, scene).patch(Application(notes="kept")),
    f"DELETE {_ONE}": lambda client, scene: _one(client, scene).delete(),
    **owner_calls("applications", _one),
    f"POST {_ONE}/addPassword": lambda client, scene: _one(client, scene).add_password.post(
        AddPasswordPostRequestBody(password_credential=PasswordCredential(display_name="ci"))
    ),
    f"POST {_ONE}/removePassword": _remove_password,
    f"GET {_CREDENTIALS}": lambda client, scene: _one(client, scene).federated_identity_credentials.get(),
    f"POST {_CREDENTIALS}": lambda client, scene: _one(client, scene).federated_identity_credentials.post(
        FederatedIdentityCredential(**FEDERATED)
    ),
    f"GET {_CREDENTIALS}/{{credential_id}}": lambda client, scene: _credential(client, scene).get(),
    f"PATCH {_CREDENTIALS}/{{credential_id}}": lambda client, scene: _credential(client, scene).patch(
        FederatedIdentityCredential(subject="repo:contoso/iac:environment:prod")
    ),
    f"DELETE {_CREDENTIALS}/{{credential_id}}": lambda client, scene: _credential(client, scene).delete(),
    "GET /policies/defaultAppManagementPolicy": lambda client, _scene: (
        client.policies.default_app_management_policy.get()
    ),
}
