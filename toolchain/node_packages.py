"""The Node.js packages: cdktf's command-line interface, exactly as locked, in a folder of its own.

npm empties the folder first, so an interrupted installation needs no other repair than a second run.
"""

import os
import shutil
from collections.abc import Mapping
from pathlib import Path

from toolchain import installer
from toolchain.layout import Layout

_ENTRY = Path("node_modules/cdktf-cli/bundle/bin/cdktf")


def install(layout: Layout, *, node_folder: Path, environment: Mapping[str, str]) -> None:
    """Bring the folder to exactly the locked packages, with the npm beside the Node.js in `node_folder`.

    Install scripts stay off: the only one builds a terminal module that cdktf does not need for our commands.
    """
    layout.node_packages.mkdir(parents=True, exist_ok=True)
    for name in ("package.json", "package-lock.json"):
        shutil.copyfile(layout.root / "toolchain" / name, layout.node_packages / name)
    search_path = os.pathsep.join([str(node_folder), environment.get("PATH", os.defpath)])
    installer.run(
        [
            "npm",
            "ci",
            "--ignore-scripts",
            "--no-audit",
            "--no-fund",
            "--no-update-notifier",
            "--loglevel=error",
        ],
        what="Installing cdktf's command with npm",
        environment={**environment, "PATH": search_path},
        cwd=layout.node_packages,
    )


def cdktf_program(layout: Layout) -> Path:
    """Return the JavaScript file that is cdktf's command."""
    return layout.node_packages / _ENTRY
