"""What is told of the program that runs the stack: OpenTofu under either name, Terraform, and words of either."""

import asyncio
import json
import os
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from steward.facts import Unreadable
from steward.terraform import Engine, Workspace

OVERRIDDEN = {
    "severity": "warning",
    "summary": "Provider development overrides are in effect",
    "detail": "The following provider development overrides are set in the CLI configuration:\n"
    " - hashicorp/{provider} in /somewhere",
}
GENUINE = "registry.terraform.io/hashicorp/azuread"


def read_engine(folder: Path, address: str, *, name: str = "terraform", warned: str = "[]", **variables: str) -> Engine:
    """What is told of a program that says which provider its lock file names, and of what it warns."""
    told = {"terraform_version": "1.10.7", "provider_selections": {address: "3.7.0"}}
    program = folder / name
    script = f"""#!/bin/sh
case "$*" in
"version -json") echo '{json.dumps(told)}' ;;
"-chdir={folder} validate -json") printf '%s' '{{"diagnostics": {warned}}}' ;;
*) exit 1 ;;
esac
"""
    program.write_text(script)
    program.chmod(0o755)
    workspace = Workspace(folder, str(program), {"PATH": os.environ["PATH"], **variables}, folder)
    return asyncio.run(workspace.read_engine())


@pytest.mark.parametrize(
    ("name", "registry", "product"),
    [
        ("terraform", "registry.terraform.io", "Terraform"),
        ("terraform", "registry.opentofu.org", "OpenTofu"),
        ("tofu", "registry.opentofu.org", "OpenTofu"),
    ],
)
def test_engine_is_named_by_what_it_is_and_not_by_what_it_is_called(
    tmp_path: Path, name: str, registry: str, product: str
) -> None:
    engine = read_engine(tmp_path, f"{registry}/hashicorp/azuread", name=name)
    assert engine == Engine(product, "1.10.7", "hashicorp/azuread 3.7.0")


@pytest.mark.parametrize("address", ["registry.terraform.io/acme/azuread", "mirror.example/hashicorp/azuread"])
def test_provider_of_another_source_does_not_pass_for_the_genuine_one(tmp_path: Path, address: str) -> None:
    provider = read_engine(tmp_path, address).provider
    assert provider == f"{address.removeprefix('registry.terraform.io/')} 3.7.0"


@pytest.mark.parametrize(
    ("warned", "variables", "told"),
    [
        ([{**OVERRIDDEN, "detail": OVERRIDDEN["detail"].format(provider="azuread")}], {}, " (development override)"),
        ([{**OVERRIDDEN, "detail": OVERRIDDEN["detail"].format(provider="random")}], {}, ""),
        ([{"summary": "Deprecated", "detail": "azuread"}], {}, ""),
        ([{"detail": "no summary"}], {}, " (overrides not told)"),
        ([], {"TF_REATTACH_PROVIDERS": '{"hashicorp/azuread": {}}'}, " (attached)"),
        ([], {"TF_REATTACH_PROVIDERS": '{"hashicorp/random": {}}'}, ""),
    ],
)
def test_provider_that_runs_in_place_of_the_locked_one_is_told(
    tmp_path: Path, warned: list[dict[str, str]], variables: dict[str, str], told: str
) -> None:
    provider = read_engine(tmp_path, GENUINE, warned=json.dumps(warned).replace("\\n", " "), **variables).provider
    assert provider == f"hashicorp/azuread 3.7.0{told}"


@pytest.mark.terraform
def test_terraform_itself_tells_of_a_development_override(tmp_path: Path) -> None:
    program = shutil.which("terraform")
    assert program is not None
    (tmp_path / "rc").write_text(
        f'provider_installation {{\n  dev_overrides {{ "hashicorp/azuread" = "{tmp_path}" }}\n  direct {{}}\n}}\n'
    )
    (tmp_path / "scratch").mkdir()
    # The file is named as from the stack's folder.
    environment = {"PATH": os.environ["PATH"], "TF_CLI_CONFIG_FILE": "rc", "CHECKPOINT_DISABLE": "1"}
    workspace = Workspace(tmp_path, program, environment, tmp_path / "scratch")
    assert asyncio.run(workspace.read_engine()).provider.endswith("(development override)")
    assert asyncio.run(replace(workspace, environment={"PATH": os.environ["PATH"]}).read_engine()).provider == (
        "none installed"
    )


def test_words_of_terraform_come_without_its_colours(tmp_path: Path) -> None:
    program = tmp_path / "terraform"
    program.write_text("#!/bin/sh\nprintf '\\033[31m│ \\033[0m\\033[1mError: \\033[0mtoo old\\n' >&2\nexit 1\n")
    program.chmod(0o755)
    workspace = Workspace(tmp_path, str(program), {"PATH": os.environ["PATH"]}, tmp_path)
    state = asyncio.run(workspace.read_stack())
    assert isinstance(state, Unreadable)
    assert state.why == "Error: too old"
