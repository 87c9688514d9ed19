"""Which tenants a change is about: those whose files differ, and all of them when shared code does.

`scripts/changed_tenants.py` prints it for a forge's matrix of jobs. A tenant file that is gone is told apart, because
its stack still stands: nothing plans it away.
"""

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from steward.config.loader import find_tenant_files
from steward.delivery.repository import Changed, Repository, as_text

# What a stack is synthesized from besides its tenant file; a folder ends in a slash. A test holds it to the imports.
SHARED = (
    "cdktf.json",
    "main.py",
    "pyproject.toml",
    "requirements/runtime.txt",
    "requirements/terraform.txt",
    "stacks/",
    "steward/__init__.py",
    "steward/config/",
    "steward/errors.py",
    "steward/ids.py",
    "steward/pasting.py",
    "steward/wellknown/",
    "toolchain/package-lock.json",
)
_LARGEST_TENANT_FILE = 64 * 1024


@dataclass(frozen=True)
class NamedFile:
    """A tenant file by its path, and the tenant's name in it; the file's own name where it cannot be read."""

    tenant: str
    file: str
    tenant_id: str | None = None


@dataclass(frozen=True)
class Gone:
    """A stack that no tenant file stands for any more; `now` is the name that its tenant has in another file."""

    tenant: str
    file: str
    now: str | None


@dataclass(frozen=True)
class ChangedTenants:
    """The tenants to plan, the stacks that nobody plans any more, and the shared files for which all are planned."""

    tenants: tuple[NamedFile, ...]
    gone: tuple[Gone, ...]
    shared: tuple[str, ...]


def find_changed(folder: Path, base: str) -> ChangedTenants:
    """Return what differs between where the work left `base` and the work tree; `folder` holds the tenant files."""
    repository = Repository(folder)
    top = repository.top()
    files = {_relative(file, top): file for file in find_tenant_files(folder)}
    current = {path: read_names(file.read_bytes(), path) for path, file in files.items()}
    start = repository.find_base(base)
    if start is None:
        return ChangedTenants(tuple(current.values()), (), ("everything",))
    place = _relative(folder, top)
    changed = repository.changed_since(start)
    before = {path: read_names(repository.read_before(start, path), path) for path in _tenant_paths(changed, place)}
    links = {path: _relative(file.resolve(), top) for path, file in files.items() if file.is_symlink()}
    return judge(changed, current=current, before=before, links=links)


def judge(
    changed: Sequence[Changed],
    *,
    current: Mapping[str, NamedFile],
    before: Mapping[str, NamedFile],
    links: Mapping[str, str],
) -> ChangedTenants:
    """Return the tenants to plan and the stacks that are gone, from what differs.

    `current` are all tenant files by path, `before` those that differ as they were, `links` where a file that is a
    symbolic link leads.
    """
    touched = {path for each in changed for path in (each.before, each.now) if path is not None}
    shared = tuple(sorted(path for path in touched if _is_shared(path)))
    tenants = tuple(
        named for path, named in sorted(current.items()) if shared or path in touched or links.get(path) in touched
    )
    names = {named.tenant for named in current.values()}
    by_id = {named.tenant_id: named.tenant for named in current.values() if named.tenant_id}
    gone = tuple(
        Gone(named.tenant, path, by_id.get(named.tenant_id or ""))
        for path, named in sorted(before.items())
        if named.tenant not in names
    )
    return ChangedTenants(tenants, gone, shared)


def read_names(content: bytes, path: str) -> NamedFile:
    """Return the tenant's name and id in a file, without judging the file; it may be wrong, or have been."""
    stem = PurePosixPath(path).name.removesuffix(".yaml")
    try:
        document = YAML(typ="safe", pure=True).load(content[:_LARGEST_TENANT_FILE].decode("utf-8"))
        tenant = document["tenant"]
        return NamedFile(str(tenant["name"]), path, str(tenant.get("id", "")).lower() or None)
    except (YAMLError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return NamedFile(stem, path)


def _tenant_paths(changed: Iterable[Changed], place: str) -> Iterator[str]:
    for each in changed:
        if each.before is not None:
            path = PurePosixPath(each.before)
            if str(path.parent) == (place or ".") and path.suffix == ".yaml" and not path.name.startswith("."):
                yield each.before


def _is_shared(path: str) -> bool:
    return any(path.startswith(shared) if shared.endswith("/") else path == shared for shared in SHARED)


def _relative(path: Path, top: Path) -> str:
    # A tenant file that is a link stays where it is; only the folder is resolved.
    place = path.parent.resolve() / path.name
    resolved = place.resolve() if place.is_dir() else place
    try:
        path = resolved.relative_to(top.resolve())
    except ValueError:
        path = resolved
    # As Git's names are read, whatever this machine takes for the encoding of file names.
    return as_text(os.fsencode(path.as_posix()))
