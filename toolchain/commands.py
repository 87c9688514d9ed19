"""The commands in `.toolchain/bin`: shell programs for whoever has that folder on PATH.

Each works from any folder and in a path with spaces, replaces itself by the real program, and keeps it from
asking home for news.
"""

import shutil
from pathlib import Path
from shlex import quote

from toolchain import node_packages
from toolchain.choice import Choice
from toolchain.layout import Layout

# No version check and no usage report of Terraform and cdktf; no notice about the age of Node.js from jsii, which
# wants the versions that it is not to speak of.
QUIET = {
    "CHECKPOINT_DISABLE": "1",
    "DISABLE_VERSION_CHECK": "1",
    "JSII_SILENCE_WARNING_END_OF_LIFE_NODE_VERSION": "18,19,20,21,22,23,24,25,26,27,28",
    "JSII_SILENCE_WARNING_UNTESTED_NODE_VERSION": "18,19,20,21,22,23,24,25,26,27,28",
}


def write_commands(layout: Layout, *, node: Choice, node_program: Path, terraform: Choice) -> None:
    """Write the folder anew: cdktf, and node and terraform where PATH gives others or none."""
    if layout.commands.exists():
        shutil.rmtree(layout.commands)
    layout.commands.mkdir(parents=True)
    _write(layout, "cdktf", [node_program, node_packages.cdktf_program(layout)])
    if node.is_installed_here:
        _write(layout, "node", [node_program])
    if terraform.program is None:
        _write(layout, "terraform", [layout.python, "-I", layout.root / "toolchain" / "terraform_engine.py"])
    elif terraform.program.name != "terraform":
        _write(layout, "terraform", [terraform.program])


def render(layout: Layout, command: list[str | Path]) -> str:
    """Return the text of a shell program that becomes the given command."""
    lines = ["#!/bin/sh", "# Written by the set-up; `make set-up` writes it anew."]
    folders = ":".join(quote(str(folder)) for folder in (layout.commands, layout.virtual_environment / "bin"))
    lines.append(f'PATH={folders}"${{PATH:+:$PATH}}"')
    lines += [f"{name}={value}" for name, value in QUIET.items()]
    lines.append(f"export PATH {' '.join(QUIET)}")
    lines.append(f'exec {" ".join(quote(str(part)) for part in command)} "$@"')
    return "\n".join(lines) + "\n"


def _write(layout: Layout, name: str, command: list[str | Path]) -> None:
    file = layout.commands / name
    file.write_text(render(layout, command), encoding="utf-8")
    file.chmod(0o755)
