"""Applies one plan file, byte for byte, if it is the approved one and still true; nothing is planned here.

`scripts/apply.py` calls. What admits a plan is read from the plan file itself, whose hash was approved, from the tenant
file as it is checked out, and from the state's backend; the manifest beside the plan has to agree with all of them.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from steward.config.model import Tenant
from steward.delivery.grants import find_grants
from steward.delivery.manifest import JSON, MANIFEST, PLAN, Manifest, read_manifest, whole_seconds
from steward.delivery.plan_file import PlanFile, copy_hashed, hash_bytes, read_plan_file
from steward.delivery.planning import PlannedChange, list_changes, read_made_at
from steward.delivery.saved_plans import NotPersistedError, SavedPlans, keep_copy, moved_state, settle_errored
from steward.errored_state import StateVersion
from steward.errors import RefusedError
from steward.evidence import EvidenceFile
from steward.review.plan import Plan, read_plan
from steward.review.review import Given, Verdict, review_plan, verdict_of
from steward.review.rule import Severity
from steward.review.words import plain
from steward.terraform import Engine

# Clocks of two machines may differ by so much.
_AHEAD = timedelta(minutes=5)
_AGAIN = "nothing was touched: plan again, and have the new plan approved"
_MOST_NAMED = 5
_NEW_ACTIONS = "action_invocations"


@dataclass(frozen=True)
class Applied:
    """What was applied, and the state's version after it; `recovered` says which state was brought back before."""

    manifest: Manifest
    changes: tuple[PlannedChange, ...]
    state: StateVersion | None
    recovered: str | None = None


async def apply_plan(
    tenant: Tenant,
    plans: SavedPlans,
    folder: Path,
    *,
    approved: str,
    valid_hours: int,
    fail_on: Severity | None,
    stack: bytes,
    evidence: EvidenceFile,
) -> Applied:
    """Admit the plan in `folder` and apply it; `approved` is the SHA-256 that was approved, `stack` is synthesized now.

    A finding of `fail_on` or graver refuses the plan, as it refuses the review of it; None never does.

    Raises `RefusedError` for what is not admitted and for an apply that fails, with what is left to do.
    """
    file = plans.scratch / PLAN
    sha256 = copy_hashed(folder / PLAN, file)
    evidence.record("apply", "compared", detail={"plan_sha256": sha256, "approved_sha256": approved})
    if sha256 != approved:
        raise RefusedError(
            "the plan is not the one that was approved",
            why=f"its SHA-256 is {sha256}, approved was {approved}",
            next_move=f"give the hash that the review named, or name its folder; if both are right, {_AGAIN}",
        )
    manifest = read_manifest(folder)
    inside = read_plan_file(file, name=PLAN)
    require_own(inside, tenant)
    require_same_stack(inside, stack)
    await plans.initialize()
    content = await plans.show(file)
    plan = read_plan(content, JSON)
    made_at = read_made_at(content)
    engine = await plans.read_engine()
    require_same_engine(plan, manifest, engine)
    require_agreement(manifest, tenant=tenant, sha256=sha256, inside=inside, made_at=made_at)
    require_in_time(made_at, manifest, valid_hours=valid_hours, now=datetime.now(UTC))
    require_whole(plan, json.loads(content))
    require_no_grant(plan)
    require_kept_rules(plan, tenant, fail_on=fail_on, today=datetime.now(UTC).date())
    recovered = await plans.recover_errored(folder)
    require_same_state(inside.state, await plans.read_state_version())
    changes = list_changes(plan)
    evidence.record(
        "apply",
        "admitted",
        detail={
            "manifest": manifest.model_dump(mode="json"),
            "changes": [{"address": each.address, "actions": list(each.actions)} for each in changes],
        },
    )
    try:
        await plans.apply(file)
    except NotPersistedError as error:
        keep_copy(plans.folder, folder)
        if not await settle_errored(plans):
            raise
        raise RefusedError(
            "the apply ended half-way",
            why=error.why,
            next_move="the state was brought back to its backend: plan again, and have that plan approved",
        ) from None
    return Applied(manifest, changes, await plans.read_state_version(), recovered)


def require_same_stack(inside: PlanFile, stack: bytes) -> None:
    """Demand that the plan was made from what the tenant file and the code here synthesize."""
    if inside.stack_sha256 == hash_bytes(stack):
        return
    places = list(_differences(json.loads(inside.stack), json.loads(stack)))
    named = ", ".join(places[:_MOST_NAMED]) + (f" and {len(places) - _MOST_NAMED} more" if places[_MOST_NAMED:] else "")
    raise RefusedError(
        "tenant file or code have moved since the plan was made",
        why=f"what they synthesize now differs at {named or 'nothing but its spelling'}",
        next_move=f"check out what was reviewed. If this is what is wanted, {_AGAIN}",
    )


def require_own(inside: PlanFile, tenant: Tenant) -> None:
    """Demand a plan for this tenant."""
    planned = inside.tenant_id
    if planned != tenant.tenant.id:
        raise RefusedError(
            "the plan is another tenant's",
            why=f"it is for {planned or 'no tenant'}, and {tenant.file} is about {tenant.tenant.id}",
            next_move="nothing was touched: name the folder of this tenant's plan",
        )


