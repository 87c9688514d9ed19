"""Which plans may be applied after a merge: those that were made for it, one for each tenant that changed.

The hashes come from the manifests that the planning run has uploaded; whoever approves sees them before anything is
applied. A tenant without one is told apart, and keeps no other tenant waiting.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from steward.delivery.changes import Gone
from steward.delivery.manifest import MANIFEST, Manifest, read_manifest
from steward.errors import ConfigError


@dataclass(frozen=True)
class Expected:
    """What `changed_tenants.py` has printed: the tenants to plan by name, and the stacks that no file stands for."""

    document: Mapping[str, Any]
    tenants: tuple[str, ...]
    gone: tuple[Gone, ...]

    @property
    def is_empty(self) -> bool:
        """Return whether the change is about no tenant at all."""
        return not self.tenants and not self.gone


@dataclass(frozen=True)
class UploadedPlans:
    """The manifests that a run has uploaded, by tenant; `doubled` are tenants with several, of which none counts."""

    manifests: Mapping[str, Manifest]
    doubled: frozenset[str]


@dataclass(frozen=True)
class ApprovedPlans:
    """Entries of a matrix, each with the hash of its plan; and those that no plan was made for, or that has several."""

    entries: tuple[Mapping[str, str], ...]
    missing: tuple[str, ...]


def read_changed(file: Path) -> Expected:
    """Return what `changed_tenants.py` has printed into a file; raises `ConfigError` for anything else."""
    try:
        changed = json.loads(file.read_text(encoding="utf-8"))
        entries = [(each["tenant"], each["file"]) for each in changed["matrix"]["include"]]
        gone = tuple(Gone(each["tenant"], each["file"], each["now"]) for each in changed["gone"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ConfigError(
            f"{file} is not what changed_tenants.py prints", why=str(error), next_move="give its output as it is"
        ) from None
    named = [*entries, *((each.tenant, each.file, each.now or "") for each in gone)]
    if not all(isinstance(part, str) for entry in named for part in entry):
        raise ConfigError(
            f"{file} is not what changed_tenants.py prints",
            why="a tenant's name or file is no text",
            next_move="give its output as it is",
        )
    return Expected(changed, tuple(tenant for tenant, _ in entries), gone)


def read_manifests(folder: Path) -> UploadedPlans:
    """Return the manifests below a folder; of a tenant with several nobody can tell which one was reviewed."""
    found: dict[str, Manifest] = {}
    doubled: set[str] = set()
    for file in sorted(folder.rglob(MANIFEST)):
        manifest = read_manifest(file.parent)
        if found.setdefault(manifest.tenant, manifest) is not manifest:
            doubled.add(manifest.tenant)
    return UploadedPlans(
        {tenant: manifest for tenant, manifest in found.items() if tenant not in doubled}, frozenset(doubled)
    )


def match_plans(changed: Expected, uploaded: UploadedPlans) -> ApprovedPlans:
    """Return the plan of each tenant in what `changed_tenants.py` printed."""
    wanted: Sequence[Mapping[str, str]] = changed.document["matrix"]["include"]
    manifests = uploaded.manifests
    entries = tuple(
        {**each, "sha256": manifests[each["tenant"]].plan_sha256} for each in wanted if each["tenant"] in manifests
    )
    return ApprovedPlans(entries, tuple(each["tenant"] for each in wanted if each["tenant"] not in manifests))
