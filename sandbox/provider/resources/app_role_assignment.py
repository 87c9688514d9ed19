"""``azuread_app_role_assignment``."""

from __future__ import annotations

from sandbox.provider.checks import is_uuid
from sandbox.provider.diagnostics import Diagnosis
from sandbox.provider.graph import Missing, Refusal, when_any, when_missing, when_refused_with
from sandbox.provider.resource import IdPath, Record, Resource, failing_as
from sandbox.provider.schema import computed, required, top_level
from sandbox.provider.session import Session


class AppRoleAssignment(Resource):
    """An app role of a service principal, assigned to a user, a group or another service principal."""

    name = "azuread_app_role_assignment"
    id_path = IdPath(
        "/servicePrincipals/{servicePrincipalId}/appRoleAssignedTo/{appRoleAssignmentId}",
        title="ServicePrincipalIdAppRoleAssignedTo",
    )
    schema = top_level(
        {
            "app_role_id": required(check=is_uuid, replaces=True),
            "principal_display_name": computed(),
            "principal_object_id": required(check=is_uuid, replaces=True),
            "principal_type": computed(),
            "resource_display_name": computed(),
            "resource_object_id": required(check=is_uuid, replaces=True),
        },
        timeouts=("create", "read", "delete"),
    )

    def create(self, session: Session, record: Record) -> None:
        """Look the resource's service principal up, and assign the role."""
        wanted = record.wanted
        resource_id = wanted["resource_object_id"]
        known_as = f'for resource (Object ID: "{resource_id}")'
        try:
            session.graph.get(f"/servicePrincipals/{resource_id}")
        except Missing as error:
            raise Diagnosis(f"Service principal not found {known_as}", error, path="principal_object_id") from error
        except Refusal as error:
            raise Diagnosis(f"Could not retrieve service principal {known_as}", error) from error
        with failing_as("Could not create app role assignment"):
            made = session.graph.post(
                f"/servicePrincipals/{resource_id}/appRoleAssignedTo",
                {
                    "@odata.type": "#microsoft.graph.appRoleAssignment",
                    "appRoleId": wanted["app_role_id"],
                    "principalId": wanted["principal_object_id"],
                    "resourceId": resource_id,
                },
                worth_retrying=when_any(when_missing, when_refused_with("Not a valid reference update")),
            )
        record.id = self.id_path.of(made["resourceId"], made["id"])
        self.read(session, record)

    def read(self, session: Session, record: Record) -> None:
        """Read the assignment from the resource's side."""
        with failing_as(f"retrieving {self.label(record)}"):
            assignment = session.graph.find(self.address(record))
        if assignment is None:
            record.forget()
            return
        record.store(
            app_role_id=assignment.get("appRoleId"),
            principal_display_name=assignment.get("principalDisplayName"),
            principal_object_id=assignment.get("principalId"),
            principal_type=assignment.get("principalType"),
            resource_display_name=assignment.get("resourceDisplayName"),
            resource_object_id=assignment.get("resourceId"),
        )

    def delete(self, session: Session, record: Record) -> None:
        """Take the assignment away."""
        with failing_as(f"Deleting {self.label(record)}", path="id", spelled_out=True):
            session.graph.delete(self.address(record))
