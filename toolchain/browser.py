"""Chromium, in which a rehearsal plays the person who consents: the machine's own, or Debian's where root installs it.

Everything else does without one, so a machine that cannot have it is told what to install, and set up all the same.
"""

from collections.abc import Mapping
from pathlib import Path

from toolchain import installer
from toolchain.choice import Choice
from toolchain.errors import SetupError
from toolchain.machine import Machine

PROGRAMS = ("chromium", "chromium-browser", "google-chrome-stable", "google-chrome")
_INSTALLER = "apt-get"
BY_HAND = "install Chromium for the rehearsals with a browser (Debian: apt-get install chromium)"


def choose_browser(machine: Machine) -> Choice:
    """Return the first of the programs that PATH has."""
    for name in PROGRAMS:
        program = machine.find_program(name)
        if program is not None:
            return Choice(program, "on PATH")
    return Choice(None, f"PATH has none of {', '.join(PROGRAMS)}")


def may_install(machine: Machine, *, is_root: bool) -> bool:
    """Return whether the machine's package manager can be asked for it."""
    return is_root and machine.find_program(_INSTALLER) is not None


def install(environment: Mapping[str, str], *, cwd: Path) -> str:
    """Install Debian's Chromium; return why not where that fails, and nothing otherwise."""
    unattended = {**environment, "DEBIAN_FRONTEND": "noninteractive"}
    try:
        for arguments in (["update"], ["install", "--yes", "--no-install-recommends", "chromium"]):
            installer.run(
                [_INSTALLER, "--quiet", *arguments],
                what="Installing Chromium with apt-get",
                environment=unattended,
                cwd=cwd,
            )
    except SetupError as error:
        return error.why
    return ""
