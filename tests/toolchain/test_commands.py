"""The commands that the set-up writes work from anywhere, in a path with a space, and hand everything on."""

import subprocess
from pathlib import Path

import pytest

from tests.toolchain.machines import add_program
from toolchain.choice import Choice
from toolchain.commands import write_commands
from toolchain.layout import Layout
from toolchain.node_packages import cdktf_program

FITS = "version 1.11.4"


@pytest.fixture
def layout(tmp_path: Path) -> Layout:
    """A project folder with a space and a quote in its name."""
    return Layout(tmp_path / "it's a project")


def _show_arguments(program: Path) -> Path:
    program.parent.mkdir(parents=True, exist_ok=True)
    program.write_text('#!/bin/sh\nfor argument in "$@"; do echo "[$argument]"; done\nexit 3\n', encoding="utf-8")
    program.chmod(0o755)
    return program


def _names(layout: Layout) -> set[str]:
    return {path.name for path in layout.commands.iterdir()}


def test_a_machine_with_everything_gets_cdktf_alone(layout: Layout, tmp_path: Path) -> None:
    node, terraform = tmp_path / "node", tmp_path / "terraform"
    write_commands(layout, node=Choice(node, "fits"), node_program=node, terraform=Choice(terraform, FITS))
    assert _names(layout) == {"cdktf"}


def test_a_machine_with_nothing_gets_node_and_terraform_as_well(layout: Layout, tmp_path: Path) -> None:
    absent = Choice(None, "PATH has none")
    write_commands(layout, node=absent, node_program=tmp_path / "node", terraform=absent)
    assert _names(layout) == {"cdktf", "node", "terraform"}
    assert "terraform_engine.py" in (layout.commands / "terraform").read_text(encoding="utf-8")


def test_commands_of_an_earlier_choice_are_gone(layout: Layout, tmp_path: Path) -> None:
    absent, node = Choice(None, "PATH has none"), tmp_path / "node"
    write_commands(layout, node=absent, node_program=node, terraform=absent)
    write_commands(layout, node=Choice(node, "fits"), node_program=node, terraform=Choice(tmp_path / "terraform", FITS))
    assert _names(layout) == {"cdktf"}


def test_an_opentofu_is_found_by_the_name_terraform_with_arguments_and_exit_code_as_they_are(
    layout: Layout, tmp_path: Path
) -> None:
    tofu = _show_arguments(tmp_path / "with space" / "tofu")
    write_commands(layout, node=Choice(tofu, "fits"), node_program=tofu, terraform=Choice(tofu, FITS))
    done = subprocess.run(
        [layout.commands / "terraform", "plan", "-var=a=b c", "", "*"],
        capture_output=True,
        check=False,
        cwd=tmp_path,
        text=True,
    )
    assert done.stdout.splitlines() == ["[plan]", "[-var=a=b c]", "[]", "[*]"]
    assert done.returncode == 3


def test_cdktf_runs_on_the_chosen_node_and_finds_the_project_s_commands_first(layout: Layout, tmp_path: Path) -> None:
    node = add_program(tmp_path / "elsewhere", "node")
    node.write_text('#!/bin/sh\necho "$1"\necho "$PATH"\necho "$CHECKPOINT_DISABLE"\n', encoding="utf-8")
    write_commands(layout, node=Choice(node, "fits"), node_program=node, terraform=Choice(node, FITS))
    done = subprocess.run(
        [layout.commands / "cdktf"], capture_output=True, check=True, env={"PATH": "/usr/bin"}, text=True
    )
    program, path, checkpoint = done.stdout.splitlines()
    assert program == str(cdktf_program(layout))
    assert path.split(":") == [str(layout.commands), str(layout.virtual_environment / "bin"), "/usr/bin"]
    assert checkpoint == "1"
