"""What is generated from the shape is up to date, and an editor that uses it agrees with the loader."""

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from ruamel.yaml import YAML

from scripts import write_reference
from steward.config.reference import BEGIN, replace_generated
from tests.config.good_file import GOOD, mutate

ROOT = Path(__file__).parents[2]
EXAMPLE = (ROOT / "tenants" / "example.yaml.sample").read_text(encoding="utf-8")


def _editor_problems(text: str) -> list[str]:
    schema = json.loads(write_reference.SCHEMA.read_text(encoding="utf-8"))
    value: Any = json.loads(json.dumps(YAML(typ="safe", pure=True).load(text), default=str))
    validator = jsonschema.Draft202012Validator(schema)
    return [error.message for error in validator.iter_errors(value)]


def test_schema_file_is_what_the_shape_gives() -> None:
    assert write_reference.SCHEMA.read_text(encoding="utf-8") == write_reference.render_schema()


def test_schema_is_a_valid_schema_that_explains_every_key() -> None:
    schema = json.loads(write_reference.render_schema())
    jsonschema.Draft202012Validator.check_schema(schema)
    for model in (schema, *schema["$defs"].values()):
        for name, key in model.get("properties", {}).items():
            target = schema["$defs"].get(key.get("$ref", "").rpartition("/")[2], {})
            assert key.get("description") or target.get("description"), name


@pytest.mark.parametrize("document", write_reference.GENERATED, ids=lambda path: path.name)
def test_documentation_has_what_the_code_gives(document: Path) -> None:
    text, generated = document.read_text(encoding="utf-8"), write_reference.GENERATED[document]()

    assert generated in text
    assert replace_generated(text, generated) == text


def test_documentation_without_the_marks_is_refused() -> None:
    with pytest.raises(ValueError, match="marks"):
        replace_generated(f"{BEGIN} only", "table")


@pytest.mark.parametrize("text", [GOOD, EXAMPLE], ids=["good", "example"])
def test_editor_takes_good_files(text: str) -> None:
    assert _editor_problems(text) == []


@pytest.mark.parametrize("text", [GOOD, EXAMPLE], ids=["good", "example"])
def test_good_files_name_their_schema_for_the_editor(text: str) -> None:
    assert text.startswith("# yaml-language-server: $schema=")


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("elevation: at_deploy", "elevation: in_windows"),
        ("elevation: at_deploy", "elevation: in_window\nfirst_sign_in: portal"),
        ("consent: graph", "consent: portal"),
        ("window_minutes: 60", "window_minutes: 481"),
        ("sign_in: blocked", "sign_in: maybe"),
        ("- Contacts.ReadWrite", "- Contact.ReadWrite"),
        ("- Contacts.ReadWrite", "- RoleManagement.ReadWrite.Directory"),
        ("- http://localhost/", "- http://localhost"),
        ("usage_location: US", "usage_location: us"),
        (
            "group: Break-glass accounts",
            "group: Break-glass accounts\n  group_id: 7a6e5d4c-3b2a-4190-8f7e-6d5c4b3a2910",
        ),
        ("mfa: any", "mfa: {}"),
        ("backend: local", "backend: {pg: {a: 1}, s3: {a: 1}}"),
        ("evidence: ../evidence", "evidences: ../evidence"),
    ],
)
def test_editor_marks_what_the_loader_refuses(old: str, new: str) -> None:
    assert _editor_problems(mutate(old, new))
