"""``data.azuread_application_published_app_ids``."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from sandbox.provider.resource import DataSource
from sandbox.provider.schema import computed, read_only
from sandbox.provider.session import Session
from sandbox.provider.values import STRING_MAP

_TABLE = Path(__file__).parents[2] / "data" / "published-app-ids.csv"


class PublishedAppIds(DataSource):
    """The client ids of Microsoft's own applications, by name; answered without asking Graph."""

    name = "azuread_application_published_app_ids"
    schema = read_only({"result": computed(STRING_MAP)})

    def read(self, session: Session, config: Mapping[str, Any]) -> dict[str, Any]:  # noqa: ARG002  a table of the provider's own
        """Return the whole table."""
        with _TABLE.open(encoding="utf-8", newline="") as file:
            return {"id": "appIds", "result": {row["name"]: row["client_id"] for row in csv.DictReader(file)}}
