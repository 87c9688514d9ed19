"""``azuread_directory_role``."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sandbox.provider.checks import exactly_one_of, is_uuid, not_empty
from sandbox.provider.diagnostics import Diagnosis
from sandbox.provider.graph import Missing, Refusal, quoted
from sandbox.provider.resource import IdPath, Record, Resource
from sandbox.provider.schema import adopted, computed, top_level
from sandbox.provider.session import Session


class DirectoryRole(Resource):
    """A built-in role, active in the tenant; Graph activates it once and for good."""

    name = "azuread_directory_role"
    id_path = IdPath("/directoryRoles/{directoryRoleId}", title="DirectoryRole")
    rules = (exactly_one_of("display_name", "template_id"),)
    schema = top_level(
        {
            "description": computed(),
            "display_name": adopted(check=not_empty, replaces=True, caseless=True),
            "object_id": computed(),
            "template_id": adopted(check=is_uuid, replaces=True),
        },
        timeouts=("create", "read", "delete"),
    )

    def create(self, session: Session, record: Record) -> None:
        """Find the role's template, and activate the role unless it is active."""
        template_id = _template_id(session, record.wanted)
        role = _active(session, template_id)
        if role is None:
            with _failing(f'activating directory role for template ID "{template_id}"'):
                role = session.graph.post(
                    "/directoryRoles",
                    {"@odata.type": "#microsoft.graph.directoryRole", "roleTemplateId": template_id},
                )
        record.id = self.id_path.of(role["id"])
        self.read(session, record)

    def read(self, session: Session, record: Record) -> None:
        """Read the active role."""
        with _failing(f"retrieving {self.label(record)}"):
            role = session.graph.find(self.address(record))
        if role is None:
            record.forget()
            return
        record.store(
            description=role.get("description"),
            display_name=role.get("displayName"),
            object_id=role.get("id"),
            template_id=role.get("roleTemplateId"),
        )

    def delete(self, session: Session, record: Record) -> None:
        """Leave the role active: Graph deactivates none."""


@contextmanager
def _failing(summary: str) -> Iterator[None]:
    """Show a refusal with its reason in both places, as the real provider's shared functions of roles do."""
    try:
        yield
    except Refusal as error:
        whole = f"{summary}: {error}"
        raise Diagnosis(whole, whole) from error


def _template_id(session: Session, wanted: dict[str, Any]) -> str:
    template_id: str = wanted["template_id"]
    if template_id:
        with _failing(f'retrieving directory role template with object ID "{template_id}"'):
            template = session.graph.find(f"/directoryRoleTemplates/{template_id}")
        if template is None:
            nowhere = f'no directory role template with object ID "{template_id}" was found'
            raise Diagnosis(nowhere, nowhere)
        return str(template["id"])
    with _failing("listing directory role templates"):
        templates = session.graph.list("/directoryRoleTemplates")
    name = wanted["display_name"].lower()
    for template in templates:
        if (template.get("displayName") or "").lower() == name:
            return str(template["id"])
    nowhere = "no directory role template found"
    raise Diagnosis(nowhere, nowhere)


def _active(session: Session, template_id: str) -> dict[str, Any] | None:
    with _failing(f'retrieving directory role with template ID "{template_id}"'):
        try:
            found = session.graph.list("/directoryRoles", filter=f"roleTemplateId eq {quoted(template_id)}")
        except Missing:
            return None
    return found[0] if found else None
