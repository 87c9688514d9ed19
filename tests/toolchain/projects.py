"""A project folder that a set-up has been completed in, without what it would have installed."""

import shutil
from pathlib import Path

from tests.toolchain.machines import add_program
from toolchain.layout import Layout
from toolchain.machine import Machine
from toolchain.node_packages import cdktf_program
from toolchain.plan import overall_fingerprint, overall_stamp

ROOT = Path(__file__).resolve().parents[2]


def copy_project(folder: Path) -> Layout:
    """Copy the set-up and the lock files into a folder."""
    for name in ("toolchain", "requirements"):
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    return Layout(folder)


def complete(layout: Layout, machine: Machine) -> None:
    """Put the results of a set-up in place, and its stamp."""
    add_program(layout.python.parent, "python")
    add_program(layout.commands, "cdktf")
    add_program(cdktf_program(layout).parent, "cdktf")
    overall_stamp(layout).write(overall_fingerprint(layout, machine))
