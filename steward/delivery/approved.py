"""Which plans may be applied after a merge: those that were made for it, one for each tenant that changed.

The hashes come from the manifests that the planning run has uploaded; whoever approves sees them before anything is
applied. A tenant without one is told apart, and keeps no other tenant waiting.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from steward.delivery.manifest import MANIFEST, Manifest, read_manifest
from steward.errors import ConfigError


@dataclass(frozen=True)
class ApprovedPlans:
    """Entries of a matrix, each with the hash of its plan; and those that no plan was made for."""

    entries: tuple[Mapping[str, str], ...]
    missing: tuple[str, ...]


def read_changed(file: Path) -> dict[str, Any]:
    """Return what `changed_tenants.py` has printed into a file; raises `ConfigError` for anything else."""
    try:
        changed = json.loads(file.read_text(encoding="utf-8"))
        entries = [(each["tenant"], each["file"]) for each in changed["matrix"]["include"]]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ConfigError(
            f"{file} is not what changed_tenants.py prints", why=str(error), next_move="give its output as it is"
        ) from None
    if not all(isinstance(part, str) for entry in entries for part in entry):
        raise ConfigError(
            f"{file} is not what changed_tenants.py prints",
            why="a tenant's name or file is no text",
            next_move="give its output as it is",
        )
    return dict(changed)


def read_manifests(folder: Path) -> dict[str, Manifest]:
    """Return the manifests below a folder by their tenants; two of one tenant are refused."""
    found: dict[str, Manifest] = {}
    for file in sorted(folder.rglob(MANIFEST)):
        manifest = read_manifest(file.parent)
        if found.setdefault(manifest.tenant, manifest) is not manifest:
            raise ConfigError(
                f"{folder} holds two plans of {manifest.tenant}",
                why="only one of them was reviewed last",
                next_move="run the planning workflow again, all of its jobs",
            )
    return found


def match_plans(changed: Mapping[str, Any], manifests: Mapping[str, Manifest]) -> ApprovedPlans:
    """Return the plan of each tenant in what `changed_tenants.py` printed."""
    wanted: Sequence[Mapping[str, str]] = changed["matrix"]["include"]
    entries = tuple(
        {**each, "sha256": manifests[each["tenant"]].plan_sha256} for each in wanted if each["tenant"] in manifests
    )
    return ApprovedPlans(entries, tuple(each["tenant"] for each in wanted if each["tenant"] not in manifests))
