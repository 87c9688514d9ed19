"""The Python environment: made with the standard library, filled by uv from lock files with hashes.

pip serves only to install uv, itself by hash. An environment that a set-up left half made is made anew; one
that somebody else made is never touched.
"""

import shutil
import subprocess
import venv
from collections.abc import Mapping, Sequence
from pathlib import Path

from toolchain import installer
from toolchain.errors import SetupError
from toolchain.layout import Layout

_MARK = ".made-by-set-up"


def install(layout: Layout, sets: Sequence[str], *, start_anew: bool, environment: Mapping[str, str]) -> None:
    """Bring `.venv` to exactly the packages of these sets."""
    refuse_foreign_environment(layout.virtual_environment)
    if start_anew or not layout.python.exists():
        make_environment(layout)
        _install_uv(layout, environment)
    locks = [layout.requirements(name) for name in sets]
    _sync(layout, locks, environment)
    put_project_on_path(layout)


def refuse_foreign_environment(folder: Path) -> None:
    """Raise if there is an environment that was not made here."""
    if folder.exists() and not (folder / _MARK).exists() and any(folder.iterdir()):
        raise SetupError(
            f"{folder} exists and was not made by this set-up",
            why="it would have to be emptied, and may hold somebody's work",
            next_step="move it away or delete it, then run the same command again",
        )


def make_environment(layout: Layout) -> None:
    """Make an empty environment with pip."""
    folder = layout.virtual_environment
    if folder.exists():
        shutil.rmtree(folder)
    folder.mkdir()
    (folder / _MARK).touch()
    try:
        venv.EnvBuilder(with_pip=True, symlinks=True).create(folder)
    except (OSError, subprocess.CalledProcessError) as error:
        raise SetupError(
            f"A virtual environment could not be made in {folder}",
            why=str(error),
            next_step="look at the disk's space and rights, then run the same command again",
        ) from error


def _install_uv(layout: Layout, environment: Mapping[str, str]) -> None:
    lock = layout.requirements("uv")
    installer.run(
        [layout.python, "-m", "pip", "install", "--quiet", "--require-hashes", "--requirement", str(lock)],
        what="Installing uv with pip",
        environment=environment,
        cwd=layout.root,
    )


def _sync(layout: Layout, locks: Sequence[Path], environment: Mapping[str, str]) -> None:
    uv = layout.virtual_environment / "bin" / "uv"
    installer.run(
        [uv, "pip", "sync", "--quiet", "--require-hashes", "--python", str(layout.python), *map(str, locks)],
        what="Installing Python packages with uv",
        environment=environment,
        cwd=layout.root,
    )


def put_project_on_path(layout: Layout) -> None:
    """Let programs of the environment import the project's packages wherever they are started."""
    for library in layout.virtual_environment.glob("lib/python3.*/site-packages"):
        (library / "cirasync-steward.pth").write_text(f"{layout.root}\n", encoding="utf-8")
