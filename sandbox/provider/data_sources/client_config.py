"""``data.azuread_client_config``: who is signed in."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sandbox.provider.resource import DataSource
from sandbox.provider.schema import computed, read_only
from sandbox.provider.session import Session


class ClientConfig(DataSource):
    """The caller; answered without asking Graph."""

    name = "azuread_client_config"
    schema = read_only({"client_id": computed(), "object_id": computed(), "tenant_id": computed()})

    def read(self, session: Session, config: Mapping[str, Any]) -> dict[str, Any]:  # noqa: ARG002  it has no arguments
        """Return what the session knows."""
        return {
            "id": f"{session.tenant_id}-{session.client_id}-{session.object_id}",
            "client_id": session.client_id,
            "object_id": session.object_id,
            "tenant_id": session.tenant_id,
        }