def require_same_engine(plan: Plan, manifest: Manifest, engine: Engine) -> None:
    """Demand the program and the provider that planned: another one may understand the plan otherwise."""
    here = (engine.program, engine.version, engine.provider)
    planned = (manifest.engine.program, plan.terraform_version, manifest.engine.provider)
    if here != planned:
        raise RefusedError(
            "the plan was made by another Terraform or provider",
            why=f"here is {' '.join(here)}, it was made by {' '.join(planned)}",
            next_move=f"install the same ones in both places. If these are right, {_AGAIN}",
        )


def require_agreement(manifest: Manifest, *, tenant: Tenant, sha256: str, inside: PlanFile, made_at: datetime) -> None:
    """Demand that the manifest says what the plan file, the tenant file and the clock of the plan say."""
    said_and_true = {
        "tenant": (manifest.tenant, tenant.name),
        "tenant_id": (manifest.tenant_id, tenant.tenant.id),
        "plan_sha256": (manifest.plan_sha256, sha256),
        "stack_sha256": (manifest.stack_sha256, inside.stack_sha256),
        "state": (manifest.state_version, inside.state),
        "made_at": (manifest.made_at, whole_seconds(made_at)),
    }
    wrong = [name for name, (said, true) in said_and_true.items() if said != true]
    if manifest.valid_until <= manifest.made_at:
        wrong.append("valid_until")
    if wrong:
        raise RefusedError(
            f"{MANIFEST} does not belong to this plan",
            why=f"it says otherwise than the plan itself in {', '.join(wrong)}: it was changed, or files were mixed up",
            next_move=_AGAIN,
        )


def require_in_time(made_at: datetime, manifest: Manifest, *, valid_hours: int, now: datetime) -> None:
    """Demand a plan that is not too old, by the sooner of what it was made for and what is allowed here."""
    until = min(manifest.valid_until, made_at + timedelta(hours=valid_hours))
    if now >= until:
        raise RefusedError(
            "the plan has expired",
            why=f"it was made at {made_at.isoformat()} and could be applied until {until.isoformat()}",
            next_move=_AGAIN,
        )
    if made_at > now + _AHEAD:
        raise RefusedError(
            "the plan comes from the future",
            why=f"it was made at {made_at.isoformat()}, and here it is {whole_seconds(now).isoformat()}",
            next_move="set the clocks of both machines right, then plan again",
        )


def require_whole(plan: Plan, document: dict[str, Any]) -> None:
    """Demand a plan that was made without errors, leaves nothing to another one, and invokes nothing."""
    if plan.errored or plan.complete is False or document.get(_NEW_ACTIONS):
        raise RefusedError(
            "the plan is not a whole one",
            why="it invokes actions"
            if document.get(_NEW_ACTIONS)
            else "Terraform met errors, or left something to another plan",
            next_move="nothing was touched: plan again with scripts/plan.py, which takes in all of the stack",
        )


def require_no_grant(plan: Plan) -> None:
    """Demand a plan that grants no privileged role."""
    grants = find_grants(plan)
    if grants:
        raise RefusedError(
            "the plan grants privilege",
            why="; ".join(grants),
            next_move="nothing was touched. Consent through Graph needs no role, post_apply opens a window by itself, "
            "and a role that was taken away by hand within a window comes back by `cdktf deploy` only",
        )


def require_kept_rules(plan: Plan, tenant: Tenant, *, fail_on: Severity | None, today: date) -> None:
    """Demand a plan that passes the review, made anew: what the approved comment said was made by other hands."""
    review = review_plan(Given(plan, JSON, tenant), today=today)
    if verdict_of(review, fail_on) not in {Verdict.REFUSED, Verdict.UNTOLD}:
        return
    broken = [
        f"{each.rule.id}: {plain((*each.address, ' ' if each.address else '', *each.what))}"
        for each in review.findings
        if each.counts
    ]
    open_ones = [f"{each.rule.id} could not tell: {plain(each.why)}" for each in review.unjudged]
    named = [*broken, *open_ones]
    more = f"; and {len(named) - _MOST_NAMED} more" if named[_MOST_NAMED:] else ""
    raise RefusedError(
        "the review refuses the plan",
        why="; ".join(named[:_MOST_NAMED]) + more,
        next_move="nothing was touched: scripts/review_plan.py tells of each what to do. If the comment that was "
        "approved did not say so, look at who made it",
    )


def require_same_state(planned: StateVersion | None, now: StateVersion | None) -> None:
    """Demand the state that was planned against."""
    if planned != now:
        raise moved_state(f"it was {_words(planned)}, and is {_words(now)}")


def _words(version: StateVersion | None) -> str:
    return f"serial {version.serial} of {version.lineage}" if version else "not there yet"


def _differences(one: Any, other: Any, path: str = "") -> Iterator[str]:
    """Yield the keys at which two stacks differ, without their values."""
    if isinstance(one, dict) and isinstance(other, dict):
        for key in sorted({*one, *other}):
            yield from _differences(one.get(key), other.get(key), f"{path}.{key}" if path else str(key))
    elif isinstance(one, list) and isinstance(other, list) and len(one) == len(other):
        for number, (left, right) in enumerate(zip(one, other, strict=True)):
            yield from _differences(left, right, f"{path}[{number}]")
    elif one != other:
        yield path
