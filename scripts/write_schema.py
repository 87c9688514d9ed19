"""Writes what is generated from the shape of a tenant file: the editor's JSON schema and the documentation's table.

Run it after a change to the shape or to the known permissions; a test compares both files with what it would write.
"""

import json
from pathlib import Path

from steward.config.document import json_schema
from steward.config.reference import replace_table

ROOT = Path(__file__).resolve().parent.parent
SCHEMA = ROOT / "tenants" / "schema.json"
REFERENCE = ROOT / "docs" / "tenant-file.md"


def render_schema() -> str:
    """Return the text of the schema file."""
    return json.dumps(json_schema(), indent=2, ensure_ascii=False) + "\n"


def main() -> None:
    """Write both files."""
    SCHEMA.write_text(render_schema(), encoding="utf-8")
    REFERENCE.write_text(replace_table(REFERENCE.read_text(encoding="utf-8")), encoding="utf-8")


if __name__ == "__main__":
    main()
