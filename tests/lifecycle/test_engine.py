"""What is told of the program that runs the stack: OpenTofu under either name, Terraform, and words of either."""

import asyncio
import json
import os
from pathlib import Path

import pytest

from steward.facts import Unreadable
from steward.terraform import Engine, Workspace


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
    told = {"terraform_version": "1.10.7", "provider_selections": {f"{registry}/hashicorp/azuread": "3.7.0"}}
    program = tmp_path / name
    program.write_text(f"#!/bin/sh\ncat <<'end'\n{json.dumps(told)}\nend\n")
    program.chmod(0o755)
    workspace = Workspace(tmp_path, str(program), {"PATH": os.environ["PATH"]}, tmp_path)
    assert asyncio.run(workspace.read_engine()) == Engine(product, "1.10.7", "hashicorp/azuread 3.7.0")


@pytest.mark.parametrize("address", ["registry.terraform.io/acme/azuread", "mirror.example/hashicorp/azuread"])
def test_provider_of_another_source_does_not_pass_for_the_genuine_one(tmp_path: Path, address: str) -> None:
    told = {"terraform_version": "1.10.7", "provider_selections": {address: "3.7.0"}}
    program = tmp_path / "terraform"
    program.write_text(f"#!/bin/sh\ncat <<'end'\n{json.dumps(told)}\nend\n")
    program.chmod(0o755)
    workspace = Workspace(tmp_path, str(program), {"PATH": os.environ["PATH"]}, tmp_path)
    provider = asyncio.run(workspace.read_engine()).provider
    assert provider == f"{address.removeprefix('registry.terraform.io/')} 3.7.0"


def test_words_of_terraform_come_without_its_colours(tmp_path: Path) -> None:
    program = tmp_path / "terraform"
    program.write_text("#!/bin/sh\nprintf '\\033[31m│ \\033[0m\\033[1mError: \\033[0mtoo old\\n' >&2\nexit 1\n")
    program.chmod(0o755)
    workspace = Workspace(tmp_path, str(program), {"PATH": os.environ["PATH"]}, tmp_path)
    state = asyncio.run(workspace.read_stack())
    assert isinstance(state, Unreadable)
    assert state.why == "Error: too old"
