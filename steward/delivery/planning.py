"""Makes a plan that can be approved by its hash: planned into a file, shown as JSON, with a manifest beside it.

The stack has been synthesized by then; `scripts/plan.py` calls. The files are for their owner alone, because a plan and
its JSON keep the state's values in clear.
"""

import json
from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from steward.config.model import Tenant
from steward.delivery.grants import find_grants
from steward.delivery.manifest import (
    JSON,
    MANIFEST,
    PLAN,
    Manifest,
    ManifestEngine,
    ManifestState,
    make_folder,
    render,
    whole_seconds,
    write_private,
)
from steward.delivery.plan_file import copy_hashed, read_plan_file
from steward.delivery.saved_plans import SavedPlans, moved_state
from steward.errors import ConfigError, RefusedError, UnreadableError
from steward.review.plan import Plan, read_plan

# What Terraform would read in a stack's folder besides what was synthesized.
_FOREIGN = ("*.tf", "*.tf.json", "*.tofu", "*.tofu.json", "terraform.tfvars*", "*.auto.tfvars*")
_LEAVES_ALONE = frozenset({("no-op",), ("read",)})


@dataclass(frozen=True)
class PlannedChange:
    """One thing that a plan would touch."""

    address: str
    actions: tuple[str, ...]


@dataclass(frozen=True)
class MadePlan:
    """A plan that was made: where it lies, its manifest, what it changes, and what in it keeps it from being applied.

    `is_empty` is Terraform's own word: nothing is to be created, changed, replaced or destroyed, outputs included.
    """

    folder: Path
    manifest: Manifest
    changes: tuple[PlannedChange, ...]
    is_empty: bool
    grants: tuple[str, ...]
    recovered: str | None = None


def require_nothing_foreign(folder: Path) -> None:
    """Raise `ConfigError` where a stack's folder holds configuration or values that were not synthesized."""
    found = sorted({file.name for pattern in _FOREIGN for file in folder.glob(pattern)} - {"cdk.tf.json"})
    if found:
        raise ConfigError(
            f"{folder} holds more than what was synthesized",
            why=f"{', '.join(found)} would be planned too, and an approved plan comes from the tenant file alone",
            next_move="take it away; an import.tf.json is for one `terraform apply` at a workstation, and then goes",
        )


async def make_plan(
    tenant: Tenant, plans: SavedPlans, folder: Path, *, valid_hours: int, commit: str | None
) -> MadePlan:
    """Plan with the latch at `prepared`, and write the plan, its JSON and its manifest into `folder`.

    Raises `RefusedError` when Terraform cannot plan or the state moves meanwhile, `UnreadableError` when the state
    cannot be read. A folder without manifest holds no plan, so that one that was broken off cannot be taken for whole.
    """
    require_nothing_foreign(plans.folder)
    await plans.initialize()
    make_folder(folder)
    recovered = await plans.recover_errored(folder)
    before = await plans.read_state_version()
    scratch = plans.scratch / PLAN
    has_changes = await plans.plan_into(scratch)
    content = await plans.show(scratch)
    if await plans.read_state_version() != before:
        raise moved_state("it was written while Terraform planned")
    plan = read_plan(content, JSON)
    made_at = read_made_at(content)
    inside = read_plan_file(scratch, name=PLAN)
    if inside.state != before:
        raise moved_state("it was written before Terraform began to plan")
    engine = await plans.read_engine()
    (folder / PLAN).unlink(missing_ok=True)
    sha256 = copy_hashed(scratch, folder / PLAN)
    scratch.unlink()
    manifest = Manifest(
        tenant=tenant.name,
        tenant_id=tenant.tenant.id,
        plan_sha256=sha256,
        stack_sha256=inside.stack_sha256,
        commit=commit,
        state=ManifestState(lineage=before.lineage, serial=before.serial) if before else None,
        engine=ManifestEngine(program=engine.program, version=engine.version, provider=engine.provider),
        made_at=whole_seconds(made_at),
        valid_until=whole_seconds(made_at + timedelta(hours=valid_hours)),
    )
    write_private(folder / JSON, content)
    write_private(folder / MANIFEST, render(manifest))
    return MadePlan(
        folder=folder,
        manifest=manifest,
        changes=list_changes(plan),
        is_empty=not has_changes,
        grants=find_grants(plan),
        recovered=recovered,
    )


async def find_drift(plans: SavedPlans) -> tuple[bool, tuple[PlannedChange, ...]]:
    """Plan and keep nothing of it; return whether a plan would change anything, and what.

    Raises `UnreadableError` for everything that keeps Terraform from telling.
    """
    try:
        require_nothing_foreign(plans.folder)
        await plans.initialize()
        await plans.recover_errored()
        scratch = plans.scratch / PLAN
        has_changes = await plans.plan_into(scratch)
        content = await plans.show(scratch)
        scratch.unlink()
    except RefusedError as error:
        raise UnreadableError(error.what, why=error.why, next_move=error.next_move) from None
    return has_changes, list_changes(read_plan(content, JSON))


def list_changes(plan: Plan) -> tuple[PlannedChange, ...]:
    """Return what a plan touches, in the order of addresses."""
    touched = (
        PlannedChange(change.address, change.change.actions)
        for change in plan.resource_changes
        if change.mode == "managed" and change.change.actions not in _LEAVES_ALONE
    )
    return tuple(sorted(touched, key=lambda change: change.address))


def count_actions(changes: tuple[PlannedChange, ...]) -> dict[str, int]:
    """Return how many things are created, updated, replaced, deleted and so on."""
    words = ("replace" if len(change.actions) > 1 else change.actions[0] for change in changes)
    return dict(sorted(Counter(words).items()))


def read_made_at(content: bytes) -> datetime:
    """Return when a plan was made, as it says itself; raises `UnreadableError` where it does not."""
    try:
        made_at = datetime.fromisoformat(str(json.loads(content)["timestamp"]))
    except (ValueError, KeyError, TypeError):
        made_at = None
    if made_at is None or made_at.tzinfo is None:
        raise UnreadableError(
            "the plan does not say when it was made",
            why="its JSON has no timestamp",
            next_move="plan again with Terraform 1.5 or later, or OpenTofu 1.6 or later",
        )
    return made_at.astimezone(UTC)
