"""Rows of `/applications`, of federated credentials, and of the policy for both."""

from collections.abc import Mapping

from tests.sandbox.rows.registrations import (
    FEDERATED,
    PICTURE,
    enabled_user_id,
    new_application,
    new_federated_credential,
    removing_owner,
    removing_password,
)
from tests.sandbox.rows.scene import Ask, Row, Scene


def _one(scene: Scene, rest: str = "") -> str:
    return f"/applications/{new_application(scene)['id']}{rest}"


def _credential(scene: Scene) -> str:
    application_id, credential_id = new_federated_credential(scene)
    return f"/applications/{application_id}/federatedIdentityCredentials/{credential_id}"


ROWS: Mapping[str, Row] = {
    "GET /applications": lambda _scene: Ask("/applications"),
    "POST /applications": lambda _scene: Ask("/applications", {"displayName": "Portal"}),
    "GET /applications/{id}": lambda scene: Ask(_one(scene)),
    "PATCH /applications/{id}": lambda scene: Ask(_one(scene), {"notes": "kept"}),
    "DELETE /applications/{id}": lambda scene: Ask(_one(scene)),
    "PUT /applications/{id}/logo": lambda scene: Ask(
        _one(scene, "/logo"), content=PICTURE, headers={"Content-Type": "image/png"}
    ),
    "GET /applications/{id}/owners": lambda scene: Ask(_one(scene, "/owners")),
    "POST /applications/{id}/owners/$ref": lambda scene: Ask(
        _one(scene, "/owners/$ref"), scene.reference(enabled_user_id(scene))
    ),
    "DELETE /applications/{id}/owners/{owner_id}/$ref": lambda scene: removing_owner(scene, _one(scene)),
    "POST /applications/{id}/addPassword": lambda scene: Ask(
        _one(scene, "/addPassword"), {"passwordCredential": {"displayName": "ci"}}
    ),
    "POST /applications/{id}/removePassword": lambda scene: removing_password(scene, _one(scene)),
    "GET /applications/{id}/federatedIdentityCredentials": lambda scene: Ask(
        _one(scene, "/federatedIdentityCredentials")
    ),
    "POST /applications/{id}/federatedIdentityCredentials": lambda scene: Ask(
        _one(scene, "/federatedIdentityCredentials"), FEDERATED
    ),
    "GET /applications/{id}/federatedIdentityCredentials/{credential_id}": lambda scene: Ask(_credential(scene)),
    "PATCH /applications/{id}/federatedIdentityCredentials/{credential_id}": lambda scene: Ask(
        _credential(scene), {"subject": "repo:contoso/iac:environment:prod"}
    ),
    "DELETE /applications/{id}/federatedIdentityCredentials/{credential_id}": lambda scene: Ask(_credential(scene)),
    "GET /policies/defaultAppManagementPolicy": lambda _scene: Ask("/policies/defaultAppManagementPolicy"),
}
