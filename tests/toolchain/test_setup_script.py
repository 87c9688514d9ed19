"""The shell start of the set-up: it finds a Python that serves, and says what is missing where there is none."""

import subprocess
from pathlib import Path

import pytest

from tests.toolchain.machines import add_program
from tests.toolchain.projects import copy_project

SHELL = Path("/bin/sh")


def start(project: Path, programs: Path) -> subprocess.CompletedProcess[str]:
    """Start the set-up's shell script with nothing on PATH but the given programs."""
    (programs / "dirname").symlink_to("/usr/bin/dirname")
    return subprocess.run(
        [SHELL, project / "toolchain" / "setup.sh", "--explain"],
        capture_output=True,
        check=False,
        cwd="/",
        env={"PATH": str(programs)},
        text=True,
    )


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project folder whose name has a space in it."""
    return copy_project(tmp_path / "a project").root


@pytest.fixture
def programs(tmp_path: Path) -> Path:
    """The only folder on PATH."""
    folder = tmp_path / "programs"
    folder.mkdir()
    return folder


def test_a_machine_without_python_is_told_which_names_were_tried(project: Path, programs: Path) -> None:
    done = start(project, programs)
    assert done.returncode == 1
    assert "python3.11" in done.stderr
    assert "next:" in done.stderr


def test_a_python_that_is_too_old_is_passed_over(project: Path, programs: Path) -> None:
    add_program(programs, "python3", exit_code=3)
    done = start(project, programs)
    assert done.returncode == 1
    assert "3.11" in done.stderr


def test_a_python_without_ensurepip_is_told_the_package_to_install(project: Path, programs: Path) -> None:
    add_program(programs, "python3.11", exit_code=4)
    done = start(project, programs)
    assert done.returncode == 1
    assert "python3-venv" in done.stderr


def test_the_first_python_that_serves_is_started_with_the_arguments(project: Path, programs: Path) -> None:
    add_program(programs, "python3.13", exit_code=3)
    add_program(programs, "python3.12", exit_code=4)
    add_program(programs, "python3", "started\n")
    done = start(project, programs)
    assert done.returncode == 0
    assert done.stdout == "started\n"
