"""``data.azuread_directory_role_templates``."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping
from typing import Any

from sandbox.provider.resource import DataSource, failing_as
from sandbox.provider.schema import computed, read_only
from sandbox.provider.session import Session
from sandbox.provider.values import STRING, STRINGS, list_of_objects


class DirectoryRoleTemplates(DataSource):
    """The built-in roles that a tenant may activate."""

    name = "azuread_directory_role_templates"
    schema = read_only(
        {
            "object_ids": computed(STRINGS),
            "role_templates": computed(list_of_objects(description=STRING, display_name=STRING, object_id=STRING)),
        }
    )

    def read(self, session: Session, config: Mapping[str, Any]) -> dict[str, Any]:  # noqa: ARG002  it has no arguments
        """List the templates in Graph's order."""
        with failing_as("Could not retrieve role templates"):
            found = session.graph.list("/directoryRoleTemplates")
        # What everybody is without a role is listed by Graph, and left out by the real provider.
        templates = [template for template in found if template.get("displayName") != "User"]
        ids = [template["id"] for template in templates]
        digest = hashlib.sha1("/".join(ids).encode(), usedforsecurity=False).digest()
        return {
            "id": f"templates#{base64.urlsafe_b64encode(digest).decode()}",
            "object_ids": ids,
            "role_templates": [
                {
                    "description": template.get("description") or "",
                    "display_name": template.get("displayName") or "",
                    "object_id": template["id"],
                }
                for template in templates
            ],
        }
