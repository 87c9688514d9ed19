"""Writes what is generated: the editor's JSON schema, and tables of keys, permissions and the sandbox's routes.

Run it after a change to the shape of a tenant file, to the known permissions, to the identities' needs or to what the
sandbox serves; a test compares the files with what it would write.
"""

import json
import sys
from pathlib import Path
from types import MappingProxyType

if __name__ == "__main__":
    # Found from anywhere, so that a set-up that is missing is told by `scripts` and is no traceback.
    sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
    import scripts  # noqa: F401  # looks whether the set-up is there

from sandbox.table import render_table as render_routes
from steward.config.document import json_schema
from steward.config.reference import render_table, replace_generated
from steward.lifecycle.needs import render_needs
from steward.review.reference import render_rules

ROOT = Path(__file__).resolve().parent.parent
SCHEMA = ROOT / "tenants" / "schema.json"
GENERATED = MappingProxyType(
    {
        ROOT / "docs" / "tenant-file.md": render_table,
        ROOT / "docs" / "identities.md": render_needs,
        ROOT / "docs" / "sandbox-routes.md": render_routes,
        ROOT / "docs" / "review.md": render_rules,
    }
)


def render_schema() -> str:
    """Return the text of the schema file."""
    return json.dumps(json_schema(), indent=2, ensure_ascii=False) + "\n"


def main() -> None:
    """Write the files."""
    SCHEMA.write_text(render_schema(), encoding="utf-8")
    for document, generated in GENERATED.items():
        text = document.read_text(encoding="utf-8")
        document.write_text(replace_generated(text, generated()), encoding="utf-8")


if __name__ == "__main__":
    main()
