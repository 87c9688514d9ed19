"""A tenant's evidence files as values: each line with its bytes' hash, what it says, and what of it is torn.

Whatever stands in the folder is read, foreign files included; judging is left to `verification` and `invariant`.
"""

import errno
import hashlib
import os
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from steward.errors import UnreadableError
from steward.evidence.chain import LONGEST_LINE, PATTERN, Link, hash_start, links_of, open_run, parse_line, read_line


@dataclass(frozen=True)
class EvidenceLine:
    """One line as it stands in the file; `content` is None when it is no line of ours."""

    number: int
    sha256: str
    content: Mapping[str, Any] | None

    @property
    def time(self) -> datetime | None:
        """Return when it was written, None when the line does not say."""
        with suppress(ValueError, TypeError):
            time = datetime.fromisoformat((self.content or {}).get("time", ""))
            return time if time.tzinfo is not None else time.replace(tzinfo=UTC)
        return None

    @property
    def event(self) -> tuple[Any, Any]:
        """Return step and verb."""
        content = self.content or {}
        return content.get("step"), content.get("verb")

    @property
    def account(self) -> Mapping[str, Any] | None:
        """Return the account that was seen by it; None where it was no look, or one that showed none."""
        detail = (self.content or {}).get("detail")
        account = detail.get("account") if self.event[1] == "saw" and isinstance(detail, Mapping) else None
        return account if isinstance(account, Mapping) else None


@dataclass(frozen=True)
class Run:
    """One evidence file: `is_torn` when its last line has no end, `unreadable` says why it could not be read.

    `is_link` says that what stands in the folder is a symbolic link, whatever it leads to, and `is_too_large` that it
    was not read because no run of ours comes near its size.
    """

    file: str
    sha256: str = ""
    size: int = 0
    lines: Sequence[EvidenceLine] = ()
    is_torn: bool = False
    is_overlong: bool = False
    unreadable: str | None = None
    is_link: bool = False
    is_too_large: bool = False

    @property
    def about(self) -> Mapping[str, Any]:
        """Return what the first line says of the run; nothing when it is no first line."""
        first = self.lines[0].content if self.lines else None
        return first["detail"] if first is not None and links_of(first) is not None else {}

    @property
    def links(self) -> tuple[Link, ...]:
        """Return the runs that it names as those before it."""
        first = self.lines[0].content if self.lines else None
        return (links_of(first) or ()) if first is not None else ()

    @property
    def is_closed(self) -> bool:
        """Return whether it has the line that a run writes last."""
        return not self.is_torn and bool(self.lines) and self.lines[-1].event == ("run", "closed")

    @property
    def began(self) -> datetime | None:
        """Return when its first line was written."""
        return self.lines[0].time if self.lines else None

    @property
    def last_seen(self) -> datetime | None:
        """Return when its last readable line was written."""
        return next((line.time for line in reversed(self.lines) if line.time is not None), None)


def read_runs(folder: Path, *, with_answers: bool = False) -> tuple[Run, ...]:
    """Return every evidence file in the folder, oldest name first; one that cannot be read says so itself.

    Graph's answers are most of the bytes, and are left out unless they are asked for. A folder that is not there has no
    runs; raises `UnreadableError` for one that cannot be listed.
    """
    try:
        names = sorted(each.name for each in os.scandir(folder) if fnmatchcase(each.name, PATTERN))
    except FileNotFoundError:
        return ()
    except OSError as error:
        raise UnreadableError(
            f"the evidence in {folder} cannot be read",
            why=error.strerror or str(error),
            next_move="make it readable",
        ) from None
    return tuple(read_run(folder / name, with_answers=with_answers) for name in names)


def read_run(path: Path, *, with_answers: bool = False) -> Run:
    """Return one evidence file, whatever it holds."""
    try:
        if path.is_symlink():
            return Run(path.name, unreadable="it is a symbolic link, and none is followed", is_link=True)
        return _read(path, with_answers=with_answers)
    except OSError as error:
        return Run(path.name, unreadable=error.strerror or str(error), is_too_large=error.errno == errno.EFBIG)


def _read(path: Path, *, with_answers: bool) -> Run:
    lines: list[EvidenceLine] = []
    digest = hashlib.sha256()
    with open_run(path) as file:
        # A run that is still going on may append meanwhile; what is judged is the file as it is now.
        size = os.fstat(file.fileno()).st_size
        while file.tell() < size and (line := read_line(file)):
            if not line.endswith(b"\n"):
                if len(line) == LONGEST_LINE:
                    return Run(path.name, hash_start(path)[0], size, tuple(lines), is_overlong=True)
                digest.update(line)
                return Run(path.name, digest.hexdigest(), file.tell(), tuple(lines), is_torn=True)
            digest.update(line)
            content = parse_line(line)
            if content is not None and not with_answers:
                content = {name: content[name] for name in content if name != "answers"}
            lines.append(EvidenceLine(len(lines) + 1, hashlib.sha256(line).hexdigest(), content))
            if lines[0].content is None:
                # Foreign from its first line: the rest, however long, tells nothing.
                return Run(path.name, *hash_start(path), lines=tuple(lines))
        return Run(path.name, digest.hexdigest(), file.tell(), tuple(lines))
