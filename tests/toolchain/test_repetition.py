"""A second set-up does nothing, and whatever could change its outcome makes it work again."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.toolchain.machines import add_program, machine_with, terraform_answer
from tests.toolchain.projects import complete, copy_project
from toolchain.__main__ import is_current, main, set_up
from toolchain.layout import Layout
from toolchain.machine import Machine
from toolchain.node_packages import cdktf_program
from toolchain.plan import overall_stamp


@pytest.fixture
def layout(tmp_path: Path) -> Layout:
    """A project folder whose name has a space in it."""
    return copy_project(tmp_path / "a project")


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    """A machine with a Node.js and a Terraform that fit."""
    programs = tmp_path / "programs"
    add_program(programs, "node", "v24.19.0\n")
    add_program(programs, "npm")
    add_program(programs, "terraform", terraform_answer("1.11.4"))
    return machine_with(programs)


def test_a_second_set_up_touches_nothing_and_says_nothing(
    layout: Layout, machine: Machine, capsys: pytest.CaptureFixture[str]
) -> None:
    complete(layout, machine)
    before = {path: path.stat().st_mtime_ns for path in layout.root.rglob("*")}
    set_up(layout, machine)
    assert {path: path.stat().st_mtime_ns for path in layout.root.rglob("*")} == before
    assert capsys.readouterr() == ("", "")


def test_a_second_set_up_starts_no_program(layout: Layout, machine: Machine, tmp_path: Path) -> None:
    log = tmp_path / "started"
    for name in ("node", "npm", "terraform"):
        (tmp_path / "programs" / name).write_text(f'#!/bin/sh\necho {name} >> "{log}"\n', encoding="utf-8")
    complete(layout, machine)
    set_up(layout, machine)
    assert not log.exists()


def _append(path: Path) -> None:
    path.write_text(path.read_text(encoding="utf-8") + "\n", encoding="utf-8")


@pytest.mark.parametrize(
    "change",
    [
        lambda layout: _append(layout.requirements("runtime")),
        lambda layout: _append(layout.root / "toolchain" / "package-lock.json"),
        lambda layout: _append(layout.root / "toolchain" / "commands.py"),
        lambda layout: layout.python.unlink(),
        lambda layout: (layout.commands / "cdktf").unlink(),
        lambda layout: cdktf_program(layout).unlink(),
        lambda layout: overall_stamp(layout).take_away(),
    ],
    ids=["requirements", "npm lock", "set-up", "python gone", "command gone", "cdktf gone", "interrupted"],
)
def test_a_change_in_the_project_makes_the_set_up_work_again(
    layout: Layout, machine: Machine, change: Callable[[Layout], None]
) -> None:
    complete(layout, machine)
    assert is_current(layout, machine)
    change(layout)
    assert not is_current(layout, machine)


@pytest.mark.parametrize("name", ["node", "npm", "terraform", "tofu"])
def test_another_program_on_path_makes_the_set_up_work_again(
    layout: Layout, machine: Machine, tmp_path: Path, name: str
) -> None:
    complete(layout, machine)
    add_program(tmp_path / "programs", name, "another\n").write_text("#!/bin/sh\n# another\n", encoding="utf-8")
    assert not is_current(layout, machine)


def test_naming_another_engine_makes_the_set_up_work_again(layout: Layout, machine: Machine) -> None:
    complete(layout, machine)
    named = Machine({**machine.environment, "TERRAFORM_BINARY_NAME": "other"})
    assert not is_current(layout, named)


def test_a_project_that_was_moved_is_set_up_again(layout: Layout, machine: Machine, tmp_path: Path) -> None:
    complete(layout, machine)
    moved = Layout(layout.root.rename(tmp_path / "moved"))
    assert not is_current(moved, machine)


def test_explaining_names_the_choices_and_installs_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    add_program(tmp_path, "node", "v18.0.0\n")
    terraform = add_program(tmp_path, "terraform", terraform_answer("1.11.4"))
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("TERRAFORM_BINARY_NAME", raising=False)
    assert main(["--explain"]) == 0
    told = capsys.readouterr().err
    assert "18.0.0" in told
    assert str(terraform) in told


def test_an_engine_that_cannot_be_used_ends_the_set_up_with_exit_code_1(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("TERRAFORM_BINARY_NAME", "no-such-engine")
    assert main(["--explain"]) == 1
    told = capsys.readouterr().err
    assert "no-such-engine" in told
    assert "next:" in told
