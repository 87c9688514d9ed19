"""The folder that a rehearsal or a sandbox fills, and empties when it starts again: its own, and nobody else's.

One process has it at a time. Git is told to leave it alone, because credentials of the sandbox lie in it.
"""

import fcntl
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from steward.errors import ConfigError

_MARK = ".rehearsal-folder"


@contextmanager
def occupied(folder: Path, *, keep: bool = False) -> Iterator[None]:
    """Have a folder to oneself, emptied of what an earlier run left, or with `keep` as that run left it.

    Raises `ConfigError` for a folder that another process has, or that holds something and is nobody's of ours. The
    operating system gives it back however the process ends.
    """
    _require_ours(folder)
    folder.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise ConfigError(
                f"{folder} is in use",
                why="another rehearsal or sandbox works in it, and two would spoil each other's files",
                next_move="stop that one, wait for it, or name another folder with --folder",
            ) from None
        if not keep:
            _empty(folder)
        (folder / _MARK).write_text("Made by a rehearsal, which empties this folder when it runs again.\n")
        (folder / ".gitignore").write_text("*\n")
        yield
    finally:
        os.close(descriptor)


def _require_ours(folder: Path) -> None:
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())) and not (folder / _MARK).is_file():
        raise ConfigError(
            f"{folder} is not empty, and no rehearsal's",
            why=f"a rehearsal empties the folder it leaves its results in, and this one has no {_MARK}",
            next_move="name a new folder with --folder, or empty it yourself",
        )


def _empty(folder: Path) -> None:
    for each in folder.iterdir():
        if each.is_dir() and not each.is_symlink():
            shutil.rmtree(each)
        else:
            each.unlink()
