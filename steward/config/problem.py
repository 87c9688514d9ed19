"""What is wrong in a tenant file: one problem a fault, and one error for all the problems of a file.

The reader, the shape and the rules find problems; the loader raises them together, so that a file is put right in
one go. A problem names keys and reasons, and shows a value only where that value is no secret.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path

from steward.errors import ConfigError

KeyPath = tuple[str | int, ...]


@dataclass(frozen=True)
class Problem:
    """One fault: what is wrong at `key`, why it is refused, and what to write instead.

    `line` counts from 1 and is set only where it is not simply the key's. Without `keeps_from_closing` it is about what
    taking a role away can do without, such as a place for evidence.
    """

    key: KeyPath
    what: str
    why: str = ""
    next_move: str = ""
    line: int | None = None
    keeps_from_closing: bool = True


@dataclass(frozen=True)
class LocatedProblem:
    """A fault with its place; `line` counts from 1 and is None where the file as a whole is meant."""

    file: Path
    line: int | None
    problem: Problem

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}" if self.line else str(self.file)
        subject = key_text(self.problem.key)
        what = f"{subject}: {self.problem.what}" if subject else self.problem.what
        return str(ConfigError(f"{place}: {what}", why=self.problem.why, next_move=self.problem.next_move))


class TenantFileError(ConfigError):
    """Tenant files that cannot be used, with every problem that was found in them."""

    def __init__(self, problems: Iterable[LocatedProblem]) -> None:
        self.problems = tuple(sorted(problems, key=lambda each: (str(each.file), each.line or 0)))
        files = sorted({str(each.file) for each in self.problems})
        super().__init__(f"{', '.join(files)}: {len(self.problems)} problem(s)")

    def __str__(self) -> str:
        return "\n".join(str(problem) for problem in self.problems)


def key_text(key: KeyPath) -> str:
    """Return a key's path as people write it: `application.permissions.application[0]`."""
    text = ""
    for part in key:
        text += f"[{part}]" if isinstance(part, int) else f".{shown(part)}" if text else shown(part)
    return text


def shown(text: str, *, limit: int = 80) -> str:
    """Return `text` fit for a terminal: one line, no control characters, not endless."""
    plain = text if text.isprintable() else ascii(text)[1:-1]
    return plain if len(plain) <= limit else f"{plain[:limit]}..."


def nearest(word: str, allowed: Iterable[str], *, count: int = 3) -> Sequence[str]:
    """Return the allowed words most like `word`, the best first; letter case does not matter."""
    by_lower = {each.lower(): each for each in allowed}
    return [by_lower[match] for match in get_close_matches(word.lower()[:200], by_lower, count, cutoff=0.6)]


def choose(candidates: Sequence[str]) -> str:
    """Return the candidates as a choice: `a`, `a or b`, `a, b or c`."""
    *others, last = candidates
    return f"{', '.join(others)} or {last}" if others else last
