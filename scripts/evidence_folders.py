"""The evidence folders that arguments name: a tenant file's, a tenant's own folder, or a folder of such folders.

Programs that judge them look at each in turn, and tell of every hash that was expected and that no run has.
"""

import argparse
import os
import re
from collections.abc import Callable, Iterator
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path

from scripts.console import Console
from scripts.program import take_in_turn
from steward.config.loader import load_tenant
from steward.config.model import Tenant
from steward.errors import ConfigError, ExitCode, worse
from steward.evidence.chain import PATTERN

_SHA256 = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True)
class Subject:
    """A folder of one tenant's runs; `tenant` is None where only the folder was given."""

    name: str
    folder: Path
    tenant: Tenant | None = None


@dataclass(frozen=True)
class Looked:
    """What a tenant's evidence gave: `confirmed` are the expected hashes that its runs have."""

    exit_code: ExitCode
    confirmed: AbstractSet[str]


def add_expect(parser: argparse.ArgumentParser) -> None:
    """Let a hash be given that was kept elsewhere."""
    parser.add_argument(
        "--expect",
        action="append",
        type=_sha256,
        default=[],
        metavar="SHA256",
        help="a hash that a run printed at its end and that was kept elsewhere; may be given several times",
    )


def _sha256(text: str) -> str:
    """Return a hash in lower case; argparse tells of what is none."""
    if not _SHA256.fullmatch(text.lower()):
        raise argparse.ArgumentTypeError(f"{text} is no SHA-256; give the 64 hexadecimal digits that a run printed")
    return text.lower()


def look_at_each(
    parsed: argparse.Namespace, look: Callable[[Subject], Looked], console: Console
) -> tuple[ExitCode, list[str]]:
    """Look at the tenants behind all paths; return the worst exit code, and the expected hashes that no run has."""
    found: set[str] = set()

    def look_at(subject: Subject) -> ExitCode:
        looked = look(subject)
        found.update(looked.confirmed)
        return looked.exit_code

    code = take_in_turn(parsed.paths, lambda path: take_in_turn(find_subjects(path), look_at, console), console)
    lost = sorted(set(parsed.expect) - found)
    for sha256 in lost:
        code = worse(code, ExitCode.FINDINGS)
        console.say(f"no run has the expected hash {sha256}: that run was changed, cut or taken away")
    return code, lost


def find_subjects(path: Path) -> Iterator[Subject]:
    """Yield the tenants behind a path: a tenant file's, a tenant's own folder, or a folder of such folders."""
    if not path.is_dir():
        if path.suffix == ".jsonl":
            raise ConfigError(
                f"{path} is one run",
                why="a run is judged together with those before and after it",
                next_move=f"give its folder, {path.parent}",
            )
        if not path.exists() and path.suffix not in {".yaml", ".yml"}:
            raise ConfigError(
                f"{path} is not there",
                why="neither a tenant file nor a folder with evidence has that name",
                next_move="name the tenant file, whose `evidence` says where its runs lie, or the folder",
            )
        tenant = load_tenant(path)
        yield Subject(tenant.name, tenant.evidence / tenant.name, tenant)
        return
    try:
        children = sorted(child for child in path.iterdir() if child.is_dir() and _has_runs(child))
        has_runs = any(path.glob(PATTERN))
    except OSError as error:
        raise ConfigError(
            f"{path} cannot be read", why=error.strerror or str(error), next_move="make the folder readable"
        ) from None
    if has_runs or not children:
        yield Subject(path.resolve().name, path)
        return
    for child in children:
        yield Subject(child.name, child)


def _has_runs(folder: Path) -> bool:
    """Return whether runs lie in a folder; where it cannot be listed they may, and whoever reads them says why."""
    try:
        with os.scandir(folder) as entries:
            return any(fnmatchcase(entry.name, PATTERN) for entry in entries)
    except OSError:
        return True
