"""The set-up prefers what the machine has, takes it only where it fits, and says why."""

from pathlib import Path

import pytest

from tests.toolchain.machines import add_program, machine_with, terraform_answer
from toolchain.choice import choose_node, choose_terraform
from toolchain.errors import SetupError
from toolchain.layout import Layout
from toolchain.machine import Machine, parse_version


@pytest.mark.parametrize("version", ["v20.9.0", "v22.20.0", "v24.19.0"])
def test_a_node_that_fits_and_has_npm_is_taken(tmp_path: Path, version: str) -> None:
    node = add_program(tmp_path, "node", f"{version}\n")
    add_program(tmp_path, "npm")
    choice = choose_node(machine_with(tmp_path))
    assert choice.program == node
    assert version.removeprefix("v") in choice.reason


@pytest.mark.parametrize("version", ["v20.8.1", "v18.20.4", "v9.11.2", "nonsense", ""])
def test_a_node_that_does_not_fit_is_not_taken(tmp_path: Path, version: str) -> None:
    node = add_program(tmp_path, "node", f"{version}\n")
    add_program(tmp_path, "npm")
    choice = choose_node(machine_with(tmp_path))
    assert choice.is_installed_here
    assert str(node) in choice.reason


def test_a_node_without_npm_is_not_taken(tmp_path: Path) -> None:
    add_program(tmp_path, "node", "v24.19.0\n")
    choice = choose_node(machine_with(tmp_path))
    assert choice.is_installed_here
    assert "npm" in choice.reason


def test_a_node_that_fails_is_not_taken(tmp_path: Path) -> None:
    add_program(tmp_path, "node", "v24.19.0\n", exit_code=1)
    add_program(tmp_path, "npm")
    assert choose_node(machine_with(tmp_path)).is_installed_here


def test_a_machine_without_node_and_terraform_gets_both_installed(tmp_path: Path) -> None:
    machine = machine_with(tmp_path)
    assert choose_node(machine).is_installed_here
    assert choose_terraform(machine).is_installed_here


@pytest.mark.parametrize("version", ["1.5.0", "1.11.4", "1.15.5", "2.0.0-beta1"])
def test_a_terraform_that_fits_is_taken_before_an_opentofu(tmp_path: Path, version: str) -> None:
    terraform = add_program(tmp_path, "terraform", terraform_answer(version))
    add_program(tmp_path, "tofu", terraform_answer("1.9.0"))
    assert choose_terraform(machine_with(tmp_path)).program == terraform


@pytest.mark.parametrize("version", ["1.4.7", "0.15.5"])
def test_an_opentofu_serves_where_terraform_is_too_old(tmp_path: Path, version: str) -> None:
    add_program(tmp_path, "terraform", terraform_answer(version))
    tofu = add_program(tmp_path, "tofu", terraform_answer("1.6.0"))
    assert choose_terraform(machine_with(tmp_path)).program == tofu


def test_a_terraform_that_is_too_old_is_named_in_the_reason(tmp_path: Path) -> None:
    terraform = add_program(tmp_path, "terraform", terraform_answer("1.4.7"))
    choice = choose_terraform(machine_with(tmp_path))
    assert choice.is_installed_here
    assert f"{terraform} is 1.4.7" in choice.reason


@pytest.mark.parametrize("by_path", [True, False])
def test_the_engine_that_the_user_names_comes_before_path(tmp_path: Path, by_path: bool) -> None:
    add_program(tmp_path / "first", "terraform", terraform_answer("1.11.4"))
    named = add_program(tmp_path / "second", "my-terraform", terraform_answer("1.9.0"))
    machine = machine_with(
        tmp_path / "first", tmp_path / "second", TERRAFORM_BINARY_NAME=str(named) if by_path else named.name
    )
    assert choose_terraform(machine).program == named


@pytest.mark.parametrize(("name", "version"), [("absent", ""), ("old", "1.3.0"), ("silent", "")])
def test_a_named_engine_that_does_not_serve_is_an_error_and_never_replaced(
    tmp_path: Path, name: str, version: str
) -> None:
    add_program(tmp_path, "terraform", terraform_answer("1.11.4"))
    add_program(tmp_path, "old", terraform_answer(version))
    add_program(tmp_path, "silent", "", exit_code=1)
    with pytest.raises(SetupError) as raised:
        choose_terraform(machine_with(tmp_path, TERRAFORM_BINARY_NAME=name))
    assert name in raised.value.what
    assert raised.value.why
    assert "TERRAFORM_BINARY_NAME" in raised.value.next_step


def test_what_the_set_up_installed_itself_is_not_taken_for_the_machine_s(tmp_path: Path) -> None:
    layout = Layout(tmp_path)
    add_program(layout.commands, "terraform", terraform_answer("1.15.5"))
    machine = Machine.of({"PATH": str(layout.commands)}, layout)
    assert choose_terraform(machine).is_installed_here


@pytest.mark.parametrize(
    ("answer", "version"),
    [
        ("v20.20.2\n", (20, 20, 2)),
        (terraform_answer("1.11.4"), (1, 11, 4)),
        ('{"terraform_version": "1.6.0", "terraform_outdated": false}', (1, 6, 0)),
        ("Terraform v1.11.4\non linux_amd64\n", (1, 11, 4)),
        ('{"other": "1.2.3"}', None),
        ("", None),
    ],
)
def test_a_version_is_read_from_the_answer(answer: str, version: tuple[int, int, int] | None) -> None:
    assert parse_version(answer) == version
