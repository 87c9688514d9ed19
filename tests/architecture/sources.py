"""The project's own files, as the repository knows them: what is tracked, and what would be.

The architecture tests read the tree through this module, so that a new file or package cannot stay out of sight.
"""

import ast
import subprocess
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Source:
    """One Python file, named by its path in the project."""

    path: str
    text: str

    @property
    def module(self) -> str:
        """The dotted name by which it is imported."""
        return self.path.removesuffix(".py").removesuffix("/__init__").replace("/", ".")

    @cached_property
    def tree(self) -> ast.Module:
        """The parsed file."""
        return ast.parse(self.text, self.path)

    @property
    def lines(self) -> list[tuple[int, str]]:
        """Its lines with their numbers."""
        return list(enumerate(self.text.splitlines(), start=1))


@cache
def project_files() -> tuple[str, ...]:
    """Return the paths of all files that are tracked, or untracked and not ignored."""
    # The tree may belong to somebody else than who runs the tests, in a container for instance.
    command = ["git", "-c", "safe.directory=*", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, capture_output=True, check=True, cwd=ROOT, text=True).stdout
    return tuple(sorted({path for path in listed.split("\0") if path and (ROOT / path).is_file()}))


@cache
def python_sources() -> tuple[Source, ...]:
    """Return every Python file of the project."""
    return tuple(
        Source(path, (ROOT / path).read_text(encoding="utf-8")) for path in project_files() if path.endswith(".py")
    )


def product_sources() -> tuple[Source, ...]:
    """Return every Python file but the tests."""
    return tuple(source for source in python_sources() if not source.path.startswith("tests/"))
