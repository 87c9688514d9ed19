"""Every declared type has the real provider's schema, descriptions aside."""

import json
from typing import Any

import pytest

from sandbox.provider import registry
from sandbox.provider.sources import ADDRESS
from tests.provider.conftest import Workspace


def _without_descriptions(value: Any) -> Any:
    if isinstance(value, dict):
        described = {"description", "description_kind"}
        return {
            key: _without_descriptions(item)
            for key, item in value.items()
            if not (key in described and isinstance(item, str))
        }
    return [_without_descriptions(item) for item in value] if isinstance(value, list) else value


@pytest.mark.terraform
def test_schemas_as_terraform_shows_them_equal_the_real_providers(
    bare_workspace: Workspace, recorded_schemas: dict[str, Any]
) -> None:
    shown = json.loads(bare_workspace.succeed("providers", "schema", "-json"))
    own = _without_descriptions(shown["provider_schemas"][ADDRESS])

    for kind in ("resource_schemas", "data_source_schemas"):
        for name, schema in recorded_schemas[kind].items():
            assert own[kind][name] == schema, name
    assert own["provider"] == recorded_schemas["provider"]


def test_registry_and_recorded_schemas_name_the_same_types(recorded_schemas: dict[str, Any]) -> None:
    assert set(registry.RESOURCES) == set(recorded_schemas["resource_schemas"])
    assert set(registry.DATA_SOURCES) == set(recorded_schemas["data_source_schemas"])


@pytest.mark.parametrize("name", registry.RESOURCES)
def test_resource_file_is_named_as_its_type(name: str) -> None:
    module = type(registry.RESOURCES[name]).__module__
    assert module == f"sandbox.provider.resources.{name.removeprefix('azuread_')}"


@pytest.mark.parametrize("name", registry.DATA_SOURCES)
def test_data_source_file_is_named_as_its_type(name: str) -> None:
    module = type(registry.DATA_SOURCES[name]).__module__
    assert module == f"sandbox.provider.data_sources.{name.removeprefix('azuread_')}"


@pytest.mark.terraform
def test_unknown_argument_is_refused_by_name(bare_workspace: Workspace) -> None:
    user = {"display_name": "A", "user_principal_name": "a@contoso.example", "nickname": "b"}
    bare_workspace.configure({"resource": {"azuread_user": {"a": user}}})

    result = bare_workspace.run("validate", "-no-color")

    assert result.returncode == 1
    assert '"nickname"' in result.stderr
