"""Who imports whom, read from the files themselves: packages, single modules and folders of scripts alike.

Imports inside functions count as well; relative ones do not occur, which the linter sees to.
"""

import ast
from collections.abc import Iterator
from dataclasses import dataclass

from tests.architecture.sources import Source


@dataclass(frozen=True)
class Import:
    """One module names another one."""

    importer: str
    imported: str
    where: str


def read_imports(source: Source) -> Iterator[Import]:
    """Return what a file imports; `from a import b` counts as both `a` and `a.b`, because b may be a module."""
    for node in ast.walk(source.tree):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            names = [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
        else:
            continue
        for name in names:
            yield Import(source.module, name, f"{source.path}:{node.lineno}")


def is_within(module: str, unit: str) -> bool:
    """Whether a module is the unit or lies below it."""
    return module == unit or module.startswith(f"{unit}.")
