"""The folder that a rehearsal or a sandbox fills, and empties when it starts again: its own, and nobody else's."""

import shutil
from pathlib import Path

from steward.errors import ConfigError

_MARK = ".rehearsal-folder"


def start_over(folder: Path) -> None:
    """Empty the folder of an earlier rehearsal; raises `ConfigError` for any other folder that holds something."""
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())) and not (folder / _MARK).is_file():
        raise ConfigError(
            f"{folder} is not empty, and no rehearsal's",
            why=f"a rehearsal empties the folder it leaves its results in, and this one has no {_MARK}",
            next_move="name a new folder, or empty it yourself",
        )
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    (folder / _MARK).write_text("Made by a rehearsal, which empties this folder when it runs again.\n")
