"""``azuread_service_principal_delegated_permission_grant``."""

from __future__ import annotations

from typing import Any

from sandbox.provider.checks import is_uuid, not_empty
from sandbox.provider.diagnostics import Diagnosis
from sandbox.provider.graph import Missing, Refusal, when_any, when_missing, when_refused_with
from sandbox.provider.resource import IdPath, Record, Resource, failing_as
from sandbox.provider.resources.service_principal import ServicePrincipal
from sandbox.provider.schema import optional, required, top_level
from sandbox.provider.session import Session
from sandbox.provider.values import STRING_SET

_TYPE = {"@odata.type": "#microsoft.graph.oAuth2PermissionGrant"}


class DelegatedPermissionGrant(Resource):
    """Delegated permissions, granted to a client for everybody or for one user."""

    name = "azuread_service_principal_delegated_permission_grant"
    id_path = IdPath("/oauth2PermissionGrants/{oAuth2PermissionGrantId}", title="OAuth2PermissionGrant")
    schema = top_level(
        {
            "claim_values": required(STRING_SET, check=not_empty, min_items=1),
            "resource_service_principal_object_id": required(check=is_uuid, replaces=True),
            "service_principal_object_id": required(check=is_uuid, replaces=True),
            "user_object_id": optional(check=is_uuid, replaces=True),
        },
        timeouts=("create", "read", "update", "delete"),
    )

    def create(self, session: Session, record: Record) -> None:
        """Look both service principals up, and grant."""
        wanted = record.wanted
        client_id, resource_id = wanted["service_principal_object_id"], wanted["resource_service_principal_object_id"]
        _require(session, client_id, nowhere="{} was not found)")
        _require(session, resource_id, nowhere="{} not found for resource")
        user_id = wanted["user_object_id"]
        body: dict[str, Any] = {
            **_TYPE,
            "clientId": client_id,
            "consentType": "Principal" if user_id else "AllPrincipals",
            "resourceId": resource_id,
            "scope": " ".join(wanted["claim_values"]),
        }
        if user_id:
            body["principalId"] = user_id
        with failing_as("Could not create delegated permission grant"):
            made = session.graph.post("/oauth2PermissionGrants", body, worth_retrying=_NOT_THERE_YET)
        record.id = self.id_path.of(made["id"])
        self.read(session, record)

    def update(self, session: Session, record: Record) -> None:
        """Replace the whole scope."""
        with failing_as(f"Updating {self.label(record)}"):
            session.graph.patch(self.address(record), {**_TYPE, "scope": " ".join(record.wanted["claim_values"])})
        self.read(session, record)

    def read(self, session: Session, record: Record) -> None:
        """Read the grant."""
        with failing_as(f"Retrieving {self.label(record)}"):
            grant = session.graph.find(self.address(record))
        if grant is None:
            record.forget()
            return
        record.store(
            claim_values=(grant.get("scope") or "").split(),
            resource_service_principal_object_id=grant.get("resourceId"),
            service_principal_object_id=grant.get("clientId"),
            user_object_id=grant.get("principalId"),
        )

    def delete(self, session: Session, record: Record) -> None:
        """Take the grant back."""
        with failing_as(f"Deleting {self.label(record)}", path="id"):
            session.graph.delete(self.address(record))


_NOT_THERE_YET = when_any(
    when_missing,
    when_refused_with("does not exist or one of its queried reference-property objects are not present"),
)


def _require(session: Session, object_id: str, *, nowhere: str) -> None:
    path = ServicePrincipal.id_path.of(object_id)
    label = ServicePrincipal.id_path.label(path)
    try:
        session.graph.get(path)
    except Missing as error:
        raise Diagnosis(nowhere.format(label), error) from error
    except Refusal as error:
        raise Diagnosis(f"Could not retrieve {label}", error) from error
