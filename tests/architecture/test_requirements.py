"""Whatever is imported is asked for by name: no file rests on what another package happens to bring along."""

import re
import sys
import tomllib
from collections.abc import Iterator, Mapping
from functools import cache
from importlib.metadata import packages_distributions

import pytest

from tests.architecture.directions import APART, LAYERS
from tests.architecture.imports import read_imports
from tests.architecture.sources import ROOT, Source, python_sources

OURS = {unit.partition(".")[0] for unit in {*APART, *(unit for layer in LAYERS for unit in layer)}}
# The set-up runs before anything is installed.
SETS = {
    "benchmarks": ("runtime", "sandbox"),
    "conformance": ("runtime", "sandbox", "dev"),
    "main": ("runtime",),
    "sandbox": ("sandbox",),
    "scripts": ("runtime", "sandbox"),
    "stacks": ("runtime",),
    "steward": ("runtime", "papers"),
    "tests": ("runtime", "papers", "sandbox", "dev"),
    "toolchain": (),
}


def normal(name: str) -> str:
    """Return a distribution's name as registries compare it."""
    return re.sub(r"[-_.]+", "-", name).lower()


@cache
def distributions() -> Mapping[str, list[str]]:
    """Return the distributions that bring each importable name; reading them takes a second."""
    return packages_distributions()


@cache
def asked_for(name: str) -> set[str]:
    """Return the distributions that a set asks for by name."""
    if name == "runtime":
        project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
        lines = project["project"]["dependencies"]
    else:
        lines = (ROOT / "requirements" / f"{name}.in").read_text(encoding="utf-8").splitlines()
    found = (re.match(r"[A-Za-z0-9][A-Za-z0-9._-]*", line) for line in lines)
    return {normal(match[0]) for match in found if match}


def unasked(source: Source) -> Iterator[str]:
    """Yield what a file imports without its sets asking for it."""
    wanted = set().union(*(asked_for(name) for name in SETS[source.module.partition(".")[0]]))
    for found in read_imports(source):
        top = found.imported.partition(".")[0]
        if top in OURS or top in sys.stdlib_module_names:
            continue
        if not {normal(name) for name in distributions().get(top, ())} & wanted:
            yield f"{found.where}: {found.imported}"


def test_every_import_is_of_a_package_that_is_asked_for() -> None:
    assert [found for source in python_sources() for found in unasked(source)] == []


@pytest.mark.parametrize(
    ("path", "statement"),
    [
        ("steward/graph/a.py", "import trustme"),
        ("sandbox/a.py", "import msgraph"),
        ("stacks/a.py", "import pytest"),
        ("tests/a.py", "import sortedcontainers"),
        ("toolchain/a.py", "import httpx"),
        ("main.py", "import no_such_package"),
    ],
)
def test_an_import_of_a_package_that_is_not_asked_for_is_found(path: str, statement: str) -> None:
    assert list(unasked(Source(path, statement)))
