"""Installers get the user's own settings, and their failure says what to do."""

import sys
from pathlib import Path

import pytest

from toolchain import installer
from toolchain.errors import SetupError
from toolchain.installer import installer_environment
from toolchain.layout import Layout
from toolchain.python_packages import refuse_foreign_environment


@pytest.mark.parametrize("home", [None, ""])
def test_a_missing_home_is_made_up_for_inside_the_project(tmp_path: Path, home: str | None) -> None:
    layout = Layout(tmp_path)
    machine = {} if home is None else {"HOME": home}
    assert Path(installer_environment(machine, layout)["HOME"]).is_relative_to(layout.toolchain)


def test_a_home_that_is_set_stays(tmp_path: Path) -> None:
    assert installer_environment({"HOME": "somewhere"}, Layout(tmp_path))["HOME"] == "somewhere"


def test_pip_s_index_and_certificates_reach_uv_unless_uv_has_its_own(tmp_path: Path) -> None:
    given = {"PIP_INDEX_URL": "https://packages.example", "PIP_CERT": "ca.pem", "SSL_CERT_FILE": "own.pem"}
    environment = installer_environment(given, Layout(tmp_path))
    assert environment["UV_DEFAULT_INDEX"] == "https://packages.example"
    assert environment["SSL_CERT_FILE"] == "own.pem"


@pytest.mark.parametrize("variable", ["VIRTUAL_ENV", "PYTHONHOME", "PYTHONPATH"])
def test_another_environment_s_variables_do_not_reach_the_installers(tmp_path: Path, variable: str) -> None:
    assert variable not in installer_environment({variable: "elsewhere"}, Layout(tmp_path))


def test_a_failing_installer_is_quoted_with_its_exit_code(tmp_path: Path) -> None:
    program = "import sys; print('no such package', file=sys.stderr); sys.exit(7)"
    with pytest.raises(SetupError) as raised:
        installer.run([sys.executable, "-c", program], what="Installing x", environment={}, cwd=tmp_path)
    assert "7" in raised.value.what
    assert "no such package" in raised.value.why
    assert raised.value.next_step


def test_an_installer_that_cannot_be_started_is_an_error_of_the_same_shape(tmp_path: Path) -> None:
    with pytest.raises(SetupError, match="Installing x"):
        installer.run([tmp_path / "absent"], what="Installing x", environment={}, cwd=tmp_path)


def test_an_environment_of_somebody_else_s_is_refused_and_left_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "pyvenv.cfg").touch()
    with pytest.raises(SetupError, match="not made by this set-up"):
        refuse_foreign_environment(tmp_path)
    assert (tmp_path / "pyvenv.cfg").exists()


def test_an_empty_folder_is_nobody_s_environment(tmp_path: Path) -> None:
    refuse_foreign_environment(tmp_path)
