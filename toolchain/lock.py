"""One set-up at a time in a project folder; a second one waits and then usually finds everything done."""

import fcntl
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def hold(file: Path, *, on_wait: Callable[[], None]) -> Iterator[None]:
    """Hold the lock while the body runs; `on_wait` is called once if another process has it.

    The operating system gives the lock back however the process ends.
    """
    file.parent.mkdir(parents=True, exist_ok=True)
    with file.open("a") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            on_wait()
            fcntl.flock(handle, fcntl.LOCK_EX)
        yield
