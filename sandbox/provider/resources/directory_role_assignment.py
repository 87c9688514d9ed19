"""``azuread_directory_role_assignment``."""

from __future__ import annotations

from sandbox.provider.checks import is_uuid, not_empty
from sandbox.provider.resource import IdPath, Record, Resource, failing_as
from sandbox.provider.schema import adopted, required, top_level
from sandbox.provider.session import Session

_ASSIGNMENTS = "/roleManagement/directory/roleAssignments"


class DirectoryRoleAssignment(Resource):
    """A directory role, held by a principal within a scope."""

    name = "azuread_directory_role_assignment"
    id_path = IdPath(f"{_ASSIGNMENTS}/{{unifiedRoleAssignmentId}}", title="RoleManagementDirectoryRoleAssignment")
    schema = top_level(
        {
            "app_scope_id": adopted(check=not_empty, replaces=True, excludes=("directory_scope_id",)),
            "directory_scope_id": adopted(check=not_empty, replaces=True, excludes=("app_scope_id",)),
            "principal_object_id": required(check=is_uuid, replaces=True),
            "role_id": required(check=is_uuid, replaces=True),
        },
        timeouts=("create", "read", "delete"),
    )

    def create(self, session: Session, record: Record) -> None:
        """Assign the role and wait until the assignment can be read."""
        wanted = record.wanted
        role, principal = wanted["role_id"], wanted["principal_object_id"]
        scope = {"directoryScopeId": wanted["directory_scope_id"] or "/"}
        if wanted["app_scope_id"]:
            scope = {"appScopeId": wanted["app_scope_id"]}
        body = {
            "@odata.type": "#microsoft.graph.unifiedRoleAssignment",
            "principalId": principal,
            "roleDefinitionId": role,
            **scope,
        }
        failed = f'Assigning directory role "{role}" to directory principal "{principal}"'
        with failing_as(failed, spelled_out=True):
            made = session.graph.post(_ASSIGNMENTS, body)
        record.id = self.id_path.of(made["id"])
        with failing_as(f'Waiting for role assignment for "{principal}" to reflect in directory role "{role}"'):
            session.graph.waited(
                lambda: session.graph.find(self.address(record)) is not None,
                interval=1.0,
                agreeing=3,
            )
        self.read(session, record)

    def read(self, session: Session, record: Record) -> None:
        """Read the assignment."""
        with failing_as(f"Retrieving {self.label(record)}"):
            assignment = session.graph.find(self.address(record))
        if assignment is None:
            record.forget()
            return
        record.store(
            app_scope_id=assignment.get("appScopeId"),
            directory_scope_id=assignment.get("directoryScopeId"),
            principal_object_id=assignment.get("principalId"),
            role_id=assignment.get("roleDefinitionId"),
        )

    def delete(self, session: Session, record: Record) -> None:
        """Take the role away."""
        with failing_as(f"Deleting {self.label(record)}"):
            session.graph.delete(self.address(record))
