"""What binds a tenant's evidence together: every line names the line before it, every run the ends of runs before it.

A run that two others began beside is named by both, and the next run names both of them again, so that a fork closes.
Nothing here is signed: who can write to the folder can forge all of it, and only a hash kept elsewhere shows that.
"""

import errno
import fcntl
import hashlib
import json
import os
import stat
import time
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

PATTERN = "*.jsonl"
# No line of ours comes near it; what is longer was written by something else, and is not read into memory.
LONGEST_LINE = 16 * 1024 * 1024
# No run of ours comes near it. What is larger is not read: nothing that lies in the folder keeps a demotion waiting.
LARGEST = 128 * 1024 * 1024
# A run names every end that the runs before it left open. All but the newest few were named long ago, and a guard that
# looks every few minutes must not read a year of files each time.
LOOKED_AT = 200
# A look at a new file takes no time; no demotion waits long for one that hangs.
_HOLDS, _HOLD_SECONDS = 100, 0.01
_PIECE = 1024 * 1024


@dataclass(frozen=True)
class Link:
    """A run as another one found it: its first `size` bytes; `sha256` is None when it could not be read.

    `is_over` says that nobody was writing it any more, so that nothing may have come behind these bytes.
    """

    file: str
    sha256: str | None
    size: int
    is_over: bool = False


def hash_line(line: bytes) -> str:
    """Return the SHA-256 of a line with its newline, in hexadecimal."""
    return hashlib.sha256(line).hexdigest()


def open_run(path: Path) -> BinaryIO:
    """Open a run for reading; raises `OSError` for what is no ordinary file, as a pipe that would be waited for.

    A symbolic link is not followed: what it leads to may lie in another tenant's folder, or be no evidence at all. The
    error's number is `EFBIG` for a file that is larger than `LARGEST`.
    """
    if not stat.S_ISREG(path.lstat().st_mode):
        raise OSError(errno.EINVAL, "it is no ordinary file")
    # It may have become something else meanwhile.
    file = os.fdopen(os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC), "rb")
    if os.fstat(file.fileno()).st_size > LARGEST:
        file.close()
        raise OSError(errno.EFBIG, "it is larger than any run that is written here")
    return file


def hash_start(path: Path, size: int | None = None) -> tuple[str, int]:
    """Return the SHA-256 of a file's first `size` bytes, all without it, and how many bytes there were."""
    with open_run(path) as file:
        return _hash(file, size)


def _hash(file: BinaryIO, size: int | None = None) -> tuple[str, int]:
    digest, done = hashlib.sha256(), 0
    while piece := file.read(_PIECE if size is None else min(_PIECE, size - done)):
        digest.update(piece)
        done += len(piece)
    return digest.hexdigest(), done


def find_open_ends(folder: Path) -> tuple[Link, ...]:
    """Return the runs, as they stand now, whose end no other run has named; the newest is always among them.

    As many bytes are read as one run may have, the newest first: what lies before them is named as unread.
    """
    newest = sorted(path for path in folder.glob(PATTERN) if path.is_file() and not path.is_symlink())[-LOOKED_AT:]
    named = {(link.file, link.size) for path in newest for link in _links_in(path)}
    ends: list[Link] = []
    left = LARGEST
    for path in reversed(newest):
        size = path.stat().st_size
        if (path.name, size) not in named:
            left -= size
            ends.append(_link_to(path) if left >= 0 else _unread(path))
    return tuple(reversed(ends))


def read_line(file: BinaryIO) -> bytes:
    """Return the next line with its newline; what has no newline is torn, or longer than any line of ours."""
    return file.readline(LONGEST_LINE)


def parse_line(line: bytes) -> Mapping[str, Any] | None:
    """Return what a line says, None when it is no line of ours: torn, changed or foreign."""
    if not line.endswith(b"\n"):
        return None
    try:
        content = json.loads(line.decode("utf-8"))
    except (ValueError, RecursionError):
        return None
    is_ours = isinstance(content, dict) and isinstance(content.get("line"), int)
    return content if is_ours and isinstance(content.get("verb"), str) else None


def links_of(first: Mapping[str, Any]) -> tuple[Link, ...] | None:
    """Return the runs that a first line names; None when it is no first line."""
    detail = first.get("detail")
    if (first.get("step"), first.get("verb")) != ("run", "started") or not isinstance(detail, Mapping):
        return None
    previous = detail.get("previous")
    if not isinstance(previous, list):
        return None
    links = tuple(_links_from(previous))
    return links if len(links) == len(previous) else None


def _links_from(entries: list[Any]) -> Iterator[Link]:
    for entry in entries:
        match entry:
            case {"file": str(file), "sha256": str() as sha256, "size": int(size)} if size >= 0:
                yield Link(file, sha256, size, entry.get("is_over") is True)
            case {"file": str(file), "sha256": None as sha256, "size": int(size)}:
                yield Link(file, sha256, size, entry.get("is_over") is True)


def _links_in(path: Path) -> tuple[Link, ...]:
    with suppress(OSError), open_run(path) as file:
        content = parse_line(read_line(file))
        return (links_of(content) or ()) if content is not None else ()
    return ()


def _link_to(path: Path) -> Link:
    try:
        with open_run(path) as file:
            is_over = _is_over(file)
            return Link(path.name, *_hash(file), is_over=is_over)
    except OSError:
        return _unread(path)


def _unread(path: Path) -> Link:
    return Link(path.name, None, -1)


def hold(descriptor: int) -> None:
    """Hold a file that is being written; the operating system gives it back however the writer ends."""
    for _ in range(_HOLDS):
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            # Another run has just found the new file, and looks at it.
            time.sleep(_HOLD_SECONDS)
        except OSError:
            # A file system without locks: every run looks as if it were going on, and the lines' times have to do.
            return
        else:
            return


def _is_over(file: BinaryIO) -> bool:
    """Return whether its writer has let go of a file, which is then held until it is closed here."""
    try:
        fcntl.flock(file.fileno(), fcntl.LOCK_SH | fcntl.LOCK_NB)
    except OSError:
        return False
    # A run that has just made its file and written nothing may not hold it yet.
    return os.fstat(file.fileno()).st_size > 0
