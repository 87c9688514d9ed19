"""A folder for what must not outlive a run, such as plans, which keep the state's values in clear.

A run that is killed cannot take its own away; the next one does.
"""

import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

_PREFIX = "cirasync-steward-scratch-"


@contextmanager
def open_scratch() -> Iterator[Path]:
    """Yield a private folder that goes with the block, once those of runs that were killed are gone."""
    parent = Path(tempfile.gettempdir())
    for left in parent.glob(f"{_PREFIX}*"):
        # Somebody else's, or gone meanwhile, or in use: none of these is ours to take away.
        with suppress(OSError), _locked(left):
            if left.stat().st_uid == os.geteuid() and not left.is_symlink():
                shutil.rmtree(left)
    with ExitStack() as on_end:
        yield _new(parent, on_end)


def _new(parent: Path, on_end: ExitStack) -> Path:
    while True:
        folder = Path(tempfile.mkdtemp(prefix=_PREFIX, dir=parent))
        # Another run that starts just now may take it for one that was left, until it is locked.
        with suppress(BlockingIOError, FileNotFoundError):
            on_end.enter_context(_locked(folder))
            if folder.exists():
                on_end.callback(shutil.rmtree, folder, ignore_errors=True)
                return folder


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    """Hold a folder, which the operating system gives back however the process ends; OSError when another has it."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    finally:
        os.close(descriptor)
