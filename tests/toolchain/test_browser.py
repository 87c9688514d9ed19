"""The browser of the set-up: the machine's own, else Debian's where root may install it, else words."""

import os
from pathlib import Path

import pytest

from tests.toolchain.machines import add_program, machine_with
from toolchain.browser import PROGRAMS, choose_browser, install, may_install


@pytest.mark.parametrize("name", PROGRAMS)
def test_machines_own_is_taken(name: str, tmp_path: Path) -> None:
    program = add_program(tmp_path, name)
    assert choose_browser(machine_with(tmp_path)).program == program


def test_machine_without_one_is_told_what_was_looked_for(tmp_path: Path) -> None:
    choice = choose_browser(machine_with(tmp_path))
    assert choice.program is None
    assert "chromium" in choice.reason


def test_only_root_with_a_package_manager_installs(tmp_path: Path) -> None:
    assert not may_install(machine_with(tmp_path), is_root=True)
    add_program(tmp_path, "apt-get")
    assert may_install(machine_with(tmp_path), is_root=True)
    assert not may_install(machine_with(tmp_path), is_root=False)


def _package_manager(folder: Path, *, fails_at: str = "") -> dict[str, str]:
    """Put an apt-get into a folder that notes what it is asked, and return the environment that finds it."""
    program = folder / "apt-get"
    program.write_text(
        f'#!/bin/sh\necho "$DEBIAN_FRONTEND $*" >> "{folder}/asked"\n'
        f'case "$*" in *{fails_at or "nothing"}*) echo "no network" >&2; exit 100;; esac\n',
        encoding="utf-8",
    )
    program.chmod(0o755)
    return {"PATH": f"{folder}{os.pathsep}{os.defpath}"}


def test_package_manager_is_asked_for_chromium_and_asks_nobody(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    environment = _package_manager(tmp_path)
    monkeypatch.setenv("PATH", environment["PATH"])
    assert install(environment, cwd=tmp_path) == ""
    asked = (tmp_path / "asked").read_text().splitlines()
    assert asked == [
        "noninteractive --quiet update",
        "noninteractive --quiet install --yes --no-install-recommends chromium",
    ]


@pytest.mark.parametrize("step", ["update", "install"])
def test_package_manager_that_fails_is_told_and_ends_nothing(
    step: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    environment = _package_manager(tmp_path, fails_at=step)
    monkeypatch.setenv("PATH", environment["PATH"])
    assert "no network" in install(environment, cwd=tmp_path)
